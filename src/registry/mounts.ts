// Mounts: a repository reads a blob that another one has, without a transfer.
import type { Digest } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { findBlobSize, linkBlob, repositoriesWithBlob } from '../tables/blobs.ts';
import type { Actor } from './actor.ts';

/** How many repositories are tried for a mount that does not say where from. */
const MOUNT_CANDIDATES = 20;

/** As `Uploads.findMountSource` says. */
export async function findMountSource(
  database: Database,
  digest: Digest,
  from: RepositoryName | undefined,
  actor: Actor,
): Promise<RepositoryName | undefined> {
  const candidates = from ? [from] : await repositoriesWithBlob(database, digest, MOUNT_CANDIDATES);
  for (const candidate of candidates) {
    const isThere = (await findBlobSize(database, candidate, digest)) !== undefined;
    if (isThere && (from ? actor.maySee(candidate) : actor.mayPull(candidate))) return candidate;
  }
  return undefined;
}

/** As `Uploads.mount` says. */
export async function mountBlob(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  repository: RepositoryName,
  digest: Digest,
  source: RepositoryName,
): Promise<void> {
  const now = clock.now();
  await database.transaction(async (tx) => {
    const size = await findBlobSize(tx, source, digest);
    if (size === undefined) throw new RegistryError('BLOB_UNKNOWN', `${source} has no blob ${digest}`);
    await linkBlob(tx, { repository, digest, size, now });
  });
}
