// Finds charts by their texts: keeps the search documents up to date with what is published, and shows everybody their own hits.
import type { Digest } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { ChartSearch, MayRead, SearchDocument, SearchHit, SearchQuery } from '../ports/chart-search.ts';
import type { Database, Queryable } from '../ports/database.ts';
import { searchDocumentOf } from './search-document.ts';
import { parseSearch, parseSearchWithTypos } from './search-query.ts';
import { snippetOf } from './search-snippet.ts';

/** How many charts are indexed in one transaction: meanwhile, some ten milliseconds, this process does nothing else. */
const BATCH = 5;
/** How many changed versions are looked at together: a chart of which many have come is indexed once for all of them. */
const CHANGES = 1_000;
/** How many batches a search waits for. Only an index that is being filled is behind by more. */
const BATCHES_OF_A_SEARCH = 10;
/** How many hits are read at once: this many, then ten times as many while too few of them may be seen. */
const FIRST_HITS = 100;
const MAXIMUM_HITS = 10_000;

/** What the search finds of a chart: its newest version that is listed. */
interface IndexedVersion {
  /** JSON of the chart's metadata */
  readonly metadata: string;
  readonly contentDigest: Digest;
}

export interface SearchIndexOptions {
  readonly database: Database;
  readonly search: ChartSearch;
  readonly newestListedVersion: (
    database: Queryable,
    repository: RepositoryName,
  ) => Promise<IndexedVersion | undefined>;
  /** In the order of the revisions with which they changed, at most `limit`. */
  readonly repositoriesChangedAfter: (
    database: Queryable,
    revision: number,
    limit: number,
  ) => Promise<readonly { readonly repository: RepositoryName; readonly revision: number }[]>;
  /** Markdown, empty when there is none; at most some 64 KiB of it are needed. */
  readonly readmeOf: (contentDigest: Digest) => Promise<string>;
  /** Told what is missing in the index: of a chart its README, or without a repository whatever changed of late. */
  readonly onFailure: (error: unknown, repository?: RepositoryName) => void;
}

interface FoundChart {
  readonly repository: RepositoryName;
  /** Of the text in which it was found, plain; undefined when that is its name. */
  readonly snippet: string | undefined;
}

export interface SearchResult {
  readonly charts: readonly FoundChart[];
  /** Whether nothing was found by the words as they were typed, and these have some that are near to them. */
  readonly isCorrected: boolean;
  /** Where the next page begins. Undefined on the last one. */
  readonly next: string | undefined;
}

interface Cursor {
  readonly isCorrected: boolean;
  readonly after: SearchHit;
}

/** What is to be indexed to get from one revision to another. */
interface Changes {
  readonly since: number;
  readonly repositories: readonly RepositoryName[];
  readonly reached: number;
}

export class SearchIndex {
  readonly #options: SearchIndexOptions;
  /** What is left of changes of which a part is indexed. */
  #changes: Changes | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #waiting: Promise<boolean> | undefined;

  constructor(options: SearchIndexOptions) {
    this.#options = options;
  }

  /**
   * Indexes what has changed until now.
   * @param batches at most so many, of 5 charts each
   * @throws what the database throws; then the index stays as it was
   */
  async catchUp(batches = Number.POSITIVE_INFINITY): Promise<void> {
    for (let batch = 0; batch < batches; batch += 1) {
      if (await this.#nextBatch()) return;
    }
  }

  /**
   * The charts that have all words of the text, best first. What the reader may not read changes nothing of the answer: it is
   * neither counted nor a reason to correct a word or not to.
   * @param page.cursor `next` of the page before
   * @throws RegistryError REQUEST_INVALID when the cursor is none
   */
  async find(
    text: string,
    page: { readonly cursor?: string | undefined; readonly limit: number },
    mayRead: MayRead,
  ): Promise<SearchResult> {
    const { search, onFailure } = this.#options;
    const cursor = page.cursor === undefined ? undefined : readCursor(page.cursor);
    // What was indexed before can be found in any case.
    await this.catchUp(BATCHES_OF_A_SEARCH).catch((error) => onFailure(error));
    const exact = parseSearch(text);
    if (cursor?.isCorrected !== true) {
      const hits = await this.#visibleHits(exact, cursor?.after, page.limit + 1, mayRead);
      if (hits.length > 0 || cursor || exact.terms.length === 0)
        return await this.#pageOf(exact, hits, page.limit, false);
    }
    const corrected = await parseSearchWithTypos(text, search, mayRead);
    const hits = await this.#visibleHits(corrected, cursor?.after, page.limit + 1, mayRead);
    return await this.#pageOf(corrected, hits, page.limit, true);
  }

  async #visibleHits(
    query: SearchQuery,
    after: SearchHit | undefined,
    wanted: number,
    mayRead: MayRead,
  ): Promise<readonly SearchHit[]> {
    const visible: SearchHit[] = [];
    let last = after;
    for (let limit = Math.max(FIRST_HITS, wanted); ; limit = Math.min(limit * 10, MAXIMUM_HITS)) {
      const hits = await this.#options.search.find(query, { after: last, limit });
      visible.push(...hits.filter(({ repository }) => mayRead(repository)));
      last = hits.at(-1);
      if (visible.length >= wanted || hits.length < limit) return visible.slice(0, wanted);
    }
  }

