// Looks through what was set aside as damaged: finishes what a crash broke off, and removes what nobody needs any more.
import { type CheckDependencies, checkBlob, type OnBytes } from '../registry/check-blob.ts';
import { findBlobCheck } from '../tables/blob-checks.ts';

/**
 * Damaged bytes are kept for the operator until the content was pushed again, or nobody wants it any more. Bytes that a crash
 * left aside are recorded as damaged, or, when they are sound, put back.
 */
export async function tidySetAside(dependencies: CheckDependencies, onBytes?: OnBytes): Promise<void> {
  const { blobs, database } = dependencies;
  for await (const digest of blobs.listSetAside()) {
    const row = await findBlobCheck(database, digest);
    if (!row) await blobs.removeSetAside(digest);
    else if (row.damagedAt === null) {
      if ((await blobs.size(digest)) === undefined) await checkBlob(dependencies, row, onBytes);
      else await blobs.removeSetAside(digest);
    }
  }
}
