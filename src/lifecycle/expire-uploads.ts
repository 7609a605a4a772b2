// Discards uploads that nobody has gone on with for a day.
import type { UploadId } from '../ports/blob-store.ts';
import { DAY } from '../ports/clock.ts';
import { pagesOf } from '../tables/pages.ts';
import { deleteUpload, findUpload, listUploadsBefore } from '../tables/uploads.ts';
import { type Collection, PAGE } from './garbage.ts';

/** milliseconds */
const ABANDONED_AFTER = DAY;

export async function expireUploads(collection: Collection): Promise<void> {
  const { storage, now, pause } = collection;
  const before = now - ABANDONED_AFTER;
  const list = (after = { createdAt: -1, id: '' }) => listUploadsBefore(storage.database, before, after, PAGE);
  for await (const page of pagesOf(list)) {
    for (const { id } of page) {
      if (((await storage.blobs.lastReceived(id)) ?? 0) < before) await tryDiscard(collection, id);
      await pause();
    }
  }
  // What came in one request has no row, and is over, unless it still comes.
  for await (const id of storage.blobs.listUploads()) {
    const received = await storage.blobs.lastReceived(id);
    if (received === undefined || received >= before || (await findUpload(storage.database, id))) continue;
    await tryDiscard(collection, id);
    await pause();
  }
}

async function tryDiscard(collection: Collection, id: UploadId): Promise<void> {
  await discard(collection, id).catch((error: unknown) => collection.failures.set(id, error));
}

async function discard({ storage, options, collected }: Collection, id: UploadId): Promise<void> {
  const { database, blobs } = storage;
  const size = (await blobs.received(id)) ?? 0;
  if (!options.dryRun) {
    await database.transaction((tx) => deleteUpload(tx, id));
    await blobs.discard(id);
  }
  collected.uploads += 1;
  collected.bytes += size;
}
