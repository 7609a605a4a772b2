// `chartroom verify`: what it prints, and the exit code.
import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { blobPath } from '../support/blob-path.ts';
import {
  ADMIN_ENVIRONMENT,
  ADMIN_NAME,
  ADMIN_PASSWORD,
  basic,
  runChartroom,
  serveChartroom,
  temporaryFolder,
} from '../support/chartroom-process.ts';
import { failure, registryFolder, success } from './registry-folder.ts';

const EMPTY = 'verified: 0 blobs (0 B read), 0 manifests, 0 tags, 0 chart versions';

test('a registry in which all is sound', async () => {
  await using registry = await registryFolder();
  expect(await registry.chartroom('verify')).toEqual(success(EMPTY, 'all is sound'));
});

test('beside a running server: each problem in a line, then 2; repaired, the server answers for it at once', async () => {
  await using folder = await temporaryFolder();
  await using server = await serveChartroom({ folder: folder.path, environment: ADMIN_ENVIRONMENT });
  const headers = basic(ADMIN_NAME, ADMIN_PASSWORD);
  const digest = digestOf(Buffer.from('content'));
  const push = () =>
    fetch(`${server.url}/v2/web/blobs/uploads/?digest=${digest}`, { method: 'POST', body: 'content', headers });
  expect((await push()).status).toBe(201);
  const file = blobPath(join(folder.path, 'data'), digest);
  await writeFile(file, 'c0ntent');
  const stray = join(folder.path, 'data/blobs/sha256/00', '0'.repeat(64));
  await writeFile(stray, 'stray');
  // seconds since 1970: no push puts it there just now
  await utimes(stray, 1, 1);
  const problem = `blob ${digest} has other bytes than were pushed (needed by web): run "chartroom verify --repair", then push the same content again; or restore the file from a backup`;
  const verified = 'verified: 1 blob (14 B read), 0 manifests, 0 tags, 0 chart versions';
  const leftover = 'left over from pushes that were broken off: 1 blob (5 B); garbage collection takes them';
  const ended = await runChartroom(['verify'], { folder: folder.path });
  expect(ended).toEqual({
    ...failure('not all is sound: 1 problem', 2),
    stdout: [problem, verified, leftover, ''].join('\n'),
  });
  const head = async () => (await fetch(`${server.url}/v2/web/blobs/${digest}`, { method: 'HEAD', headers })).status;
  expect(await head()).toBe(200);
  const repaired = await runChartroom(['verify', '--repair', '--json'], { folder: folder.path });
  expect([repaired.code, repaired.stderr]).toEqual([2, 'chartroom: not all is sound: 1 problem\n']);
  expect(JSON.parse(repaired.stdout)).toMatchObject({
    ...{ blobs: 1, isComplete: true, problemCount: 1, setAside: 1, leftovers: { blobs: 1, bytes: 5 } },
    problems: [{ kind: 'blob', affected: ['web'] }],
  });
  expect([await head(), await readdir(join(folder.path, 'data/damaged'))]).toEqual([404, [digest.replace(':', '-')]]);
  expect((await push()).status).toBe(201);
  expect(await head()).toBe(200);
  const healed = await runChartroom(['verify'], { folder: folder.path });
  expect([healed.code, healed.stderr, healed.stdout.split('\n').slice(-3)]).toEqual([
    ...[0, ''],
    [
      'of no use any more in the folder "damaged": 1 file; removed by the server\'s next check, or by "chartroom verify --repair"',
      'all is sound',
      '',
    ],
  ]);
  const { code, stdout } = await runChartroom(['verify', '--repair'], { folder: folder.path });
  expect([code, stdout.split('\n').slice(-2)]).toEqual([0, ['all is sound', '']]);
  expect(await readdir(join(folder.path, 'data/damaged'))).toEqual([]);
});

test('a folder without a registry, and a registry of another machine', async () => {
  await using folder = await temporaryFolder();
  const nowhere = await runChartroom(['verify'], { folder: folder.path });
  expect(nowhere.code).toBe(1);
  expect(nowhere.stderr).toMatch(/^chartroom: there is no registry in .*: name its folder with --data-dir/);
  const remote = await runChartroom(['verify', '--server', 'https://charts.example.com'], { folder: folder.path });
  expect(remote).toEqual(
    failure(
      'all that is stored is read from the disk: run "chartroom verify" on the machine of charts.example.com, without --server',
    ),
  );
  await rm(folder.path, { recursive: true, force: true });
});
