// What an operator reads when a server cannot start: one line that says what is wrong and what to do, and exit code 1.
import { once } from 'node:events';
import { mkdir, open, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import pino from 'pino';
import { expect, test } from 'vitest';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { openApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import {
  ADMIN_ENVIRONMENT,
  type Ended,
  runChartroom,
  serveChartroom,
  startChartroom,
  temporaryFolder,
  written,
} from '../support/chartroom-process.ts';

const LISTENING = /"url":"(http:[^"]+)"/;

test('a second server on the same port says who is in the way and what to do, and the first one goes on', async () => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, environment: ADMIN_ENVIRONMENT };
  await using first = await serveChartroom(options);
  const second = await runChartroom(['serve', '--port', `${first.port}`, '--data-dir', 'other'], options);
  expect(lineOf(second)).toBe(
    `chartroom: port ${first.port} on 127.0.0.1 is in use by another program: stop that, or choose another port with --port`,
  );
  expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
});

test('a second server on the same folder is refused with what to do, and the first one goes on', async () => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, environment: ADMIN_ENVIRONMENT };
  await using first = await serveChartroom(options);
  const second = await runChartroom(['serve', '--port', '0'], options);
  expect(lineOf(second)).toBe(
    `chartroom: another chartroom serves the folder ${await realpath(join(folder.path, 'data'))}: stop it first, or choose another one with --data-dir`,
  );
  expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
});

test.each<NodeJS.Signals>(['SIGTERM', 'SIGKILL'])(
  'a server that ended by %s leaves its folder to the next one',
  async (signal) => {
    await using folder = await temporaryFolder();
    const options = { folder: folder.path, environment: ADMIN_ENVIRONMENT };
    await (await serveChartroom(options)).stop(signal);
    await using next = await serveChartroom(options);
    expect((await fetch(`${next.url}/readyz`)).status).toBe(200);
  },
);

test('of servers that start at once on one new folder exactly one serves it, and the others say so', async () => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, environment: ADMIN_ENVIRONMENT };
  const started = Array.from({ length: 4 }, () => startChartroom(['serve', '--port', '0'], options));
  const outcomes = started.map(async (server) => await Promise.race([server.ended, written(server, LISTENING)]));
  const refused = (await Promise.all(outcomes)).filter((outcome) => typeof outcome !== 'string');
  expect(refused).toHaveLength(3);
  for (const ended of refused) expect(lineOf(ended)).toMatch(/^chartroom: another chartroom serves the folder \//);
  for (const { child } of started) child.kill('SIGTERM');
  const codes = (await Promise.all(started.map(({ ended }) => ended))).map(({ code }) => code);
  expect(codes.toSorted()).toEqual([0, 1, 1, 1]);
});

test('a start that fails leaves the folder to the next one, also in the same process', async () => {
  await using folder = await temporaryFolder();
  const config = { ...loadConfig({ flags: {}, environment: {} }), dataDir: folder.path, auth: 'none' as const };
  const logger = pino({ level: 'silent' });
  await writeFile(join(folder.path, 'token-signing.key'), 'short');
  await expect(openApp(config, logger)).rejects.toThrow('is no signing key');
  await rm(join(folder.path, 'token-signing.key'));
  await using app = await openApp(config, logger);
  await expect(openApp(config, logger)).rejects.toThrow('another chartroom serves the folder');
  expect((await app.server.inject('/readyz')).statusCode).toBe(200);
});

test('a lock that cannot be taken is said so', async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, 'data', 'server.lock'), { recursive: true });
  const ended = await runChartroom(['serve', '--port', '0'], { folder: folder.path, environment: ADMIN_ENVIRONMENT });
  expect(lineOf(ended)).toMatch(
    /^chartroom: the file \/.*\/data\/server\.lock cannot be locked \(.+\): it must be a file that this user may read and write$/,
  );
});

