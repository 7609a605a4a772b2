// Brings an index document up to what its source has: at first with all listed versions, from then on with what changed.
import type { IndexDocument } from './index-document.ts';
import type { IndexChange } from './index-groups.ts';
import type { ChangePosition, IndexedVersion, IndexScope, IndexSource, VersionPlace } from './index-source.ts';
import { Turns } from './turns.ts';

/** A place in either order. */
type Place = VersionPlace & ChangePosition;

/** Versions that are read at once: few, since each may have a Chart.yaml of 1 MiB. */
const PAGE_LENGTH = 16;
/** Bytes of entries that are put into the document at once. Each batch of listed versions goes behind the one before it. */
const LISTED_BATCH = 1024 * 1024;
/** Changes fall anywhere: the more at once, the fewer groups are written twice. */
const CHANGED_BATCH = 8 * LISTED_BATCH;
/** Entries that are written in one turn, in some milliseconds. */
const TURN = 256;

export class IndexCatchUp {
  readonly #source: IndexSource;
  readonly #scope: IndexScope;
  readonly #document: IndexDocument;
  readonly #turns = new Turns(TURN);
  /** How far the listed versions are in the document: where a first reading that failed goes on. */
  #listed: Place | undefined;
  #isLoaded = false;
  /** How far the changes are; undefined before the first reading. */
  #changed: Place | undefined;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(source: IndexSource, scope: IndexScope, document: IndexDocument) {
    this.#source = source;
    this.#scope = scope;
    this.#document = document;
  }

  /** Resolves when the document has everything that the source had at the time of the call. @throws what the source throws */
  run(): Promise<void> {
    // A reading that runs may be past it already, so it takes one that begins later: the same for all who wait.
    if (this.#next === undefined) {
      this.#next = this.#running.then(() => this.#read());
      this.#running = this.#next.catch(() => undefined);
    }
    return this.#next;
  }

  async #read(): Promise<void> {
    this.#next = undefined;
    // What changes while the listed versions are read is read again as a change. No repository has an empty name.
    this.#changed ??= {
      revision: (await this.#source.newestRevision(this.#scope)) + 1,
      ...{ repository: '', sortKey: '', tag: '' },
    };
    if (!this.#isLoaded) await this.#readListed();
    await this.#readChanges(this.#changed);
  }

  async #readListed(): Promise<void> {
    await this.#readPages({
      after: this.#listed,
      batchLength: LISTED_BATCH,
      read: (after) => this.#source.listedVersions(this.#scope, after, PAGE_LENGTH),
      remember: (place) => {
        this.#listed = place;
      },
    });
    this.#isLoaded = true;
  }

  async #readChanges(after: Place): Promise<void> {
    await this.#readPages({
      after,
      batchLength: CHANGED_BATCH,
      read: (last) => this.#source.changesAfter(this.#scope, last, PAGE_LENGTH),
      remember: (place) => {
        this.#changed = place;
      },
    });
  }

  async #readPages<Start extends Place | undefined>(pages: {
    readonly after: Start;
    readonly batchLength: number;
    readonly read: (after: Start | Place) => Promise<readonly IndexedVersion[]>;
    /** is called with the last version that is in the document */
    readonly remember: (place: Place) => void;
  }): Promise<void> {
    let after: Start | Place = pages.after;
    let batch: IndexChange[] = [];
    let length = 0;
    for (let isEnd = false; !isEnd; ) {
      const page = await pages.read(after);
      isEnd = page.length === 0;
      for (const version of page) {
        const change = this.#document.write(version);
        batch.push(change);
        length += change.written?.entry.length ?? 0;
        after = placeOf(version);
      }
      await this.#turns.spend(page.length);
      if (after !== undefined && batch.length > 0 && (isEnd || length >= pages.batchLength)) {
        await this.#document.apply(batch);
        pages.remember(after);
        batch = [];
        length = 0;
      }
    }
  }
}

function placeOf({ repository, sortKey, revision, tag }: IndexedVersion): Place {
  return { repository, sortKey, revision, tag };
}
