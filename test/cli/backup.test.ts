// `chartroom backup` and `chartroom restore`, with a server that is killed in between: what was acknowledged is there again.
import { copyFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { blobPath } from '../support/blob-path.ts';
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
import { failure } from './registry-folder.ts';

test('all that was acknowledged before a backup began is served from where it is restored, byte for byte', async () => {
  await using folder = await temporaryFolder();
  const chartroom = async (words: string) => {
    const { code, stdout, stderr } = await runChartroom(words.split(' '), { folder: folder.path });
    expect(code, `${words}: ${stderr}`).toBe(0);
    return stdout.trim();
  };
  await using server = await serveChartroom({ folder: folder.path, environment: ADMIN_ENVIRONMENT });
  const robot = basic('ci', await chartroom('robot add ci --scope team:pull'));
  const token = await tokenOf(server, robot);
  const before = new Acknowledged();
  await pushSome(server, before, 'before');
  expect(await chartroom('backup backup')).toMatch(/^backed up \d+ blobs .* as of 2\d{3}-/);
  const second = new Acknowledged();
  await pushSome(server, second, 'second');
  const meanwhile = pushUntilGone(server);
  expect(await chartroom('backup backup')).toMatch(/ new: \d+, /);
  await server.stop('SIGKILL');
  expect(await meanwhile).toBeGreaterThan(0);
  expect(await chartroom('backup verify backup')).toMatch(/^the backup of 2.* is whole: database, keys and \d+ blobs/);
  expect(await chartroom('restore backup --data-dir elsewhere')).toMatch(/^restored \d+ blobs .* on elsewhere$/);
  await rm(join(folder.path, 'data'), { recursive: true });
  await using restored = await serveChartroom({ folder: folder.path }, ['--data-dir', 'elsewhere']);
  for (const known of [before, second]) await expectAll(restored, known);
  expect(await statusOf(restored, '/v2/team/chart-0/tags/list', robot)).not.toBe(401);
  expect(await statusOf(restored, '/v2/', { authorization: `Bearer ${token}` })).toBe(200);
  const pushed = new Acknowledged();
  await pushSome(restored, pushed, 'after');
  await expectAll(restored, pushed);
}, 60_000);

test('what the data folder has lost is named, the rest is backed up, and the exit code says so', async () => {
  await using folder = await temporaryFolder();
  const run = (words: string) => runChartroom(words.split(' '), { folder: folder.path });
  await using server = await serveChartroom({ folder: folder.path, environment: ADMIN_ENVIRONMENT });
  const known = new Acknowledged();
  await moveTag(askOf(server), known, new Random(1), 'team/tool');
  const lost = digestOf([...known.blobs.values()].find(({ length }) => length === 500) ?? Buffer.from(''));
  await rm(blobPath(join(folder.path, 'data'), lost));
  const { code, stdout, stderr } = await run('backup backup');
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `the data folder's blob ${lost} has no bytes (needed by team/tool:latest)\nchartroom: 1 blob is sound neither in the data folder nor in the backup: run "chartroom verify --repair", push again what it belongs to, then back up again\n`,
  });
  expect(stdout).toContain('backed up 1 of 2 blobs (');
  expect(await run('backup verify backup')).toMatchObject({ code: 2, stdout: '' });
  expect(await run('restore backup --data-dir elsewhere')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('restore another backup, or run this again with --accept-damage'),
  });
  expect((await run('serve --data-dir elsewhere')).stderr).toContain(
    'found damage in the backup; wait for it, run the same "chartroom restore" again, or after damage restore another backup, or this one with --accept-damage',
  );
  expect(await run('restore backup --data-dir elsewhere --accept-damage')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^restored 1 of 2 blobs .*: start the server on elsewhere$/m),
  });
});

test('what only the backup has still is named, with how to have it back; the exit code says that the backup is whole', async () => {
  await using folder = await temporaryFolder();
  const run = (words: string) => runChartroom(words.split(' '), { folder: folder.path });
  await using server = await serveChartroom({ folder: folder.path, environment: ADMIN_ENVIRONMENT });
  const known = new Acknowledged();
  await moveTag(askOf(server), known, new Random(1), 'team/tool');
  const lost = digestOf([...known.blobs.values()].find(({ length }) => length === 500) ?? Buffer.from(''));
  expect((await run('backup backup')).code).toBe(0);
  const data = join(folder.path, 'data');
  await rm(blobPath(data, lost));
  const file = relative(data, blobPath(data, lost));
  const { code, stdout, stderr } = await run('backup backup');
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `the data folder's blob ${lost} has no bytes (needed by team/tool:latest); the backup's is sound\nchartroom: 1 blob is damaged in the data folder and sound in the backup: as the user of the server copy backup/${file} to data/${file}, then run "chartroom verify --repair"; or run that at once, then push again what it belongs to\n`,
  });
  expect(stdout).toContain('backed up 2 blobs ');
  expect((await run('backup verify backup')).code).toBe(0);
  await copyFile(join(folder.path, 'backup', file), join(data, file));
  expect((await run('verify --repair')).code).toBe(0);
  expect(await run('backup backup')).toMatchObject({ code: 0, stderr: '' });
});

