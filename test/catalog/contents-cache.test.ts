// Unpacked charts are kept within a budget, and an archive is opened once for all who ask for it together.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDiskBlobStore } from '../../src/adapters/disk-blob-store.ts';
import { ContentsCache } from '../../src/catalog/contents-cache.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import type { BlobStore, UploadId } from '../../src/ports/blob-store.ts';
import { buildChart } from '../support/chart-builder.ts';

let folder = '';
let blobs: BlobStore;
let uploads = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chartroom-test-'));
  blobs = await openDiskBlobStore(folder);
});
afterAll(() => rm(folder, { recursive: true }));

async function store(bytes: Buffer): Promise<Digest> {
  uploads += 1;
  const id = `00000000-0000-4000-8000-${String(uploads).padStart(12, '0')}` as UploadId;
  const digest = digestOf(bytes);
  await blobs.complete(id, 0, Readable.from([bytes]));
  await blobs.commit(id, digest);
  return digest;
}

async function storeChart(version: string, bytes = 10): Promise<Digest> {
  const { archive } = await buildChart({ name: 'web', version, files: { 'README.md': 'x'.repeat(bytes) } });
  return await store(archive);
}

/** The store, with a note of what was opened, and how much of it at the same time. */
function watched() {
  const opened: Digest[] = [];
  let running = 0;
  const most = { atOnce: 0 };
  const store: BlobStore = Object.create(blobs, {
    open: {
      value: async (digest: Digest) => {
        opened.push(digest);
        running += 1;
        most.atOnce = Math.max(most.atOnce, running);
        const body = await blobs.open(digest);
        if (body.kind === 'stream') body.stream.once('close', () => (running -= 1));
        return body;
      },
    },
  });
  return { store, opened, most };
}

test('what is asked for at once is opened once, and later not again', async () => {
  const digest = await storeChart('1.0.0');
  const { store, opened } = watched();
  const cache = new ContentsCache(store);
  const found = await Promise.all(Array.from({ length: 20 }, () => cache.open(digest)));
  found.push(await cache.open(digest));
  expect(opened).toEqual([digest]);
  for (const each of found) expect(each).toBe(found[0]);
  const [first] = found;
  expect(first?.kind === 'contents' && first.contents.text('README.md')).toBe('xxxxxxxxxx');
});

test('at most two archives are opened at the same time', async () => {
  const digests = await Promise.all(Array.from({ length: 8 }, (_, index) => storeChart(`2.${index}.0`, 200_000)));
  const { store, opened, most } = watched();
  const cache = new ContentsCache(store);
  await Promise.all(digests.map((digest) => cache.open(digest)));
  expect([opened.length, most.atOnce]).toEqual([8, 2]);
});

test('what was not used for the longest time goes first, and what does not fit is never kept', async () => {
  const digests = await Promise.all(Array.from({ length: 4 }, (_, index) => storeChart(`3.${index}.0`, 10_000)));
  const [one, two, three, four] = digests as [Digest, Digest, Digest, Digest];
  const large = await storeChart('3.9.0', 60_000);
  const { store, opened } = watched();
  const cache = new ContentsCache(store, 50_000);
  for (const digest of [one, two, three]) await cache.open(digest);
  await cache.open(one);
  await cache.open(four);
  expect(opened.splice(0)).toEqual([one, two, three, four]);
  for (const digest of [three, one, four]) await cache.open(digest);
  expect(opened.splice(0)).toEqual([]);
  await cache.open(large);
  await cache.open(large);
  expect(opened.splice(0)).toEqual([large, large]);
  for (const digest of [three, one, four, two]) await cache.open(digest);
  expect(opened).toEqual([two]);
});

test('an archive with many small files weighs more than their bytes', async () => {
  const files = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`files/${index}`, '']));
  const { archive } = await buildChart({ name: 'web', version: '4.0.0', files });
  const digest = await store(archive);
  const { store: watchedStore, opened } = watched();
  const cache = new ContentsCache(watchedStore, 100_000);
  await cache.open(digest);
  await cache.open(digest);
  expect(opened).toHaveLength(2);
});

test('an archive that cannot be read says why, and the others can be', async () => {
  const cache = new ContentsCache(blobs);
  const damaged = await store(Buffer.from('this is no archive'));
  expect(await cache.open(damaged)).toEqual({
    kind: 'unreadable',
    problem: expect.stringContaining('not a gzip stream'),
    isDamaged: false,
  });
  expect(await cache.open(await storeChart('5.0.0'))).toMatchObject({ kind: 'contents' });
});

test('what is not stored is asked for again the next time', async () => {
  const { archive } = await buildChart({ name: 'web', version: '6.0.0' });
  const cache = new ContentsCache(blobs);
  expect(await cache.open(digestOf(archive))).toMatchObject({ kind: 'unreadable', isDamaged: true });
  await store(archive);
  expect(await cache.open(digestOf(archive))).toMatchObject({ kind: 'contents' });
});

test('who comes when very many wait is asked to come again', async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const digest = await storeChart('7.0.0');
  const store: BlobStore = Object.create(blobs, {
    open: { value: async () => released.then(() => blobs.open(digest)) },
  });
  const cache = new ContentsCache(store);
  const digests = Array.from({ length: 203 }, (_, index) => digestOf(Buffer.from(`${index}`)));
  const [refused, ...waiting] = digests.toReversed();
  if (refused === undefined) throw new Error('there is nothing to ask for');
  const answers = waiting.map((each) => cache.open(each));
  await expect(cache.open(refused)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS', retryAfter: 1 });
  release();
  for (const answer of await Promise.all(answers)) expect(answer.kind).toBe('contents');
});
