// A chart that the registry has lost bytes of, pushed again with what teams use beside helm: each way that the documentation names heals it.
import { rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { chartArchive } from './support/chart-archive.ts';
import { ClientHome } from './support/client-home.ts';
import { clientPath, requireClient } from './support/found-clients.ts';
import { RegistryCaller } from './support/registry-caller.ts';
import { type Account, ADMINISTRATOR, type ServerProcess, startServer } from './support/server-process.ts';

const TARGET = 'team/web';

let server: ServerProcess;
let ci: Account;
let registry: RegistryCaller;
let home: ClientHome;
let chart: { readonly config: Buffer; readonly archive: Buffer };

beforeAll(async () => {
  server = await startServer();
  ci = await server.addAccount('ci', { '/': 'writer' });
  registry = new RegistryCaller(server.host, ADMINISTRATOR);
  chart = await chartArchive({ name: 'web', version: '1.0.0' });
  await registry.pushChart(TARGET, '1.0.0', chart);
});
afterAll(async () => server?.stop());
beforeEach(async () => {
  home = await ClientHome.make();
  await home.storeDockerLogin(server.host, ci);
});

function fileOf(bytes: Buffer): string {
  const encoded = digestOf(bytes).slice('sha256:'.length);
  return join(server.dataFolder, 'blobs/sha256', encoded.slice(0, 2), encoded);
}

async function read(bytes: Buffer): Promise<number> {
  return (await registry.call(TARGET, `blobs/${digestOf(bytes)}`)).status;
}

/** How each client fetches a chart into a folder, and pushes it from there; `%` is the chart in the registry, `#` the folder. */
const CLIENTS = [
  ['crane', 'pull --insecure --format=oci % #', 'push --insecure # %'],
  ['oras', 'copy --from-plain-http % --to-oci-layout #:1.0.0', 'copy --from-oci-layout #:1.0.0 --to-plain-http %'],
  [
    'regctl',
    'image copy --host reg=@,tls=disabled % ocidir://#:1.0.0',
    'image copy --force-recursive --host reg=@,tls=disabled ocidir://#:1.0.0 %',
  ],
  [
    'skopeo',
    'copy --insecure-policy --src-tls-verify=false docker://% oci:#:1.0.0',
    'copy --insecure-policy --dest-tls-verify=false oci:#:1.0.0 docker://%',
  ],
] as const;

for (const [client, fetch, push] of CLIENTS) {
  describe.skipIf(clientPath(client) === undefined)(client, () => {
    const run = async (line: string) => {
      const words = line.replace('%', `${server.host}/${TARGET}:1.0.0`).replace('#', join(home.folder, 'chart'));
      await home.output(requireClient(client), words.replace('@', server.host).split(' '));
    };

    test.each([
      ['other bytes', 'the archive', () => chart.archive, (file: string) => truncate(file, 10)],
      ['no bytes', 'the archive', () => chart.archive, (file: string) => rm(file)],
      ['no bytes', 'the metadata', () => chart.config, (file: string) => rm(file)],
    ])('%s of %s', async (_how, _what, lost, lose) => {
      await run(fetch);
      await lose(fileOf(lost()));
      // Says what it found by its exit code.
      expect((await server.chartroom(['verify', '--repair'])).status).toBe(2);
      expect(await read(lost())).toBe(410);
      await run(push);
      expect(await read(lost())).toBe(200);
    });
  });
}
