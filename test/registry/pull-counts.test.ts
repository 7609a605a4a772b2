// A pull is counted once, for the version whose archive was fetched, and reading is never slowed by writing.
import { expect, test } from 'vitest';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import type { RepositoryName } from '../../src/oci/repository-name.ts';
import type { Database } from '../../src/ports/database.ts';
import { StorageUnusable } from '../../src/ports/storage-unusable.ts';
import { PullCounts } from '../../src/registry/pull-counts.ts';
import { prepareChart, pushArtifact, pushChart, putManifest } from '../support/artifacts.ts';
import { TestClock } from '../support/clock.ts';
import { startRegistry, type TestRegistry } from '../support/start-registry.ts';
import { inDatabase } from './support/published.ts';

const DAY = 24 * 60 * 60 * 1000;
/** Day 20,780 since 1970. */
const START = '2026-11-23T23:59:00Z';
const WEB = 'team/web' as RepositoryName;

/** After a restart, which writes down what was counted. */
async function pulls(registry: TestRegistry): Promise<readonly string[]> {
  await registry.restart();
  const rows = await inDatabase(registry, (database) =>
    database.query<{ repository: string; tag: string; day: number; pulls: number }>(
      'select * from pulls order by day, tag',
    ),
  );
  return rows.map((row) => `${row.day}: ${row.repository}:${row.tag} ${row.pulls}`);
}

interface Archive {
  readonly path: string;
  readonly config: string;
  readonly size: number;
}

async function publish(registry: TestRegistry, version: string): Promise<Archive> {
  const { manifest, archive } = await prepareChart(registry, WEB, { name: 'web', version, provenance: 'signed' });
  await putManifest(registry, WEB, version, manifest);
  const { config } = JSON.parse(manifest.toString()) as { readonly config: { readonly digest: string } };
  const blob = (digest: string) => `/v2/${WEB}/blobs/${digest}`;
  return { path: blob(digestOf(archive)), config: blob(config.digest), size: archive.length };
}

async function get(registry: TestRegistry, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const answer = await registry.request(method, path, { headers });
  await answer.arrayBuffer();
  return answer.status;
}

test('each fetching of a version’s archive is a pull, on the day of it', async () => {
  const clock = new TestClock(START);
  await using registry = await startRegistry({}, clock);
  const [one, two] = [await publish(registry, '1.0.0'), await publish(registry, '1.1.0')];
  for (const { path } of [one, one, two]) expect(await get(registry, path)).toBe(200);
  clock.advance(2 * 60_000);
  expect(await get(registry, one.path)).toBe(200);
  expect(await pulls(registry)).toEqual([
    ...['20780: team/web:1.0.0 2', '20780: team/web:1.1.0 1', '20781: team/web:1.0.0 1'],
  ]);
  clock.advance(DAY);
  await get(registry, one.path);
  await get(registry, one.path);
  expect((await pulls(registry)).at(-1)).toBe('20782: team/web:1.0.0 2');
});

test('neither looking, nor a push, nor the rest of a download, nor what is no archive is a pull', async () => {
  await using registry = await startRegistry({}, new TestClock(START));
  const { path, config, size } = await publish(registry, '1.0.0');
  const digest = path.split('/').at(-1);
  expect(await get(registry, path, {}, 'HEAD')).toBe(200);
  expect(await get(registry, path, { 'if-none-match': `"${digest}"` })).toBe(304);
  expect(await get(registry, path, { range: `bytes=10-${size - 1}` })).toBe(206);
  expect(await get(registry, path, { range: `bytes=${size}-` })).toBe(416);
  expect(await get(registry, config)).toBe(200);
  expect(await get(registry, '/v2/team/web/manifests/1.0.0')).toBe(200);
  expect(await get(registry, '/v2/team/web/tags/list')).toBe(200);
  await pushChart(registry, WEB, { name: 'web', version: '1.0.0' });
  await pushArtifact(registry, 'team/app', '1', 'an image');
  expect(await get(registry, `/v2/team/app/blobs/${digestOf(Buffer.from('an image'))}`)).toBe(200);
  expect(await pulls(registry)).toEqual([]);
  expect(await get(registry, path, { range: 'bytes=0-9' })).toBe(206);
  expect(await pulls(registry)).toEqual(['20780: team/web:1.0.0 1']);
});

test('200 pulls at once cost one write, and all are counted', async () => {
  await using registry = await startRegistry({}, new TestClock(START));
  const { path } = await publish(registry, '1.0.0');
  const statuses = await Promise.all(Array.from({ length: 200 }, () => get(registry, path)));
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(await pulls(registry)).toEqual(['20780: team/web:1.0.0 200']);
});

test('what cannot be written is reported, and does not stop what comes after', async () => {
  await using registry = await startRegistry();
  const { path } = await publish(registry, '1.0.0');
  const failures: unknown[] = [];
  await inDatabase(registry, async (database) => {
    let isBroken = true;
    const transaction: Database['transaction'] = async (work) => {
      if (isBroken) throw new Error('the disk is full');
      return await database.transaction(work);
    };
    const onFailure = (error: unknown) => void failures.push(error);
    await using counts = new PullCounts({
      database: { ...database, transaction },
      clock: new TestClock(START),
      onFailure,
    });
    const digest = path.split('/').at(-1) as Digest;
    counts.note(WEB, digest);
    await counts.write();
    expect(failures).toEqual([new Error('the disk is full')]);
    isBroken = false;
    await counts.write();
    counts.note(WEB, digest);
    counts.note(WEB, digest);
    await counts.write();
    expect(await database.query('select day, pulls from pulls')).toEqual([{ day: 20_780, pulls: 2 }]);
  });
  expect(failures).toHaveLength(1);
});

test('very many different blobs are written down before they fill the memory', async () => {
  await using registry = await startRegistry();
  const { path } = await publish(registry, '1.0.0');
  await inDatabase(registry, async (database) => {
    let transactions = 0;
    const transaction: Database['transaction'] = async (work) => {
      transactions += 1;
      return await database.transaction(work);
    };
    const options = { database: { ...database, transaction }, clock: new TestClock(START), onFailure: () => undefined };
    await using counts = new PullCounts(options);
    counts.note(WEB, path.split('/').at(-1) as Digest);
    for (let number = 0; number < 9_998; number += 1) counts.note(WEB, `sha256:${number}` as Digest);
    await Promise.resolve();
    expect(transactions).toBe(0);
    counts.note(WEB, 'sha256:last' as Digest);
    counts.note(WEB, path.split('/').at(-1) as Digest);
    await counts.write();
    expect(transactions).toBe(2);
    expect(await database.query('select pulls from pulls')).toEqual([{ pulls: 2 }]);
  });
});

test('what cannot be written while the storage is full is counted once there is room', async () => {
  await using registry = await startRegistry();
  const { path } = await publish(registry, '1.0.0');
  await inDatabase(registry, async (database) => {
    let isFull = true;
    const transaction: Database['transaction'] = async (work) => {
      if (isFull) throw new StorageUnusable('full', { trouble: 'full' });
      return await database.transaction(work);
    };
    const clock = new TestClock(START);
    await using counts = new PullCounts({ database: { ...database, transaction }, clock, onFailure: () => undefined });
    const digest = path.split('/').at(-1) as Digest;
    counts.note(WEB, digest);
    await counts.write();
    counts.note(WEB, digest);
    await counts.write();
    isFull = false;
    await counts.write();
    expect(await database.query('select day, pulls from pulls')).toEqual([{ day: 20_780, pulls: 2 }]);
  });
});
