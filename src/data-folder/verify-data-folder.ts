// Verifies all that a data folder holds, whether its server runs or not.
import { openDiskBlobStore } from '../adapters/disk-blob-store.ts';
import type { Config } from '../config/schema.ts';
import { openDatabase, requireRegistry } from '../core.ts';
import { type VerifyOptions, type VerifyResult, verifyStorage } from '../lifecycle/verify-storage.ts';
import { type Clock, systemClock } from '../ports/clock.ts';

/** @throws StorageUnusable when there is no registry in the folder, or its database cannot be opened */
export async function verifyDataFolder(
  config: Config,
  options: VerifyOptions,
  clock: Clock = systemClock,
): Promise<VerifyResult> {
  await requireRegistry(config);
  const database = await openDatabase(config, clock);
  try {
    const blobs = await openDiskBlobStore(config.dataDir);
    // What is found is said at the end.
    return await verifyStorage({ database, blobs, clock, onDamage: () => undefined }, options);
  } finally {
    await database.close();
  }
}
