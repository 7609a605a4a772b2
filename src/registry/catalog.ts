// The list of repositories that somebody may see, in pages.
import { setImmediate } from 'node:timers/promises';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Database } from '../ports/database.ts';
import { listRepositories } from '../tables/repositories.ts';
import { type Page, pageOf } from './pages.ts';

const BATCH = 1_000;

/** Repositories behind `last` in byte order that `isVisible` lets through. */
export async function listCatalog(
  database: Database,
  page: { readonly last: string; readonly limit: number },
  isVisible: (repository: RepositoryName) => boolean,
): Promise<Page<RepositoryName>> {
  const found: RepositoryName[] = [];
  let last = page.last;
  while (found.length <= page.limit) {
    const batch = await listRepositories(database, last, BATCH);
    found.push(...batch.filter(isVisible));
    const end = batch.at(-1);
    if (end === undefined || batch.length < BATCH) break;
    last = end;
    // Whoever may see few of very many has them all looked through; the others must have their turn in between.
    await setImmediate();
  }
  return pageOf(found, page.limit);
}
