// Who needs a blob: the tags whose manifests it belongs to, and the repositories that have it.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable } from '../ports/database.ts';
import { listTagsNeeding, type NeedingTag } from '../tables/blob-checks.ts';
import { repositoriesWithBlob } from '../tables/blobs.ts';

/** More are not named: whoever repairs the blob repairs them as well. */
const MAXIMUM_TAGS = 100;
const MAXIMUM_REPOSITORIES = 20;

/** Who needs a blob, as far as there is room to name them. */
export interface Needing {
  readonly repositories: readonly RepositoryName[];
  readonly tags: readonly NeedingTag[];
}

/**
 * At one moment when `database` is a transaction.
 * @param always a repository that has the blob, and is named however many others have it
 */
export async function whoNeeds(database: Queryable, digest: Digest, always?: RepositoryName): Promise<Needing> {
  const found = await repositoriesWithBlob(database, digest, MAXIMUM_REPOSITORIES);
  const isLeftOut = always !== undefined && !found.includes(always);
  return {
    repositories: isLeftOut ? [...found.slice(0, MAXIMUM_REPOSITORIES - 1), always] : found,
    tags: await listTagsNeeding(database, digest, MAXIMUM_TAGS),
  };
}

/** `team/web:1.0.0`, and repositories without such a tag by their names alone. */
export function namesOf(needing: Needing): readonly string[] {
  return [
    ...needing.tags.map(({ repository, tag }) => `${repository}:${tag}`),
    ...needing.repositories.filter((repository) => tagsIn(needing, repository).length === 0),
  ];
}

export function tagsIn({ tags }: Needing, repository: RepositoryName): readonly Tag[] {
  return tags.filter((each) => each.repository === repository).map(({ tag }) => tag);
}