test('a generated password is shown also when that start fails afterwards, since no other one shows it', async () => {
  await using folder = await temporaryFolder();
  const occupant = createServer().listen(0, '127.0.0.1');
  await once(occupant, 'listening');
  const address = occupant.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const failed = await runChartroom(['serve', '--port', `${port}`], { folder: folder.path });
  occupant.close();
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(/^ {4}password {3}\S{24}$/m);
  await using server = await serveChartroom({ folder: folder.path });
  const password = /^ {4}password {3}(\S+)$/m.exec(failed.stderr)?.[1] ?? '';
  const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;
  expect((await fetch(`${server.url}/v2/`, { headers: { authorization } })).status).toBe(200);
  expect(server.stderr()).toBe('');
});

test('an address that is not of this machine is said so', async () => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, environment: ADMIN_ENVIRONMENT };
  const ended = await runChartroom(['serve', '--port', '0', '--host', '192.0.2.1'], options);
  expect(lineOf(ended)).toBe('chartroom: 192.0.2.1 is no address of this machine: set another one with --host');
});

test('a host name that nobody knows is said so', async () => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, environment: ADMIN_ENVIRONMENT };
  const ended = await runChartroom(['serve', '--port', '0', '--host', 'nowhere.invalid'], options);
  expect(lineOf(ended)).toBe(
    'chartroom: the host name nowhere.invalid cannot be looked up: set an address of this machine with --host',
  );
});

test.each<[string, (folder: string) => Promise<string>, RegExp]>([
  [
    'is a file',
    async (folder) => {
      await writeFile(join(folder, 'file'), '');
      return 'file';
    },
    /^chartroom: the data folder cannot be made \(E\w+ at \/.*\/file\S*\): a file or a broken link is in its way; .*--data-dir$/,
  ],
  [
    'lies below a file',
    async (folder) => {
      await writeFile(join(folder, 'file'), '');
      return 'file/below/data';
    },
    /^chartroom: the data folder cannot be made \(E\w+ at \/.*\/file\/below\S*\): .*--data-dir$/,
  ],
  [
    'is a link to nowhere',
    async (folder) => {
      await symlink(join(folder, 'nowhere', 'deeper'), join(folder, 'link'));
      return 'link';
    },
    /^chartroom: the data folder cannot be made \(E\w+ at \/.*\/link\S*\): .*--data-dir$/,
  ],
  [
    'is where nothing can be written',
    // On Linux not even root may make a folder there; elsewhere nobody may make this one.
    async () => '/sys/chartroom-data',
    /^chartroom: the data folder cannot be written to \(E\w+ at \/sys\S*\): .*--data-dir$/,
  ],
  [
    'is where there cannot be one, and the system says that something is missing',
    async () => '/proc/chartroom/data',
    /^chartroom: the data folder cannot be made \(E\w+ at \/proc\S*\): .*--data-dir$/,
  ],
])('a data folder that %s is said so', async (_what, prepare, expected) => {
  await using folder = await temporaryFolder();
  const dataDir = await prepare(folder.path);
  const options = { folder: folder.path, environment: ADMIN_ENVIRONMENT };
  expect(lineOf(await runChartroom(['serve', '--port', '0', '--data-dir', dataDir], options))).toMatch(expected);
});

test.each([
  ['no database', async () => undefined],
  ['an empty file as database', async (path: string) => await writeFile(path, '')],
])('blobs and %s are left alone: a server that began anew would take them for left over', async (_what, prepare) => {
  await using folder = await temporaryFolder();
  const blob = join(folder.path, 'data', 'blobs', 'sha256', '00', '0'.repeat(64));
  await mkdir(dirname(blob), { recursive: true });
  await writeFile(blob, 'a blob');
  await prepare(join(folder.path, 'data', 'chartroom.db'));
  const options = { folder: folder.path, environment: ADMIN_ENVIRONMENT };
  const ended = await runChartroom(['serve', '--port', '0'], options);
  expect(lineOf(ended)).toMatch(/^chartroom: there are blobs in .*, and no database: restore .*"chartroom rebuild"/);
  expect(await readFile(blob, 'utf8')).toBe('a blob');
  const listed = await runChartroom(['user', 'list'], options);
  expect(lineOf(listed)).toMatch(/^chartroom: there is no registry in /);
});

