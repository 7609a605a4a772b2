// Counts pulls in memory, and writes them down now and then: reading is never slowed by writing.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { type Clock, DAY } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import { addPulls, type FetchedArchive } from '../tables/pulls.ts';

/** milliseconds */
const INTERVAL = 5_000;
/** Different blobs that are counted between two writings; more are written at once. */
const MAXIMUM_COUNTS = 10_000;

/**
 * A pull is the fetching of a chart's archive, from its start: what helm, Flux and Argo CD fetch once for each pull, and helm
 * push never. Which blob is an archive, and of which version, is found out when it is written down. What was counted in the
 * last seconds before a crash is lost.
 */
export class PullCounts {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #onFailure: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #counts = new Map<string, FetchedArchive>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly database: Database;
    readonly clock: Clock;
    readonly onFailure: (error: unknown) => void;
  }) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#onFailure = options.onFailure;
    this.#timer = setInterval(() => void this.write(), INTERVAL);
    this.#timer.unref();
  }

  /** @param blob any that was fetched */
  note(repository: RepositoryName, blob: Digest, times = 1): void {
    const day = Math.floor(this.#clock.now() / DAY);
    const key = `${day} ${repository} ${blob}`;
    const count = (this.#counts.get(key)?.count ?? 0) + times;
    this.#counts.set(key, { repository, contentDigest: blob, day, count });
    if (this.#counts.size >= MAXIMUM_COUNTS) void this.write();
  }

  /** Writes down what was counted so far. While the storage cannot be written to, that is reported, and tried again the next time. */
  async write(): Promise<void> {
    const counts = this.#counts;
    this.#counts = new Map();
    this.#writing = this.#writing.then(async () => {
      if (counts.size === 0) return;
      try {
        await this.#database.transaction(async (tx) => {
          for (const fetched of counts.values()) await addPulls(tx, fetched);
        });
      } catch (error) {
        this.#onFailure(error);
        if (error instanceof StorageUnusable) this.#takeBack(counts);
      }
    });
    await this.#writing;
  }

  /** While nothing can be written, not all that is new is counted, so that there is not one attempt after another. */
  #takeBack(counts: ReadonlyMap<string, FetchedArchive>): void {
    for (const [key, fetched] of counts) {
      const known = this.#counts.get(key);
      if (known) this.#counts.set(key, { ...known, count: known.count + fetched.count });
      else if (this.#counts.size < MAXIMUM_COUNTS / 2) this.#counts.set(key, fetched);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.write();
  }
}
