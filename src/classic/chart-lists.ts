// What ChartMuseum's API says of charts: the entries of the index, by chart and by version.
import { tagOfVersion } from '../charts/version.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Database } from '../ports/database.ts';
import {
  findNewestVersion,
  findVersion,
  listChartRepositories,
  listVersions,
  type VersionRow,
} from '../tables/chart-catalog.ts';
import { type IndexUrls, indexEntryOf } from './index-entry.ts';

type ChartEntry = Readonly<Record<string, unknown>>;

interface ChartPage {
  /** how many charts are left out, of those that are visible */
  readonly offset: number;
  /** Undefined for all. */
  readonly limit: number | undefined;
  readonly isVisible: (repository: RepositoryName) => boolean;
}

/** Repositories that are read at once, */
const REPOSITORIES = 100;
/** and versions: few, since each may have a Chart.yaml of 1 MiB. */
const VERSIONS = 16;

export class ChartLists {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Pieces of a JSON object: by the name of each chart of the namespace the list of its versions. */
  async *charts(namespace: string, page: ChartPage, urls: IndexUrls): AsyncIterable<string> {
    let separator = '{';
    for await (const repository of this.#repositories(namespace, page)) {
      let opening = '';
      for await (const row of this.#versions(repository)) {
        if (opening === '') yield `${separator}${JSON.stringify(row.name)}:`;
        opening = opening === '' ? '[' : ',';
        yield `${opening}${JSON.stringify(entryOf(row, urls))}`;
      }
      if (opening === '') continue;
      yield ']';
      separator = ',';
    }
    yield separator === '{' ? '{}' : '}';
  }

  /** Pieces of a JSON list: the versions of a chart that are listed, the newest first. */
  async *versions(repository: RepositoryName, urls: IndexUrls): AsyncIterable<string> {
    let separator = '[';
    for await (const row of this.#versions(repository)) {
      yield `${separator}${JSON.stringify(entryOf(row, urls))}`;
      separator = ',';
    }
    yield separator === '[' ? '[]' : ']';
  }

  async isListed(repository: RepositoryName): Promise<boolean> {
    return (await findNewestVersion(this.#database, repository)) !== undefined;
  }

  /** @param version as in Chart.yaml, be it yanked, or `latest` for the newest that is listed, a stable one if there is any */
  async version(repository: RepositoryName, version: string): Promise<VersionRow | undefined> {
    if (version === 'latest') return await findNewestVersion(this.#database, repository);
    const tag = tagOfVersion(version) as Tag;
    return await findVersion(this.#database, repository, tag);
  }

  async *#repositories(namespace: string, { offset, limit, isVisible }: ChartPage): AsyncIterable<RepositoryName> {
    let last: RepositoryName | '' = '';
    let skipped = 0;
    let given = 0;
    for (;;) {
      const batch: readonly RepositoryName[] = await listChartRepositories(
        this.#database,
        namespace,
        last,
        REPOSITORIES,
      );
      for (const repository of batch.filter(isVisible)) {
        if (given === limit) return;
        if (skipped < offset) skipped += 1;
        else {
          given += 1;
          yield repository;
        }
      }
      const end = batch.at(-1);
      if (end === undefined || batch.length < REPOSITORIES) return;
      last = end;
    }
  }

  async *#versions(repository: RepositoryName): AsyncIterable<VersionRow> {
    let before: string | undefined;
    for (;;) {
      const rows: readonly VersionRow[] = await listVersions(this.#database, repository, {
        before,
        limit: VERSIONS,
        onlyListed: true,
      });
      yield* rows;
      if (rows.length < VERSIONS) return;
      before = rows.at(-1)?.sortKey;
    }
  }
}

/** As it stands in the index of its namespace, be it listed there or not. */
export function entryOf(row: VersionRow, urls: IndexUrls): ChartEntry {
  const version = { ...row, listed: true, deprecated: row.deprecated === 1, revision: 0 };
  return indexEntryOf(version, { kind: 'namespace', namespace: row.namespace }, urls);
}
