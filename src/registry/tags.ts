// The list of a repository's tags, in pages.
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Database } from '../ports/database.ts';
import { repositoryExists } from '../tables/repositories.ts';
import { listTags as selectTags } from '../tables/tags.ts';
import { unknownRepository } from './read-manifest.ts';

/** A page's length when the client names none, and at the most. 10,000 tags of 128 characters stay below helm's 4 MiB. */
export const MAXIMUM_PAGE = 10_000;

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Whether there are more behind the last one. */
  readonly hasMore: boolean;
}

/** Tags behind `last` in byte order. @throws RegistryError NAME_UNKNOWN when nothing was ever pushed to the repository */
export async function listTags(
  database: Database,
  repository: RepositoryName,
  page: { readonly last: string; readonly limit: number },
): Promise<Page<Tag>> {
  const tags = await selectTags(database, repository, page.last, page.limit + 1);
  if (tags.length === 0 && !(await repositoryExists(database, repository))) throw unknownRepository(repository);
  return pageOf(tags, page.limit);
}

/** @param found one more than the page holds, when there is one more */
export function pageOf<Item>(found: readonly Item[], limit: number): Page<Item> {
  return { items: found.slice(0, limit), hasMore: limit > 0 && found.length > limit };
}
