// The management API of the data folder on this machine, whether its server runs or not.
import { openDataFolder } from '../app.ts';
import type { Config } from '../config/schema.ts';
import { apiPath, type Management, type Method, type RawAnswer, readAnswer, readFileAnswer } from './management.ts';
import { operatorName } from './operator.ts';

const WHERE = 'the data folder';

/** @throws StorageUnusable when there is no registry in the folder */
export async function localManagement(config: Config): Promise<Management> {
  const dataFolder = await openDataFolder(config, operatorName());
  const registry = registryOf(config);
  const ask = async (method: Method, path: string, body?: object): Promise<RawAnswer> => {
    const answer = await dataFolder.management.inject({
      method,
      url: apiPath(path),
      // By which dependencies are known to be of this registry, and which commands name.
      headers: { host: registry.host },
      ...(body === undefined ? {} : { payload: body }),
    });
    const contentType = String(answer.headers['content-type'] ?? '');
    return { status: answer.statusCode, contentType, bytes: answer.rawPayload };
  };
  return {
    request: async (method, path, body) => readAnswer(await ask(method, path, body), WHERE),
    download: async (path) => readFileAnswer(await ask('GET', path), WHERE),
    registry,
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
