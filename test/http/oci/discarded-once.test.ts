// What came is taken out of the way once, whichever way it came and whatever became of it: each time costs three calls of the file system.
import { afterAll, beforeEach, expect, test } from 'vitest';
import type { Storage } from '../../../src/core.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import type { BlobStore, UploadId } from '../../../src/ports/blob-store.ts';
import { buildChart } from '../../support/chart-builder.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { storedFiles } from '../support/stored-files.ts';
import { finish, startUpload } from '../support/uploads.ts';

const discarded: UploadId[] = [];
const committed: UploadId[] = [];
const between = (storage: Storage): Storage => ({ ...storage, blobs: noting(storage.blobs) });
const registry = await startRegistry({}, undefined, { between });
afterAll(() => registry[Symbol.asyncDispose]());
beforeEach(() => {
  discarded.length = 0;
  committed.length = 0;
});

function noting(store: BlobStore): BlobStore {
  return new Proxy(store, {
    get: (_target, name: keyof BlobStore) => {
      const notes = name === 'discard' ? discarded : name === 'commit' ? committed : [];
      const method = store[name].bind(store) as (...call: readonly unknown[]) => unknown;
      return (...call: readonly unknown[]) => {
        notes.push(call[0] as UploadId);
        return method(...call);
      };
    },
  });
}

const BYTES = Buffer.from('bytes');

test.each([
  ['a blob in one request', 1, `/v2/team/web/blobs/uploads/?digest=${digestOf(BYTES)}`, async () => BYTES],
  [
    'a chart of the classic kind',
    2,
    '/api/team/charts',
    async () => (await buildChart({ name: 'web', version: '1.0.0' })).archive,
  ],
] as const)('%s', async (_what, blobs, path, body) => {
  expect((await registry.request('POST', path, { body: await body() })).status).toBe(201);
  expect(committed).toHaveLength(blobs);
  expect(discarded.toSorted()).toEqual(committed.toSorted());
});

test('a blob in several requests', async () => {
  const location = await startUpload(registry, 'team/web');
  expect((await finish(registry, location, digestOf(BYTES), { body: BYTES })).status).toBe(201);
  expect(discarded).toEqual(committed);
  expect(discarded).toHaveLength(1);
});

test('a blob with another digest, and a body that is no chart', async () => {
  const before = await storedFiles(registry);
  const path = `/v2/team/web/blobs/uploads/?digest=${digestOf(Buffer.from('others'))}`;
  expect((await registry.request('POST', path, { body: BYTES })).status).toBe(400);
  expect((await registry.request('POST', '/api/team/charts', { body: BYTES })).status).toBe(400);
  expect(discarded).toHaveLength(2);
  expect(new Set(discarded).size).toBe(2);
  expect(await storedFiles(registry)).toEqual(before);
});
