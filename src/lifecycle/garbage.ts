// What all steps of garbage collection share: what they work on, what they are told, and what they count.
import { setImmediate as turn } from 'node:timers/promises';
import type { Transaction } from '../ports/database.ts';
import type { BlobStorage } from '../registry/keep-blob.ts';
import { pagesOf } from '../tables/pages.ts';

export interface CollectOptions {
  /** How long nothing must have referred to what is taken away: milliseconds. */
  readonly gracePeriod: number;
  /** Only counts what would be taken away now. */
  readonly dryRun: boolean;
  /** Whether manifests stay to which nothing refers, for whoever asks for them by digest alone. */
  readonly keepUntagged: boolean;
  /** Whether bytes without a row are looked for as well, among all that there are. */
  readonly withLeftovers: boolean;
}

/** What was taken away, or in a dry run would be. */
export interface Collected {
  /** Manifests that nothing referred to. */
  manifests: number;
  /** Blobs that no manifest needed any more, of all repositories. */
  blobs: number;
  /** Bytes that no row named, as a crash leaves them. */
  leftovers: number;
  /** Uploads that nobody has gone on with. */
  uploads: number;
  /** All bytes of them, on the disk and in the database. */
  bytes: number;
  /** Whether the bytes of blobs stay until the next collection, since somebody copies what is stored just now. */
  isHeld: boolean;
}

export interface Collection {
  readonly storage: BlobStorage;
  readonly options: CollectOptions;
  /** When it began: milliseconds since 1970. */
  readonly now: number;
  /** What nothing has referred to since then, or longer, goes: milliseconds since 1970. */
  readonly cutoff: number;
  readonly collected: Collected;
  /** Why what could not be taken away, by digest or id: it does not keep the rest. */
  readonly failures: Map<string, unknown>;
  /** Lets others go first. @throws when it is to stop */
  pause(): Promise<void>;
}

/** So few rows at once that no other writer waits long. */
export const BATCH = 20;
/** So many rows are read at once. */
export const PAGE = 200;

/** @param run `onProgress` is told after each step what was taken away so far */
export function beginCollection(
  storage: BlobStorage,
  options: CollectOptions,
  run: { readonly signal: AbortSignal; onProgress(collected: Readonly<Collected>): void },
): Collection {
  const now = storage.clock.now();
  const collected = { manifests: 0, blobs: 0, leftovers: 0, uploads: 0, bytes: 0, isHeld: false };
  return {
    storage,
    options,
    now,
    cutoff: now - options.gracePeriod,
    collected,
    failures: new Map(),
    pause: async () => {
      run.onProgress(collected);
      await turn();
      run.signal.throwIfAborted();
    },
  };
}

export function* batchesOf<Item>(items: readonly Item[]): Iterable<readonly Item[]> {
  for (let start = 0; start < items.length; start += BATCH) yield items.slice(start, start + BATCH);
}

/**
 * Notes since when nothing uses each of many things, or that something does, where that is not what is noted already.
 * @param list gives the page behind one of them
 */
export async function noteUses<Use extends { readonly since: number | null }>(
  { storage: { database }, now, pause }: Collection,
  list: (after: Use | undefined) => Promise<readonly Use[]>,
  isUsed: (use: Use) => boolean,
  note: (tx: Transaction, use: Use, since: number | null) => Promise<void>,
): Promise<void> {
  // A clock that was put back must not make a note one of a time to come.
  const isOutdated = (use: Use) => (isUsed(use) ? use.since !== null : use.since === null || use.since > now);
  for await (const page of pagesOf(list)) {
    for (const batch of batchesOf(page.filter(isOutdated))) {
      await database.transaction(async (tx) => {
        for (const use of batch) await note(tx, use, isUsed(use) ? null : now);
      });
      await pause();
    }
    await pause();
  }
}
