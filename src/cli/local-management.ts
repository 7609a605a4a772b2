// The management API of the data folder on this machine, whether its server runs or not.
import { openDataFolder } from '../app.ts';
import type { Config } from '../config/schema.ts';
import { apiPath, type Management, readAnswer } from './management.ts';
import { operatorName } from './operator.ts';

/** @throws StorageUnusable when there is no registry in the folder */
export async function localManagement(config: Config): Promise<Management> {
  const dataFolder = await openDataFolder(config, operatorName());
  return {
    request: async (method, path, body) => {
      const answer = await dataFolder.management.inject({
        method,
        url: apiPath(path),
        ...(body === undefined ? {} : { payload: body }),
      });
      const contentType = String(answer.headers['content-type'] ?? '');
      return readAnswer({ status: answer.statusCode, contentType, text: answer.body }, 'the data folder');
    },
    registry: registryOf(config),
    isLocal: true,
    login: undefined,
    [Symbol.asyncDispose]: () => dataFolder[Symbol.asyncDispose](),
  };
}

/** Where the server of the folder answers, as far as its settings tell. */
function registryOf({ publicUrl, host, port }: Config): URL {
  if (publicUrl !== null) return new URL(publicUrl);
  const name = ['0.0.0.0', '::', '127.0.0.1', '::1'].includes(host) ? 'localhost' : host;
  return new URL(`http://${name.includes(':') ? `[${name}]` : name}:${port}`);
}
