// Faults of a real disk: the program on a small one that gets full, is killed there, and gets room again.
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openJournal, readJournalLines } from '../../src/adapters/journal-file.ts';
import { OCI_INDEX } from '../../src/oci/media-types.ts';
import { isForLackOfRoom } from '../../src/ports/storage-unusable.ts';
import { eventually } from '../http/support/eventually.ts';
import {
  ADMIN_ENVIRONMENT,
  ADMIN_NAME,
  ADMIN_PASSWORD,
  basic,
  runChartroom,
  serveChartroom,
  temporaryFolder,
} from '../support/chartroom-process.ts';
import { maySmallDisks, mountSmallDisk, type SmallDisk } from './support/small-disk.ts';

const MIB = 1024 * 1024;
/** MiB; the reserve of such a disk is a twentieth. */
const SIZE = 40;
const BLOBS = '/v2/team/files/blobs';
const { authorization } = basic(ADMIN_NAME, ADMIN_PASSWORD);

/** What was acknowledged: bytes by their digest. */
type Acknowledged = Map<string, Buffer>;

const mayMount = maySmallDisks();
if (!mayMount) console.log('SKIPPED: no disk gets full, since none can be mounted here: that needs root on Linux');

describe.runIf(mayMount)('on a disk of its own', { timeout: 300_000 }, () => {
  test('pushes until it is full: each is there byte for byte or was refused with 507, and deleting makes room', async () => {
    using disk = mountSmallDisk(SIZE);
    await using server = await serve(disk);
    const acknowledged: Acknowledged = new Map();
    let refusals = 0;
    // Four at a time, and without a length, so that they run out of room midway.
    for (let round = 0; round < 15; round += 1) {
      const statuses = await Promise.all(Array.from({ length: 4 }, () => pushBlob(server.url, MIB, acknowledged)));
      expect(statuses.filter((status) => status !== 201 && status !== 507)).toEqual([]);
      refusals += statuses.filter((status) => status === 507).length;
    }
    expect(refusals).toBeGreaterThan(0);
    expect(acknowledged.size).toBeGreaterThan(20);
    await expectAll(server.url, acknowledged);
    expect(await readdir(join(disk.path, 'data', 'uploads'))).toEqual([]);
    expect(await readiness(server.url)).toMatch(/^ok\ndegraded: /);
    // What is left is for this.
    const [first = ''] = acknowledged.keys();
    expect((await send(server.url, 'DELETE', `${BLOBS}/${first}`)).status).toBe(202);
    expect(server.stdout()).not.toContain('"status":500');
  });

  test('another program fills it up: pulls go on, and pushes as soon as there is room, without a restart', async () => {
    using disk = mountSmallDisk(SIZE);
    await using server = await serve(disk);
    const acknowledged: Acknowledged = new Map();
    for (let each = 0; each < 5; each += 1) expect(await pushBlob(server.url, MIB, acknowledged)).toBe(201);
    disk.leave(0);
    await eventually(() => readiness(server.url)).toBe('ok\ndegraded: the storage is full, pushes are refused\n');
    for (let each = 0; each < 5; each += 1) {
      expect(await pushBlob(server.url, MIB, acknowledged)).toBe(507);
      await expectAll(server.url, acknowledged);
    }
    expect((await send(server.url, 'GET', '/token?scope=repository:team/files:pull')).status).toBe(200);
    expect(await (await send(server.url, 'GET', '/metrics')).text()).toContain('chartroom_pushes_refused 1\n');
    disk.leave(undefined);
    await eventually(() => readiness(server.url)).toBe('ok\n');
    expect(await pushBlob(server.url, MIB, acknowledged)).toBe(201);
    await expectAll(server.url, acknowledged);
    expect(server.stdout()).not.toContain('"status":500');
  });

  test('large manifests that come at once, within one look at the room, leave the reserve to what makes room', async () => {
    using disk = mountSmallDisk(SIZE);
    await using server = await serve(disk);
    const put = async (tag: string, size: number) =>
      (await send(server.url, 'PUT', `/v2/team/files/manifests/${tag}`, manifestOf(tag.padEnd(size)))).status;
    expect(await put('small', 100)).toBe(201);
    disk.leave(9 * MIB);
    await eventually(async () => (await send(server.url, 'GET', '/metrics')).text()).toMatch(
      /chartroom_storage_free_bytes 9\d{6}\n/,
    );
    const statuses = await Promise.all(Array.from({ length: 8 }, (_, each) => put(`large-${each}`, 3_000_000)));
    expect(statuses.filter((status) => status !== 201 && status !== 507)).toEqual([]);
    expect(statuses).toContain(507);
    expect((await send(server.url, 'DELETE', '/v2/team/files/manifests/small')).status).toBe(202);
    expect(server.stdout()).not.toContain('"status":500');
  });

  test('a backup to another disk is whole also when there is no room for a single row', async () => {
    using disk = mountSmallDisk(SIZE);
    await using elsewhere = await temporaryFolder();
    await using server = await serve(disk);
    const acknowledged: Acknowledged = new Map();
    for (let each = 0; each < 5; each += 1) expect(await pushBlob(server.url, MIB, acknowledged)).toBe(201);
    disk.leave(0);
    const run = async (words: string) =>
      await runChartroom([...words.split(' '), '--data-dir', join(disk.path, 'data')], { folder: elsewhere.path });
    // What room the write-ahead log has left takes some rows.
    for (let each = 0; each < 3; each += 1) {
      expect(await run('backup backup')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('5 blobs ('),
        stderr: expect.stringMatching(/^(?:the backup counts, but is not on record, .*: the disk is full.*)?\n?$/),
      });
    }
    expect(await runChartroom(['backup', 'verify', 'backup'], { folder: elsewhere.path })).toMatchObject({ code: 0 });
    await expectAll(server.url, acknowledged);
  });

  test('a backup to a disk that gets full says so, and the one before it stays', async () => {
    using disk = mountSmallDisk(SIZE);
    await using folder = await temporaryFolder();
    await using server = await serveChartroom({ folder: folder.path, environment: ADMIN_ENVIRONMENT });
    const acknowledged: Acknowledged = new Map();
    expect(await pushBlob(server.url, MIB, acknowledged)).toBe(201);
    const backup = join(disk.path, 'backup');
    const run = async (...words: readonly string[]) => await runChartroom(words, { folder: folder.path });
    expect(await run('backup', backup)).toMatchObject({ code: 0 });
    const [, before] = await Promise.all([
      pushBlob(server.url, 3 * MIB, acknowledged),
      run('backup', 'verify', backup),
    ]);
    // Room for nothing, for the database and no blob, and for some of it.
    for (const bytes of [0, MIB, 2 * MIB]) {
      disk.leave(bytes);
      expect(await run('backup', backup)).toMatchObject({
        code: 1,
        stderr: `chartroom: the backup to ${backup} was cut off: no room is left there; the backup before it is as it was, make room and back up again\n`,
      });
      expect(await run('backup', 'verify', backup)).toEqual(before);
    }
    disk.leave(undefined);
    expect(await run('backup', backup)).toMatchObject({ code: 0, stdout: expect.stringContaining('2 blobs (') });
  });

  test('within one look at the room it gets full to the last byte, and is killed: what was acknowledged is there after the start', async () => {
    using disk = mountSmallDisk(SIZE);
    const acknowledged: Acknowledged = new Map();
    for (let round = 0; round < 3; round += 1) {
      await using server = await serve(disk);
      expect(await pushBlob(server.url, MIB, acknowledged)).toBe(201);
      // More than these have room, and what the server has last seen is not true any more.
      disk.leave(2.5 * MIB);
      const statuses = await Promise.all(Array.from({ length: 6 }, () => pushBlob(server.url, MIB, acknowledged)));
      expect(statuses.filter((status) => status !== 201 && status !== 507)).toEqual([]);
      expect(statuses).toContain(507);
      await server.stop('SIGKILL');
      await using again = await serve(disk);
      await expectAll(again.url, acknowledged);
      disk.leave(undefined);
      await eventually(() => readiness(again.url)).toBe('ok\n');
      expect(await pushBlob(again.url, MIB, acknowledged)).toBe(201);
    }
  });

  test('lines of the journal that find room for some of their bytes are not there at all, and are there later', async () => {
    using disk = mountSmallDisk(SIZE);
    const journal = await openJournal(disk.path);
    const [first, second] = ['first', 'second'].map((name) => name.padEnd(MIB, '.'));
    await journal.replace(only([first ?? '']), { event: 1, at: 1 }, false);
    disk.leave(MIB / 2);
    await expect(journal.append([second ?? ''], { event: 2, at: 2 })).rejects.toSatisfy(isForLackOfRoom);
    await expect(journal.replace(only([second ?? '']), { event: 2, at: 2 }, false)).rejects.toSatisfy(isForLackOfRoom);
    expect((await readdir(join(disk.path, 'journal'))).toSorted()).toEqual(['position.json', 'registry.jsonl']);
    expect(await linesOf(disk)).toEqual([first]);
    disk.leave(undefined);
    await journal.append([second ?? ''], { event: 2, at: 2 });
    expect(await linesOf(disk)).toEqual([first, second]);
  });

  test('tags that are deleted while another program has all room, and pushed after it, are in the journal once there is room', async () => {
    using disk = mountSmallDisk(SIZE);
    await using server = await serve(disk);
    const journal = () => readFile(join(disk.path, 'data', 'journal', 'registry.jsonl'), 'utf8');
    const push = (tag: string) => send(server.url, 'PUT', `/v2/team/files/manifests/${tag}`, manifestOf(tag));
    for (const tag of ['first', 'second']) expect((await push(tag)).status).toBe(201);
    await eventually(journal).toContain('"second"');
    disk.leave(MIB);
    await eventually(() => readiness(server.url)).toMatch(/^ok\ndegraded: /);
    expect((await send(server.url, 'DELETE', '/v2/team/files/manifests/first')).status).toBe(202);
    expect((await push('third')).status).toBe(507);
    disk.leave(undefined);
    await eventually(() => readiness(server.url)).toBe('ok\n');
    expect((await push('third')).status).toBe(201);
    await eventually(journal).toContain('"third"');
    expect(await journal()).toContain('{"record":"tag-gone","repository":"team/files","tag":"first"}');
    expect(server.stdout()).not.toMatch(/"level":50/);
  });

  test('commands say in one line that the disk is full, and those that only read go on', async () => {
    using disk = mountSmallDisk(SIZE);
    await using server = await serve(disk);
    disk.leave(0);
    const chartroom = (words: string) =>
      runChartroom([...words.split(' '), '--data-dir', 'data'], { folder: disk.path });
    for (const words of ['group add devs', 'garbage-collect']) {
      const { code, stdout, stderr } = await chartroom(words);
      expect([code, stdout, stderr]).toEqual([
        ...[1, ''],
        expect.stringMatching(
          /^chartroom: the database data\/chartroom\.db cannot be used: the disk is full; make room.*\n$/,
        ),
      ]);
    }
    for (const words of ['verify', 'user list', 'job list']) expect(await chartroom(words)).toMatchObject({ code: 0 });
    await server.stop('SIGKILL');
    for (const suffix of ['', '-wal', '-shm'])
      await rm(join(disk.path, 'data', `chartroom.db${suffix}`), { force: true });
    disk.leave(16 * 1024);
    expect((await chartroom('rebuild')).stderr).toMatch(/^chartroom: .*the disk is full.*make room on it.*\n$/);
  });
});

