// Remembers what was looked up about access until anything about access changes.
import type { Database } from '../ports/database.ts';
import { readAccessRevision } from '../tables/access-revision.ts';

/** What does not fit is looked up again. */
const MAXIMUM_ENTRIES = 10_000;

/**
 * The database's revision counts up in the transaction of every change to access, whichever process makes it, and is read at
 * each use: a change takes effect with the next request, and a request costs one small read.
 */
export class RevisionCache<Value> {
  readonly #database: Database;
  readonly #entries = new Map<string, Value>();
  #revision = -1;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @param load what it throws, or that there is nothing, is not remembered */
  async get<Loaded extends Value | undefined>(key: string, load: () => Promise<Loaded>): Promise<Value | Loaded> {
    const revision = await readAccessRevision(this.#database);
    if (revision !== this.#revision) {
      this.#entries.clear();
      this.#revision = revision;
    }
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const value = await load();
    // What was looked up before a change that came meanwhile must not outlive it.
    if (value !== undefined && this.#revision === revision) {
      if (this.#entries.size >= MAXIMUM_ENTRIES) this.#entries.clear();
      this.#entries.set(key, value);
    }
    return value;
  }
}
