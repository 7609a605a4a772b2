// Open uploads by the command line, beside a server that runs and over the network.
import { afterAll, expect, test } from 'vitest';
import { patch, standing, startUpload } from '../http/support/uploads.ts';
import { type Ended, runChartroom, temporaryFolder } from '../support/chartroom-process.ts';
import { startRegistry } from '../support/start-registry.ts';
import { failure, success } from './registry-folder.ts';

const registry = await startRegistry();
const folder = await temporaryFolder();
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function local(...words: readonly string[]): Promise<Ended> {
  return await runChartroom([...words, '--data-dir', registry.dataDir], { folder: folder.path });
}

function idOf(location: string): string {
  return location.split('/').at(-1) ?? '';
}

test('they are listed, and ended beside the server: its clients are told that they are over', async () => {
  const locations = [await startUpload(registry, 'team/web'), await startUpload(registry, 'team/api')];
  const [first = '', second = ''] = locations;
  await patch(registry, first, 'x'.repeat(2048));
  const { stdout } = await local('upload', 'list');
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
  expect(lines[0]).toEqual(['ID', 'REPOSITORY', 'BEGUN BY', 'BEGUN', 'LAST BYTES', 'RECEIVED']);
  expect(lines.slice(1).map(([id, repository, by, , , received]) => [id, repository, by, received])).toEqual([
    [idOf(first), 'team/web', 'admin', '2.0 KiB'],
    [idOf(second), 'team/api', 'admin', '0 B'],
  ]);
  expect(await local('upload', 'end', idOf(first), idOf(second))).toEqual(
    success(`ended the upload ${idOf(first)}`, `ended the upload ${idOf(second)}`),
  );
  for (const location of locations) {
    expect((await patch(registry, location, 'more')).status).toBe(404);
    expect((await standing(registry, location))[0]).toBe(404);
  }
  expect(await local('upload', 'end', idOf(first))).toEqual(
    failure(`there is no upload ${idOf(first)}: it is over, or never began`),
  );
});

test('a server is asked to do it', async () => {
  const location = await startUpload(registry, 'team/web');
  const made = await local('token', 'add', 'cli', '--user', 'admin', '--management', '--json');
  const { secret } = JSON.parse(made.stdout) as { secret: string };
  const remote = async (...words: readonly string[]) =>
    await runChartroom([...words, '--server', registry.url], {
      ...{ folder: folder.path, environment: { CHARTROOM_TOKEN: secret } },
    });
  const listed = JSON.parse((await remote('upload', 'list', '--json')).stdout) as { items: { id: string }[] };
  expect(listed.items.map(({ id }) => id)).toEqual([idOf(location)]);
  expect(await remote('upload', 'end', idOf(location))).toEqual(success(`ended the upload ${idOf(location)}`));
  expect((await standing(registry, location))[0]).toBe(404);
});