async function linesOf(disk: SmallDisk): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of readJournalLines(disk.path)) lines.push(line);
  return lines;
}

async function* only(lines: readonly string[]): AsyncIterable<readonly string[]> {
  yield lines;
}

/** An index of nothing, which no blob has to be pushed for. */
function manifestOf(name: string): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [], annotations: { name } });
}

async function serve(disk: SmallDisk) {
  return await serveChartroom({ folder: disk.path, environment: ADMIN_ENVIRONMENT }, ['--data-dir', 'data']);
}

/** An upload in two requests, as helm sends it, of random bytes whose number is not said beforehand. */
async function pushBlob(url: string, size: number, acknowledged: Acknowledged): Promise<number> {
  const bytes = randomBytes(size);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const begun = await send(url, 'POST', `${BLOBS}/uploads/`);
  await begun.arrayBuffer();
  if (begun.status !== 202) return begun.status;
  const location = begun.headers.get('location') ?? '';
  const answer = await send(url, 'PUT', `${location}?digest=${digest}`, inPieces(bytes));
  await answer.arrayBuffer();
  if (answer.status === 201) acknowledged.set(digest, bytes);
  // A client that gives up says so; else it stays for a day.
  else await send(url, 'DELETE', location);
  return answer.status;
}

function inPieces(bytes: Buffer): ReadableStream {
  let position = 0;
  return new ReadableStream({
    pull: (controller) => {
      if (position >= bytes.length) return controller.close();
      controller.enqueue(bytes.subarray(position, position + 64 * 1024));
      position += 64 * 1024;
    },
  });
}

async function expectAll(url: string, acknowledged: Acknowledged): Promise<void> {
  for (const [digest, bytes] of acknowledged) {
    const answer = await send(url, 'GET', `${BLOBS}/${digest}`);
    expect(answer.status).toBe(200);
    expect(bytes.equals(Buffer.from(await answer.arrayBuffer())), digest).toBe(true);
  }
}

async function readiness(url: string): Promise<string> {
  const answer = await send(url, 'GET', '/readyz');
  expect(answer.status).toBe(200);
  return await answer.text();
}

async function send(url: string, method: string, path: string, body?: ReadableStream | string): Promise<Response> {
  const headers = { authorization, ...(typeof body === 'string' ? { 'content-type': OCI_INDEX } : {}) };
  const options = { method, headers, ...(body ? { body, duplex: 'half' } : {}) };
  return await fetch(`${url}${path}`, options as RequestInit);
}