test('an empty file as database, as a first start leaves it that was killed at once, is begun with where there are no blobs', async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, 'data'));
  await writeFile(join(folder.path, 'data', 'chartroom.db'), '');
  await using server = await serveChartroom({ folder: folder.path, environment: ADMIN_ENVIRONMENT });
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
});

test('a file that is no database is refused and left alone', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'data', 'chartroom.db');
  const garbage = Buffer.from('this is not a database, but it is longer than a header. '.repeat(100));
  await mkdir(join(folder.path, 'data'));
  await writeFile(path, garbage);
  const ended = await runChartroom(['serve', '--port', '0'], { folder: folder.path, environment: ADMIN_ENVIRONMENT });
  expect(lineOf(ended)).toMatch(
    /^chartroom: the database data\/chartroom\.db cannot be used: it is damaged, or no database of Chartroom; restore .*backup/,
  );
  expect((await readFile(path)).equals(garbage)).toBe(true);
});

test.each(['serve --port 0', 'user list'])('a database with damaged pages stops "chartroom %s"', async (command) => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, environment: ADMIN_ENVIRONMENT };
  await (await serveChartroom(options)).stop('SIGTERM');
  await damageAllPagesButTheFirst(join(folder.path, 'data', 'chartroom.db'));
  const ended = await runChartroom(command.split(' '), options);
  expect(lineOf(ended)).toMatch(
    /^chartroom: the database data\/chartroom\.db cannot be used: it is damaged; restore the data folder from a backup \(/,
  );
});

test('a database of a newer Chartroom is refused and left alone', async () => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, environment: ADMIN_ENVIRONMENT };
  await (await serveChartroom(options)).stop('SIGTERM');
  const database = openSqliteDatabase(join(folder.path, 'data', 'chartroom.db'));
  await database.transaction((tx) => tx.script(`insert into schema_migrations values (9999, 'from-the-future', 0)`));
  await database.close();
  const ended = await runChartroom(['serve', '--port', '0'], options);
  expect(lineOf(ended)).toMatch(
    /^chartroom: the database is at version 9999, this Chartroom knows versions up to \d+: it was used by a newer Chartroom; start that version, or restore a backup/,
  );
});

test('a signing key that is none is refused with what to do', async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, 'data'));
  await writeFile(join(folder.path, 'data', 'token-signing.key'), 'short');
  const ended = await runChartroom(['serve', '--port', '0'], { folder: folder.path, environment: ADMIN_ENVIRONMENT });
  expect(lineOf(ended)).toBe(
    'chartroom: data/token-signing.key is no signing key (5 bytes instead of 32): remove it, and everybody logs in again',
  );
});

test('the second start finds everything as the first one left it, and says nothing on standard error', async () => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, environment: ADMIN_ENVIRONMENT };
  const first = await (await serveChartroom(options)).stop('SIGTERM');
  const key = await readFile(join(folder.path, 'data', 'token-signing-keys.json'));
  const second = await (await serveChartroom(options)).stop('SIGTERM');
  expect([first, second]).toMatchObject([
    { code: 0, stderr: '' },
    { code: 0, stderr: '' },
  ]);
  expect(await readFile(join(folder.path, 'data', 'token-signing-keys.json'))).toEqual(key);
  expect((await stat(join(folder.path, 'data', 'token-signing-keys.json'))).mode & 0o077).toBe(0);
});

/** The one line on standard error of a command that has failed, as it must. */
function lineOf(ended: Ended): string {
  expect(ended.code).toBe(1);
  const lines = ended.stderr.split('\n');
  expect(lines.slice(1), 'one line').toEqual(['']);
  return lines[0] ?? '';
}

async function damageAllPagesButTheFirst(path: string): Promise<void> {
  const pageSize = 4096;
  const { size } = await stat(path);
  expect(size).toBeGreaterThan(10 * pageSize);
  const file = await open(path, 'r+');
  await file.write(Buffer.alloc(size - pageSize, 0xa5), 0, size - pageSize, pageSize);
  await file.close();
}
