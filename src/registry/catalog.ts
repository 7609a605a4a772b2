// The list of repositories that somebody may see, in pages.
import { setImmediate } from 'node:timers/promises';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Database } from '../ports/database.ts';
import { listRepositories } from '../tables/repositories.ts';
import { type Page, pageOf } from './pages.ts';

/** How many are looked through at a time for somebody who may not see all of those before. */
const BATCH = 1_000;

/** Repositories behind `last` in byte order that `isVisible` lets through. */
export async function listCatalog(
  database: Database,
  page: { readonly last: string; readonly limit: number },
  isVisible: (repository: RepositoryName) => boolean,
): Promise<Page<RepositoryName>> {
  const found: RepositoryName[] = [];
  let last = page.last;
  // Most may see all that stand on their page, and one more tells whether another page follows.
  let length = Math.min(page.limit + 1, BATCH);
  while (found.length <= page.limit) {
    const batch = await listRepositories(database, last, length);
    found.push(...batch.filter(isVisible));
    const end = batch.at(-1);
    if (end === undefined || batch.length < length) break;
    last = end;
    length = BATCH;
    // Whoever may see few of very many has them all looked through; the others must have their turn in between.
    await setImmediate();
  }
  return pageOf(found, page.limit);
}
