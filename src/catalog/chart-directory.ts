// The names of all charts that have a version to show: in memory, caught up with what was published whenever it is asked.
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Database } from '../ports/database.ts';
import { listChangedRepositories } from '../tables/chart-directory.ts';

interface Entry {
  readonly revision: number;
  readonly isListed: boolean;
}

const BATCH = 1_000;

export class ChartDirectory {
  readonly #database: Database;
  /** Those without a listed version too, so that an older state that is read late does not bring one back. */
  readonly #entries = new Map<RepositoryName, Entry>();
  #position = 0;
  #names: readonly RepositoryName[] | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** In byte order. */
  async names(): Promise<readonly RepositoryName[]> {
    await this.#catchUp();
    this.#names ??= [...this.#entries].flatMap(([name, { isListed }]) => (isListed ? [name] : [])).sort();
    return this.#names;
  }

  /** The revision of a chart's last change that was seen; undefined when it has no version to show. */
  revisionOf(repository: RepositoryName): number | undefined {
    const entry = this.#entries.get(repository);
    return entry?.isListed ? entry.revision : undefined;
  }

  async #catchUp(): Promise<void> {
    for (;;) {
      const changes = await listChangedRepositories(this.#database, this.#position, BATCH);
      const last = changes.at(-1);
      if (!last) return;
      for (const { repository, revision, listed } of changes) this.#note(repository, revision, listed === 1);
      // Somebody else, who asked at the same time, may have got further.
      this.#position = Math.max(this.#position, last.revision);
    }
  }

  #note(repository: RepositoryName, revision: number, isListed: boolean): void {
    const known = this.#entries.get(repository);
    if (known && known.revision >= revision) return;
    this.#entries.set(repository, { revision, isListed });
    if ((known?.isListed ?? false) !== isListed) this.#names = undefined;
  }
}
