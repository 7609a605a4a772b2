// The versions of a chart from the newest on, read only as far as somebody asks: what ranges are matched with.
import { setImmediate } from 'node:timers/promises';
import { type ChartVersion, parseChartVersion, tagOfVersion } from '../charts/version.ts';
import { parseVersionRange, type VersionRange } from '../charts/version-range.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Database } from '../ports/database.ts';
import { findVersionKey, listVersionKeys, type VersionKey } from '../tables/chart-directory.ts';

export interface OrderedVersion {
  readonly tag: Tag;
  readonly sortKey: string;
  readonly isListed: boolean;
  readonly version: ChartVersion;
}

const FIRST_BATCH = 20;
const LARGEST_BATCH = 1_000;

/** For the ranges of one request: what one of them has had read is not read again for the others. */
export class VersionsInOrder {
  readonly #database: Database;
  readonly #repository: RepositoryName;
  readonly #known: OrderedVersion[] = [];
  #before: string | undefined;
  /** What was chosen for texts, of which a request may have many equal ones. */
  readonly #chosen = new Map<string, OrderedVersion | undefined>();
  #batch = FIRST_BATCH;
  #isComplete = false;

  /** @param before a sort key: only versions below it */
  constructor(database: Database, repository: RepositoryName, before?: string) {
    this.#database = database;
    this.#repository = repository;
    this.#before = before;
  }

  /** The newest that fits. */
  async find(fits: (version: OrderedVersion) => boolean): Promise<OrderedVersion | undefined> {
    for await (const batch of this.batches()) {
      const found = batch.find(fits);
      if (found) return found;
    }
    return undefined;
  }

  /** All versions, some at a time, with room for other requests between them. */
  async *batches(): AsyncGenerator<readonly OrderedVersion[]> {
    for (let start = 0; ; ) {
      if (start >= this.#known.length) {
        if (this.#isComplete) return;
        await this.#readOn();
      } else {
        const batch = this.#known.slice(start, start + LARGEST_BATCH);
        start += batch.length;
        yield batch;
        if (batch.length === LARGEST_BATCH) await setImmediate();
      }
    }
  }

  /**
   * What Helm takes for a text in Chart.yaml or behind `--version`: the version of that very name, also when it is yanked, or
   * else of those that the text, as a range, admits the newest that is listed and strict SemVer.
   */
  async chosenFor(text: string): Promise<OrderedVersion | undefined> {
    if (!this.#chosen.has(text)) this.#chosen.set(text, await this.#choose(text));
    return this.#chosen.get(text);
  }

  async newestIn(range: VersionRange): Promise<OrderedVersion | undefined> {
    return await this.find((each) => isOffered(each) && range.admits(each.version));
  }

  /** The newest version that is listed, a stable one if there is any. */
  async newest(): Promise<OrderedVersion | undefined> {
    const stable = await this.find(({ isListed, version }) => isListed && version.strict && !version.prerelease);
    return stable ?? (await this.find(({ isListed }) => isListed));
  }

  async #choose(text: string): Promise<OrderedVersion | undefined> {
    const exact = await findVersionKey(this.#database, this.#repository, tagOfVersion(text) as Tag);
    const range = exact ? undefined : parseVersionRange(text);
    return exact ? orderedOf(exact) : range && (await this.newestIn(range));
  }

  async #readOn(): Promise<void> {
    const rows = await listVersionKeys(this.#database, this.#repository, this.#before, this.#batch);
    this.#before = rows.at(-1)?.sortKey ?? this.#before;
    this.#known.push(...rows.flatMap((row) => orderedOf(row) ?? []));
    this.#isComplete = rows.length < this.#batch;
    this.#batch = Math.min(this.#batch * 4, LARGEST_BATCH);
  }
}

/** Whether Helm, which asks for tags, would think of it for a range at all. */
function isOffered({ isListed, version }: OrderedVersion): boolean {
  return isListed && version.strict;
}

function orderedOf({ tag, version: text, sortKey, listed }: VersionKey): OrderedVersion | undefined {
  const version = parseChartVersion(text);
  return version && { tag, sortKey, isListed: listed === 1, version };
}
