// What is in an archive is found out once for each content, by whichever process asks first.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDiskBlobStore } from '../../src/adapters/disk-blob-store.ts';
import { ContentsCache } from '../../src/catalog/contents-cache.ts';
import { Descriptions } from '../../src/catalog/descriptions.ts';
import type { ChartMetadata } from '../../src/charts/chart-yaml.ts';
import { DESCRIPTION_REVISION } from '../../src/charts/describe-contents.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import type { BlobStore, UploadId } from '../../src/ports/blob-store.ts';
import type { Database } from '../../src/ports/database.ts';
import { putDescription } from '../../src/tables/contents.ts';
import { DATABASES, openMigrated, type TestedDatabase } from '../contract/databases.ts';
import { buildChart } from '../support/chart-builder.ts';
import { TestClock } from '../support/clock.ts';

const UPLOAD = '00000000-0000-4000-8000-000000000000' as UploadId;
const clock = new TestClock('2026-11-23T00:00:00Z');
const METADATA: ChartMetadata = { apiVersion: 'v2', name: 'web', version: '1.0.0' };
let folder = '';
let opened: TestedDatabase;
let disk: BlobStore;
/** The same, with a note of what was opened. */
let blobs: BlobStore;
let openings: Digest[] = [];

beforeEach(async () => {
  const [sqlite] = DATABASES;
  if (!sqlite) throw new Error('there is no database');
  opened = await openMigrated(sqlite);
  folder = await mkdtemp(join(tmpdir(), 'chartroom-test-'));
  disk = await openDiskBlobStore(folder);
  openings = [];
  blobs = Object.create(disk, {
    open: {
      value: async (digest: Digest) => {
        openings.push(digest);
        return await disk.open(digest);
      },
    },
  });
});
afterEach(async () => {
  await opened[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function store(bytes: Buffer): Promise<Digest> {
  await disk.complete(UPLOAD, 0, Readable.from([bytes]));
  await disk.commit(UPLOAD, digestOf(bytes));
  return digestOf(bytes);
}

/** As a process that has just started has them. */
function descriptions(): Descriptions {
  return new Descriptions(opened.database, clock, new ContentsCache(blobs));
}

async function rows(): Promise<readonly object[]> {
  return await opened.database.query(
    'select content_digest as digest, description_revision as revision, described_at as at from contents',
  );
}

test('an archive is opened for its description once, however often and from wherever it is asked for', async () => {
  const { archive } = await buildChart({ name: 'web', version: '1.0.0', files: { 'README.md': 'hello' } });
  const digest = await store(archive);
  const written: string[] = [];
  const { database } = opened;
  const counting: Database = Object.create(database, {
    transaction: {
      value: async (work: Parameters<Database['transaction']>[0]) => {
        written.push('once');
        return await database.transaction(work);
      },
    },
  });
  const first = new Descriptions(counting, clock, new ContentsCache(blobs));
  const found = await Promise.all(Array.from({ length: 5 }, () => first.of(digest, METADATA)));
  found.push(await first.of(digest, METADATA), await descriptions().of(digest, METADATA));
  expect([openings, written]).toEqual([[digest], ['once']]);
  for (const each of found) expect(each).toEqual(found[0]);
  expect(found[0]).toMatchObject({ kind: 'described', contents: { fileCount: 3, known: { readme: 'README.md' } } });
  expect(await rows()).toEqual([{ digest, revision: DESCRIPTION_REVISION, at: clock.now() }]);
});

test('what an older program found is found out again', async () => {
  const { archive } = await buildChart({ name: 'web', version: '1.0.0' });
  const digest = await store(archive);
  const old = { revision: DESCRIPTION_REVISION - 1, description: '{"files":"of another form"}', at: 1 };
  await opened.database.transaction((tx) => putDescription(tx, digest, old));
  expect(await descriptions().of(digest, METADATA)).toMatchObject({ kind: 'described', contents: { fileCount: 2 } });
  expect(await rows()).toEqual([{ digest, revision: DESCRIPTION_REVISION, at: clock.now() }]);
});

test('of an archive that cannot be read nothing is kept, since it may be mended', async () => {
  const digest = await store(Buffer.from('damaged'));
  expect(await descriptions().of(digest, METADATA)).toMatchObject({ kind: 'unreadable' });
  expect(await rows()).toEqual([]);
});