test('a folder that cannot be used is refused in one line', async () => {
  await using folder = await temporaryFolder();
  const run = (words: string) => runChartroom(words.split(' '), { folder: folder.path });
  const data = join(folder.path, 'data');
  expect(await run('backup backup')).toEqual(
    failure(
      `there is no registry in ${data}: name its folder with --data-dir, or start it once with "chartroom serve"`,
    ),
  );
  expect(await run('backup')).toEqual(failure('usage: chartroom backup FOLDER [--verify]'));
  expect((await run('backup verify backup')).stderr).toContain(`there is no backup in ${join(folder.path, 'backup')}`);
  await writeFile(join(folder.path, 'letter.txt'), 'mine');
  expect((await run('backup verify letter.txt')).stderr).toContain(
    `there is no backup in ${join(folder.path, 'letter.txt')}`,
  );
  await rm(join(folder.path, 'letter.txt'));
  await using server = await serveChartroom({ folder: folder.path, environment: ADMIN_ENVIRONMENT });
  expect(server.port).toBeGreaterThan(0);
  expect((await run('backup backup')).code).toBe(0);
  expect(await run('restore backup')).toMatchObject({ code: 1, stderr: expect.stringContaining('is not empty') });
  await writeFile(join(folder.path, 'backup', 'backup.json'), '{');
  expect((await run('restore backup --data-dir elsewhere')).stderr).toContain('does not say which backup is here');
  expect((await readdir(folder.path)).toSorted()).toEqual(['backup', 'data']);
});

test('a folder that cannot be made is refused at once, also where the system would let one try for ever', async () => {
  await using folder = await temporaryFolder();
  const run = (words: readonly string[]) => runChartroom(words, { folder: folder.path });
  await using server = await serveChartroom({ folder: folder.path, environment: ADMIN_ENVIRONMENT });
  expect(server.port).toBeGreaterThan(0);
  expect((await run(['backup', 'backup'])).code).toBe(0);
  const file = join(folder.path, 'letter.txt');
  await writeFile(file, 'mine');
  const refusal = (place: string, code: string, remedy: string) =>
    failure(
      `the folder ${place} cannot be made (${code}): a file or a broken link is in its way, or this is a place where nothing can be made, such as /proc; ${remedy}`,
    );
  const below: readonly (readonly [string, string])[] = [
    [file, 'EEXIST'],
    [join(file, 'deep', 'er'), 'ENOTDIR'],
    ...(process.platform === 'linux' ? [['/proc/chartroom/deep', 'ENOENT'] as const] : []),
  ];
  for (const [place, code] of below) {
    expect(await run(['backup', place])).toEqual(refusal(place, code, 'name another folder for the backup'));
    const restored = await run(['restore', 'backup', '--data-dir', place]);
    expect(restored).toEqual(refusal(place, code, 'name another one with --data-dir'));
  }
});

test.each(['backup backup', 'backup verify backup', 'restore backup', 'rebuild'])(
  '"chartroom %s" is for the machine of the server, and says so to whoever names another one',
  async (words) => {
    await using folder = await temporaryFolder();
    const run = (more: readonly string[], environment = {}) =>
      runChartroom([...words.split(' '), ...more], { folder: folder.path, environment });
    const refused = (from: string) => ({
      ...{ code: 1, stdout: '' },
      stderr: expect.stringMatching(
        new RegExp(
          `: run "chartroom ${words.replace(/ backup$/, '')}" on the machine of charts.example.com, without ${from}\n$`,
        ),
      ),
    });
    const server = 'https://charts.example.com';
    expect(await run(['--server', server])).toMatchObject(refused('--server'));
    const environment = { CHARTROOM_SERVER: server };
    expect(await run([], environment)).toMatchObject(refused('CHARTROOM_SERVER'));
    expect((await run(['--server='], environment)).stderr).toMatch(/there is no (?:registry|backup|journal)/);
    expect((await run(['--help'])).stdout).not.toContain('--server');
  },
);

function askOf(server: Serving): Ask {
  return async (method, path, body, contentType = 'application/octet-stream') =>
    await fetch(`${server.url}${path}`, {
      method,
      headers: { ...basic(ADMIN_NAME, ADMIN_PASSWORD), ...(body ? { 'content-type': contentType } : {}) },
      ...(body ? { body } : {}),
    });
}

/** Each name has its own, so that no two push the same blobs. */
const SEEDS = { before: 1, second: 2, after: 3 };

async function pushSome(server: Serving, known: Acknowledged, name: keyof typeof SEEDS): Promise<void> {
  const random = new Random(SEEDS[name]);
  for (let count = 0; count < 5; count += 1) {
    await pushChartVersion(askOf(server), known, random, `1.0.${count}-${name}`);
    await moveTag(askOf(server), known, random, `team/${name}`);
  }
}

/** @returns how many charts were pushed until the server was gone */
async function pushUntilGone(server: Serving): Promise<number> {
  const random = new Random(7);
  const known = new Acknowledged();
  for (let count = 0; ; count += 1) {
    try {
      await pushChartVersion(askOf(server), known, random, `2.0.${count}`);
    } catch (error) {
      // What fetch throws; what the server answered wrongly is another error.
      if (error instanceof TypeError && /^(?:fetch failed|terminated)$/.test(error.message)) return count;
      throw error;
    }
  }
}

async function expectAll(server: Serving, known: Acknowledged): Promise<void> {
  for (const [path, bytes] of known.blobs) expect((await bytesOf(server, path)).equals(bytes), path).toBe(true);
  expect(known.tags.size).toBeGreaterThan(5);
  for (const [name, { acknowledged }] of known.tags) {
    const stored = await bytesOf(server, `/v2/${name.replace(':', '/manifests/')}`);
    expect(acknowledged?.manifest.equals(stored), name).toBe(true);
  }
}

async function bytesOf(server: Serving, path: string): Promise<Buffer> {
  return Buffer.from(await (await askOf(server)('GET', path)).arrayBuffer());
}

async function statusOf(server: Serving, path: string, headers: Record<string, string>): Promise<number> {
  return (await fetch(`${server.url}${path}`, { headers })).status;
}

async function tokenOf(server: Serving, headers: Record<string, string>): Promise<string> {
  const answer = await fetch(`${server.url}/token`, { headers });
  return ((await answer.json()) as { token: string }).token;
}
