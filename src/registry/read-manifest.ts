// Reads a manifest by tag or digest: one select, and another one where there are notices.
import { RegistryError } from '../oci/error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Reference } from '../oci/tag.ts';
import type { Database } from '../ports/database.ts';
import { findManifest, findNoticeOn, type ManifestNotice, type StoredManifest } from '../tables/manifests.ts';
import { repositoryExists } from '../tables/repositories.ts';

export interface ReadManifest extends StoredManifest {
  /** For whoever pulls it: what a notice says of the version; undefined when there is none. */
  readonly warning: string | undefined;
}

/** @throws RegistryError MANIFEST_UNKNOWN, or NAME_UNKNOWN when nothing was ever pushed to the repository */
export async function readManifest(
  database: Database,
  repository: RepositoryName,
  reference: Reference,
): Promise<ReadManifest> {
  const manifest = await findManifest(database, repository, reference);
  if (!manifest) throw await missingManifest(database, repository, reference);
  const notice = manifest.noticed === 1 ? await findNoticeOn(database, repository, manifest.digest) : undefined;
  return { ...manifest, warning: notice && warningOf(repository, notice) };
}

/** `team/web 1.2.0 is yanked: loses data on upgrade; use 1.2.1 instead` */
function warningOf(repository: RepositoryName, { kind, tag, reason, replacement, version }: ManifestNotice): string {
  const what = tag === '' ? repository : `${repository} ${version}`;
  const why = reason === '' ? '' : `: ${reason}`;
  return `${what} is ${kind}${why}${replacement === '' ? '' : `; use ${replacement} instead`}`;
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
