// Reads a manifest by tag or digest: one select.
import { RegistryError } from '../oci/error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Reference } from '../oci/tag.ts';
import type { Database } from '../ports/database.ts';
import { findManifest, type StoredManifest } from '../tables/manifests.ts';
import { repositoryExists } from '../tables/repositories.ts';

/** @throws RegistryError MANIFEST_UNKNOWN, or NAME_UNKNOWN when nothing was ever pushed to the repository */
export async function readManifest(
  database: Database,
  repository: RepositoryName,
  reference: Reference,
): Promise<StoredManifest> {
  const manifest = await findManifest(database, repository, reference);
  if (manifest) return manifest;
  throw await missingManifest(database, repository, reference);
}

/** Words the refusal for something that is not there. */
export async function missingManifest(
  database: Database,
  repository: RepositoryName,
  reference: Reference,
): Promise<RegistryError> {
  if (!(await repositoryExists(database, repository))) return unknownRepository(repository);
  const what = reference.kind === 'tag' ? `tag "${reference.tag}"` : `manifest ${reference.digest}`;
  return new RegistryError('MANIFEST_UNKNOWN', `${repository} has no ${what}`);
}

export function unknownRepository(repository: RepositoryName): RegistryError {
  return new RegistryError(
    'NAME_UNKNOWN',
    `there is no repository ${repository}: nothing was ever pushed to it (helm appends the chart's name to the path it pushes to)`,
  );
}
