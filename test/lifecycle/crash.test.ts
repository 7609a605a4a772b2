// SIGKILL at any moment, again and again, while clients push: what was acknowledged stays, and nothing else is half there.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import {
  ADMIN_ENVIRONMENT,
  ADMIN_NAME,
  ADMIN_PASSWORD,
  basic,
  type Serving,
  serveChartroom,
  temporaryFolder,
} from '../support/chartroom-process.ts';
import {
  Acknowledged,
  type Ask,
  continueUpload,
  moveTag,
  pushChartVersion,
  pushInChunks,
  ServerGone,
  seededRandom,
} from './crash-clients.ts';

const KILLS = 10;
const SEED = 20261123;

test(`${KILLS} kills in the middle of pushes lose nothing that was acknowledged and leave nothing half done`, async () => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, environment: ADMIN_ENVIRONMENT };
  const random = seededRandom(SEED);
  const known = new Acknowledged();
  const resumed = { uploads: 0, bytes: 0 };
  for (let round = 0; round < KILLS; round += 1) {
    await using server = await serveChartroom(options);
    await verify(askOf(server), known, resumed);
    const clients = startClients(askOf(server), known, seededRandom(SEED + round), round);
    await wait(50 + random() * 700);
    expect(await server.stop('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    await Promise.all(clients);
  }
  const server = await serveChartroom(options);
  await verify(askOf(server), known, resumed);
  for (const location of [...known.uploads.keys()]) await continueUpload(askOf(server), known, random, location);
  await verify(askOf(server), known, resumed);
  expect((await server.stop('SIGTERM')).code).toBe(0);
  await verifyDataFolder(join(folder.path, 'data'));
  // Otherwise the kills came too early or too late to show anything.
  expect(known.blobs.size).toBeGreaterThan(100);
  expect([...known.tags.values()].filter(({ acknowledged }) => acknowledged).length).toBeGreaterThan(30);
  expect(resumed.uploads).toBeGreaterThan(3);
  expect(resumed.bytes).toBeGreaterThan(0);
}, 90_000);

function askOf(server: Serving): Ask {
  const authorization = basic(ADMIN_NAME, ADMIN_PASSWORD);
  return async (method, path, body, contentType = 'application/octet-stream') => {
    try {
      return await fetch(`${server.url}${path}`, {
        method,
        headers: { ...authorization, ...(body ? { 'content-type': contentType } : {}) },
        ...(body ? { body } : {}),
      });
    } catch (cause) {
      throw new ServerGone('without an answer', { cause });
    }
  };
}

/** Each pushes one thing after the other until the server is gone. */
function startClients(ask: Ask, known: Acknowledged, random: () => number, round: number): readonly Promise<void>[] {
  const untilGone = async (push: (count: number) => Promise<void>): Promise<void> => {
    try {
      for (let count = 0; ; count += 1) await push(count);
    } catch (error) {
      if (!(error instanceof ServerGone)) throw error;
    }
  };
  return [
    untilGone((count) => pushChartVersion(ask, known, random, `${round}.0.${count}`)),
    untilGone((count) => pushChartVersion(ask, known, random, `${round}.1.${count}`)),
    untilGone(() => moveTag(ask, known, random, 'moving')),
    untilGone(() => pushInChunks(ask, known, random, 'chunked')),
    untilGone(() => pushInChunks(ask, known, random, 'team/chunked')),
  ];
}

/** Reads back everything that clients know of. */
async function verify(ask: Ask, known: Acknowledged, resumed: { uploads: number; bytes: number }): Promise<void> {
  for (const [path, bytes] of known.blobs) {
    const answer = await ask('GET', path);
    expect([path, answer.status]).toEqual([path, 200]);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes), path).toBe(true);
  }
  for (const [name, entry] of known.tags) {
    const stored = await readTag(ask, name);
    const possible = [entry.acknowledged, entry.unanswered].map((pushed) => pushed && digestOf(pushed.manifest));
    expect(possible, name).toContain(stored);
    // From here on, what is there was answered: it must stay.
    const isSecond = entry.unanswered !== undefined && stored === digestOf(entry.unanswered.manifest);
    if (isSecond) entry.acknowledged = entry.unanswered;
    entry.unanswered = undefined;
  }
  for (const [location, upload] of known.uploads) {
    const answer = await ask('GET', location);
    if (answer.status === 404) {
      // Killed at its end: then it is a blob, or bytes that nobody was told of.
      expect(upload.received, location).toBe(upload.bytes.length);
      known.uploads.delete(location);
      continue;
    }
    expect(answer.status, location).toBe(204);
    const last = Number(answer.headers.get('range')?.slice('0-'.length));
    const received = last === 0 ? 0 : last + 1;
    expect(received, location).toBeGreaterThanOrEqual(upload.received);
    expect(received, location).toBeLessThanOrEqual(upload.bytes.length);
    resumed.uploads += 1;
    resumed.bytes += received;
    upload.received = received;
  }
}

/** The digest that a tag points at, if it is there; what it says must fit together. */
async function readTag(ask: Ask, name: string): Promise<Digest | undefined> {
  const answer = await ask('GET', `/v2/${name.replace(':', '/manifests/')}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (answer.status === 404) return undefined;
  expect(answer.status, name).toBe(200);
  expect(answer.headers.get('docker-content-digest'), name).toBe(digestOf(bytes));
  return digestOf(bytes);
}

/** Looks at what is stored, without the server. */
async function verifyDataFolder(folder: string): Promise<void> {
  const database = openSqliteDatabase(join(folder, 'chartroom.db'));
  expect(await database.query('select * from pragma_integrity_check()')).toEqual([{ integrity_check: 'ok' }]);
  expect(await database.query('select * from pragma_foreign_key_check()')).toEqual([]);
  const rows = await database.query<{ digest: Digest; size: number }>('select digest, size from blobs');
  // What one push writes was committed together: no version without its event, none without its facts.
  expect(
    await database.query(`
      select repository, name from tags where name <> 'latest' and not exists (
        select id from events where events.repository = tags.repository and events.tag = tags.name
          and events.digest = tags.digest and kind = 'chart.published')`),
  ).toEqual([]);
  expect(
    await database.query(`
      select repository, digest from manifests where repository <> 'moving' and not exists (
        select name from charts where charts.repository = manifests.repository and charts.digest = manifests.digest)`),
  ).toEqual([]);
  await database.close();
  const files = await readdir(join(folder, 'blobs'), { recursive: true, withFileTypes: true });
  const stored = new Map<string, number>();
  for (const file of files) {
    if (!file.isFile()) continue;
    const bytes = await readFile(join(file.parentPath, file.name));
    expect(digestOf(bytes)).toBe(`sha256:${file.name}`);
    stored.set(digestOf(bytes), bytes.length);
  }
  expect(rows.filter(({ digest, size }) => stored.get(digest) !== size)).toEqual([]);
}
