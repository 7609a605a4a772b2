// Garbage collection against a push of the same bytes, in every order in which their steps can come.
import { expect, test } from 'vitest';
import { beginCollection } from '../../src/lifecycle/garbage.ts';
import { noteUnneededBlobs, removeUnneededBlobs } from '../../src/lifecycle/unneeded-blobs.ts';
import { noteLeftovers, takeBytesAway } from '../../src/lifecycle/unrecorded-bytes.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { RepositoryName } from '../../src/oci/repository-name.ts';
import type { BlobStore, UploadId } from '../../src/ports/blob-store.ts';
import { type BlobStorage, keepBlob } from '../../src/registry/keep-blob.ts';
import { findBlobSize, linkBlob } from '../../src/tables/blobs.ts';
import { noteUnrecorded } from '../../src/tables/unrecorded-blobs.ts';
import { DAY, type GarbageRegistry, startGarbageRegistry } from './support/garbage-registry.ts';

const BYTES = Buffer.from('the same bytes');
const DIGEST = digestOf(BYTES);
const REPOSITORY = 'team/tool' as RepositoryName;
const PUSHED = { repository: REPOSITORY, digest: DIGEST, size: BYTES.length };

/** The steps of a collection, each of which is a transaction or more, and after any of which a push may come. */
const STEPS = ['note', 'remove', 'leftovers', 'take'] as const;

async function* body(): AsyncIterable<Buffer> {
  yield BYTES;
}

async function newUpload({ blobs }: BlobStorage): Promise<UploadId> {
  const upload = crypto.randomUUID() as string as UploadId;
  await blobs.complete(upload, 0, body());
  return upload;
}

function stepsOf({ storage }: GarbageRegistry): Record<(typeof STEPS)[number], () => Promise<void>> {
  const run = { signal: new AbortController().signal, onProgress: () => undefined };
  const collection = () =>
    beginCollection(storage, { gracePeriod: 0, dryRun: false, keepUntagged: false, withLeftovers: true }, run);
  return {
    note: async () => await noteUnneededBlobs(collection()),
    remove: async () => await removeUnneededBlobs(collection()),
    leftovers: async () => await noteLeftovers(collection()),
    take: async () => {
      const taking = collection();
      await takeBytesAway(taking);
      for (const failure of taking.failures.values()) throw failure;
    },
  };
}

/** The store, and what happens each time when it has put bytes in their place, before they get their row. */
function storeWith(blobs: BlobStore, afterCommit: () => Promise<void>): BlobStore {
  return new Proxy(blobs, {
    get: (target, name) => {
      if (name === 'commit') {
        return async (...parameters: Parameters<BlobStore['commit']>) => {
          await target.commit(...parameters);
          await afterCommit();
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** How many of the steps come before the push, and how many before its bytes have their row. */
const ORDERS = [0, 1, 2, 3, 4].flatMap((before) =>
  [0, 1, 2, 3, 4].filter((between) => between >= before).map((between) => [before, between] as const),
);

for (const wasThere of [false, true]) {
  test.each(ORDERS)(
    `a push of bytes that ${wasThere ? 'are garbage' : 'a crash has left'}, %i steps into a collection, and recorded %i steps into it, is kept`,
    async (before, between) => {
      await using opened = await startGarbageRegistry();
      const { storage, clock } = opened;
      const earlier = await newUpload(storage);
      await storage.blobs.commit(earlier, DIGEST);
      await storage.blobs.discard(earlier);
      if (wasThere) await storage.database.transaction((tx) => linkBlob(tx, { ...PUSHED, now: 1 }));
      clock.advance(DAY);
      // Long enough ago to be taken now.
      await storage.database.transaction((tx) => noteUnrecorded(tx, DIGEST, clock.now() - 8 * DAY));
      const steps = stepsOf(opened);
      for (const step of STEPS.slice(0, before)) await steps[step]();
      let next = before;
      const blobs = storeWith(storage.blobs, async () => {
        for (; next < between; next += 1) await steps[STEPS[next] ?? 'take']();
      });
      await keepBlob({ ...storage, blobs }, await newUpload(storage), PUSHED);
      for (const step of STEPS.slice(between)) {
        // Noted only now, it would have no time at all to be referred to.
        if (step !== 'note' && step !== 'remove') await steps[step]();
      }
      expect(await findBlobSize(storage.database, REPOSITORY, DIGEST)).toBe(BYTES.length);
      expect(await storage.blobs.size(DIGEST)).toBe(BYTES.length);
      for await (const upload of storage.blobs.listUploads()) throw new Error(`${upload} is left`);
    },
  );
}

test('bytes whose taking was broken off are taken by the next collection', async () => {
  await using opened = await startGarbageRegistry();
  const { storage, collect, stored } = opened;
  await keepBlob(storage, await newUpload(storage), PUSHED);
  const failing = new Proxy(storage.blobs, {
    get: (target, name) => {
      if (name === 'delete') return () => Promise.reject(new Error('the disk does not work'));
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const broken = stepsOf({ ...opened, storage: { ...storage, blobs: failing } });
  await broken.note();
  await broken.remove();
  await expect(broken.take()).rejects.toThrow('the disk does not work');
  expect(await stored()).toEqual([DIGEST]);
  await collect();
  expect(await stored()).toEqual([]);
});
