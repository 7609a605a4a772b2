// A registry whose garbage a test collects, and whose clock it sets.
import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { openDiskBlobStore } from '../../../src/adapters/disk-blob-store.ts';
import { openSqliteDatabase } from '../../../src/adapters/sqlite-database.ts';
import { collectGarbage } from '../../../src/lifecycle/collect-garbage.ts';
import type { Collected, CollectOptions } from '../../../src/lifecycle/garbage.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import type { BlobStorage } from '../../../src/registry/keep-blob.ts';
import { TestClock } from '../../support/clock.ts';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';

/** milliseconds */
export const HOUR = 60 * 60 * 1000;
export const DAY = 24 * HOUR;

export interface GarbageRegistry extends AsyncDisposable {
  readonly registry: TestRegistry;
  readonly clock: TestClock;
  /** As another process would open it. */
  readonly storage: BlobStorage;
  /** With a grace period of an hour. */
  collect(options?: Partial<CollectOptions>): Promise<Readonly<Collected>>;
  /** Digests of all blobs on the disk, in byte order. */
  stored(): Promise<readonly Digest[]>;
  /** Lets a file of the data folder be as old as the clock says. */
  age(path: string): Promise<void>;
}

export async function startGarbageRegistry(): Promise<GarbageRegistry> {
  // Files have the time of the machine.
  const clock = new TestClock(new Date().toISOString());
  const registry = await startRegistry({}, clock);
  const database = openSqliteDatabase(join(registry.dataDir, 'chartroom.db'));
  const blobs = await openDiskBlobStore(registry.dataDir);
  const storage = { database, blobs, clock };
  return {
    registry,
    clock,
    storage,
    collect: async (options = {}) =>
      await collectGarbage(
        storage,
        { gracePeriod: HOUR, dryRun: false, keepUntagged: false, withLeftovers: true, ...options },
        { signal: new AbortController().signal, onProgress: () => undefined },
      ),
    stored: async () => {
      const found: Digest[] = [];
      for await (const digest of blobs.list()) found.push(digest);
      return found.toSorted();
    },
    age: async (path) => await utimes(join(registry.dataDir, path), clock.now() / 1000, clock.now() / 1000),
    [Symbol.asyncDispose]: async () => {
      await database.close();
      await registry[Symbol.asyncDispose]();
    },
  };
}

/** Names of the files below `uploads`. */
export async function uploadFiles({ dataDir }: TestRegistry): Promise<readonly string[]> {
  return (await readdir(join(dataDir, 'uploads'))).toSorted();
}
