// What is in each archive: found out once for each content, then read from the database.
import type { ChartMetadata } from '../charts/chart-yaml.ts';
import { type ContentsDescription, DESCRIPTION_REVISION, describeContents } from '../charts/describe-contents.ts';
import type { Digest } from '../oci/digest.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import { findDescription, putDescription } from '../tables/contents.ts';
import type { ContentsCache } from './contents-cache.ts';

type Description =
  | { readonly kind: 'described'; readonly contents: ContentsDescription }
  | { readonly kind: 'unreadable'; readonly problem: string };

export class Descriptions {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #archives: ContentsCache;
  readonly #describing = new Map<Digest, Promise<Description>>();

  constructor(database: Database, clock: Clock, archives: ContentsCache) {
    this.#database = database;
    this.#clock = clock;
    this.#archives = archives;
  }

  /**
   * @param metadata of the chart in the archive
   * @throws RegistryError TOO_MANY_REQUESTS; what the blob store throws
   */
  async of(contentDigest: Digest, metadata: ChartMetadata): Promise<Description> {
    const known = await findDescription(this.#database, contentDigest, DESCRIPTION_REVISION);
    if (known !== undefined) return { kind: 'described', contents: JSON.parse(known) as ContentsDescription };
    const running = this.#describing.get(contentDigest);
    if (running) return await running;
    const describing = this.#describe(contentDigest, metadata);
    this.#describing.set(contentDigest, describing);
    try {
      return await describing;
    } finally {
      this.#describing.delete(contentDigest);
    }
  }

  async #describe(contentDigest: Digest, metadata: ChartMetadata): Promise<Description> {
    const opened = await this.#archives.open(contentDigest);
    if (opened.kind === 'unreadable') return opened;
    const contents = describeContents(metadata, opened.contents);
    const at = this.#clock.now();
    const found = { revision: DESCRIPTION_REVISION, description: JSON.stringify(contents), at };
    try {
      await this.#database.transaction((tx) => putDescription(tx, contentDigest, found));
    } catch (error) {
      // It saves work the next time. That the disk is full, or locked, must not keep it from being read now.
      if (!(error instanceof StorageUnusable)) throw error;
    }
    return { kind: 'described', contents };
  }
}
