// Makes bytes that have arrived a blob of a repository, whatever garbage collection does with equal bytes meanwhile.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { BlobStore, UploadId } from '../ports/blob-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database, Transaction } from '../ports/database.ts';
import { findBlobCheck, noteStoredBlob } from '../tables/blob-checks.ts';
import { linkBlob } from '../tables/blobs.ts';
import { forgetCollected } from '../tables/collected-blobs.ts';
import { type HealedBlob, type OnHealed, recordHealing } from './record-healing.ts';

export interface BlobStorage {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly onHealed?: OnHealed | undefined;
}

/**
 * Durable when this resolves. Bytes come before rows, so garbage collection may have taken away, between the two, what it
 * found to be of no use before: then there is a row that says so, and the bytes are put in their place once more. Without that
 * row nothing takes them away any more.
 * @param upload is complete, and has `size` bytes, of which the caller knows that their digest is `digest`; it is over and discarded afterwards,
 * unless its bytes could not be committed
 * @param record what else is written in the same transaction
 */
export async function keepBlob(
  { database, blobs, clock, onHealed }: BlobStorage,
  upload: UploadId,
  blob: { readonly repository: RepositoryName; readonly digest: Digest; readonly size: number },
  record: (tx: Transaction) => Promise<void> = async () => undefined,
): Promise<void> {
  let isOver = false;
  let healed: HealedBlob | undefined;
  try {
    for (let isKept = false; !isKept; ) {
      await blobs.commit(upload, blob.digest);
      isOver = true;
      const now = clock.now();
      isKept = await database.transaction(async (tx) => {
        if (await forgetCollected(tx, blob.digest)) return false;
        await linkBlob(tx, { ...blob, now });
        const known = await findBlobCheck(tx, blob.digest);
        await noteStoredBlob(tx, blob.digest, now);
        const isHealed = known && known.damagedAt !== null;
        healed = isHealed ? await recordHealing(tx, known, 'push', now, blob.repository) : undefined;
        await record(tx);
        return true;
      });
    }
    // It is on record, so that nobody would tell of it later.
    if (healed) onHealed?.(healed);
  } finally {
    // What could not be committed for lack of room stands where it stood, and can be ended later.
    if (isOver) await blobs.discard(upload);
  }
}
