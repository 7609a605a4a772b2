// What is published, as index documents ask for it.
import type { Database } from '../ports/database.ts';
import { listChartRepositories } from '../tables/chart-catalog.ts';
import {
  type ChangedVersionRow,
  listChangesAfter,
  listListedBelow,
  listListedOf,
  readNewestChange,
} from '../tables/chart-index.ts';
import type { ChangePosition, IndexedVersion, IndexScope, IndexSource, VersionPlace } from './index-source.ts';

export class PublishedVersions implements IndexSource {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async newestRevision(scope: IndexScope): Promise<number> {
    return await readNewestChange(this.#database, namespaceOf(scope));
  }

  async listedVersions(
    scope: IndexScope,
    after: VersionPlace | undefined,
    limit: number,
  ): Promise<readonly IndexedVersion[]> {
    const rest = after ? await listListedBelow(this.#database, after.repository, after.sortKey, limit) : [];
    const further = rest.length < limit ? await this.#behind(scope, after?.repository ?? '', limit - rest.length) : [];
    return [...rest, ...further].map(indexedVersion);
  }

  async changesAfter(scope: IndexScope, after: ChangePosition, limit: number): Promise<readonly IndexedVersion[]> {
    const rows = await listChangesAfter(this.#database, namespaceOf(scope), after, limit);
    return rows.map(indexedVersion);
  }

  /** Each of the repositories has at least one, so `limit` of them are enough. */
  async #behind(scope: IndexScope, repository: string, limit: number): Promise<readonly ChangedVersionRow[]> {
    const namespace = namespaceOf(scope);
    const repositories = await listChartRepositories(this.#database, namespace, repository, limit);
    const [first] = repositories;
    const last = repositories.at(-1);
    return first && last ? await listListedOf(this.#database, { first, last, namespace }, limit) : [];
  }
}

function namespaceOf(scope: IndexScope): string | undefined {
  return scope.kind === 'all' ? undefined : scope.namespace;
}

function indexedVersion({ listed, deprecated, ...version }: ChangedVersionRow): IndexedVersion {
  return { ...version, listed: listed === 1, deprecated: deprecated === 1 };
}