  async #pageOf(
    query: SearchQuery,
    hits: readonly SearchHit[],
    limit: number,
    isCorrected: boolean,
  ): Promise<SearchResult> {
    const shown = hits.slice(0, limit);
    const documents = await this.#options.search.documents(shown.map(({ repository }) => repository));
    const snippets = new Map(documents.map((document) => [document.repository, snippetOf(document, query)]));
    const last = shown.at(-1);
    return {
      charts: shown.map(({ repository }) => ({ repository, snippet: snippets.get(repository) })),
      isCorrected: isCorrected && shown.length > 0,
      next: last && hits.length > limit ? writeCursor({ isCorrected, after: last }) : undefined,
    };
  }

  /** One that begins from now on, shared by all who ask before it does; only such a one has seen what they may have published. */
  #nextBatch(): Promise<boolean> {
    this.#waiting ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#waiting = undefined;
        const indexing = this.#indexBatch();
        this.#running = indexing;
        return indexing;
      });
    return this.#waiting;
  }

  /** @returns whether there was nothing to index */
  async #indexBatch(): Promise<boolean> {
    const { database, search } = this.#options;
    const position = await search.position();
    const known = this.#changes;
    const { repositories, reached } = known?.since === position ? known : await this.#changesAfter(position);
    this.#changes = undefined;
    if (reached === position) return true;
    const rest = repositories.slice(BATCH);
    const documents: (readonly [RepositoryName, SearchDocument | undefined])[] = [];
    for (const each of repositories.slice(0, BATCH)) documents.push([each, await this.#documentOf(each)]);
    await database.transaction(async (tx) => {
      // When another process was faster, what was read above may be older than what that one wrote.
      if (!(await search.advance(tx, position, rest.length > 0 ? position : reached))) return;
      for (const [repository, document] of documents) {
        if (document) await search.put(tx, document);
        else await search.remove(tx, repository);
      }
    });
    if (rest.length > 0) this.#changes = { since: position, repositories: rest, reached };
    return false;
  }

  /** Of whole revisions, however many repositories changed with one: nothing of it must be left behind. */
  async #changesAfter(position: number): Promise<Changes> {
    const { database, repositoriesChangedAfter } = this.#options;
    for (let limit = CHANGES; ; limit *= 10) {
      const changed = await repositoriesChangedAfter(database, position, limit);
      const last = changed.at(-1)?.revision ?? position;
      const whole = changed.length < limit ? changed : changed.filter(({ revision }) => revision < last);
      if (whole.length === 0 && changed.length > 0) continue;
      const repositories = whole.map(({ repository }) => repository);
      return { since: position, repositories, reached: whole.at(-1)?.revision ?? position };
    }
  }

  async #documentOf(repository: RepositoryName): Promise<SearchDocument | undefined> {
    const { database, newestListedVersion, readmeOf, onFailure } = this.#options;
    const version = await newestListedVersion(database, repository);
    if (!version) return undefined;
    let readme = '';
    try {
      readme = await readmeOf(version.contentDigest);
    } catch (error) {
      onFailure(error, repository);
    }
    return searchDocumentOf(repository, version.metadata, readme);
  }
}

function writeCursor({ isCorrected, after }: Cursor): string {
  return Buffer.from(JSON.stringify([isCorrected, after.score, after.repository])).toString('base64url');
}

function readCursor(text: string): Cursor {
  try {
    const [isCorrected, score, repository]: unknown[] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (
      typeof isCorrected === 'boolean' &&
      Number.isSafeInteger(score) &&
      typeof repository === 'string' &&
      !/\p{Cc}/u.test(repository)
    ) {
      return { isCorrected, after: { score: score as number, repository: repository as RepositoryName } };
    }
  } catch {
    // As little a cursor as one that names something else.
  }
  throw new RegistryError('REQUEST_INVALID', 'the cursor is none of this list: begin again without one');
}
