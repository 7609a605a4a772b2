// `chartroom rebuild`: the server is killed, its database is lost, and what was pushed is served again.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rebuiltLine } from '../../src/cli/rebuild.ts';
import { eventually } from '../http/support/eventually.ts';
import {
  ADMIN_ENVIRONMENT,
  ADMIN_NAME,
  ADMIN_PASSWORD,
  basic,
  runChartroom,
  type Serving,
  serveChartroom,
  temporaryFolder,
} from '../support/chartroom-process.ts';
import { Random } from '../support/random.ts';
import { Acknowledged, type Ask, moveTag, pushChartVersion } from './pushing-clients.ts';

test('charts and tags are served as they were pushed; who may do what is added again', async () => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, environment: ADMIN_ENVIRONMENT };
  const data = join(folder.path, 'data');
  const known = new Acknowledged();
  await using server = await serveChartroom(options);
  const random = new Random(1);
  for (const version of ['1.0.0', '1.0.1', '2.0.0']) await pushChartVersion(askOf(server), known, random, version);
  for (const _ of [1, 2]) await moveTag(askOf(server), known, random, 'team/tool');
  const newest = known.tag('team/tool', 'latest').acknowledged?.manifest.toString('base64') ?? '';
  await eventually(() => readFile(join(data, 'journal', 'registry.jsonl'), 'utf8')).toContain(newest);
  await server.stop('SIGKILL');
  await mkdir(join(folder.path, 'lost'));
  for (const name of ['chartroom.db', 'chartroom.db-wal', 'chartroom.db-shm']) {
    await rename(join(data, name), join(folder.path, 'lost', name));
  }
  // As a copy that was cut off leaves it.
  await writeFile(join(data, 'chartroom.db'), '');
  const rebuilt = await runChartroom(['rebuild'], options);
  expect(rebuilt).toMatchObject({ code: 0, stderr: expect.stringMatching(/^users, groups, grants, robots, .*\n$/) });
  expect(rebuilt.stdout).toMatch(/^rebuilt \d repositories with 5 manifests and 4 tags: start the server on /);
  await using again = await serveChartroom(options);
  for (const [path, bytes] of known.blobs) expect((await bytesOf(again, path)).equals(bytes), path).toBe(true);
  for (const [name, { acknowledged }] of known.tags) {
    const stored = await bytesOf(again, `/v2/${name.replace(':', '/manifests/')}`);
    expect(acknowledged?.manifest.equals(stored), name).toBe(true);
  }
  expect(await runChartroom(['rebuild'], options)).toMatchObject({ code: 1 });
});

test('one is spoken of as one, several as several', () => {
  expect(rebuiltLine({ repositories: 1, manifests: 1, tags: 1, losses: ['a blob'] }, '/data')).toBe(
    'rebuilt 1 repository with 1 manifest and 1 tag; 1 thing is not as it was, see above: start the server on /data',
  );
  expect(rebuiltLine({ repositories: 2, manifests: 3, tags: 0, losses: ['a blob', 'a tag'] }, '/data')).toBe(
    'rebuilt 2 repositories with 3 manifests and 0 tags; 2 things are not as they were, see above: start the server on /data',
  );
});

function askOf(server: Serving): Ask {
  return async (method, path, body, contentType = 'application/octet-stream') =>
    await fetch(`${server.url}${path}`, {
      method,
      headers: { ...basic(ADMIN_NAME, ADMIN_PASSWORD), ...(body ? { 'content-type': contentType } : {}) },
      ...(body ? { body } : {}),
    });
}

async function bytesOf(server: Serving, path: string): Promise<Buffer> {
  return Buffer.from(await (await askOf(server)('GET', path)).arrayBuffer());
}
