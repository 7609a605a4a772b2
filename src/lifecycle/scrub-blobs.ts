// Reads stored blobs again, the longest unchecked first, and finds those that are no longer what was pushed.
import type { Digest } from '../oci/digest.ts';
import { DAY, HOUR } from '../ports/clock.ts';
import { type NotingSuccess, runEvery } from '../ports/repeated-job.ts';
import { type BlobCheck, type CheckDependencies, checkBlob, type OnBytes } from '../registry/check-blob.ts';
import { type HealingRecords, recordSound } from '../registry/record-healing.ts';
import { type BlobCheckRow, listDamagedBlobs, listUncheckedBlobs } from '../tables/blob-checks.ts';
import { pagesOf } from '../tables/pages.ts';
import type { ErrorLog } from './damage-log.ts';
import { Pace, type Pause } from './pace.ts';
import { tidySetAside } from './tidy-set-aside.ts';

/** A blob that was checked, or pushed, less long ago is left out: milliseconds. */
export const CHECK_INTERVAL = 7 * DAY;
const PAGE = 200;
/** Blobs, and milliseconds, after which checks that went well are written: not one transaction for each. */
const BATCH = 200;
const BATCH_TIME = 10_000;
/** For what is known to be damaged, of which most has no bytes to read: bytes a second. */
const RECHECK_RATE = 4 * 1024 * 1024;
/** So many in one run are no damage to single blobs, but a disk that is not there, or is breaking. */
const MAXIMUM_TROUBLE = 100;

interface ScrubDependencies extends CheckDependencies, HealingRecords {
  /** Of a blob that could not be checked, for want of rights or memory, say; the others are. */
  readonly onFailure: (error: unknown, digest: Digest) => void;
}

interface ScrubProgress {
  /** Blobs that were read. */
  readonly blobs: number;
  readonly bytes: number;
  /** Blobs that are damaged, and were not known to be. */
  readonly damaged: number;
  /** Blobs that were known to be damaged, and have sound bytes again. */
  readonly healed: number;
  /** Blobs that could not be checked. */
  readonly failed: number;
}

export interface ScrubOptions {
  readonly bytesPerSecond: number;
  /** Ends the run early; what was checked by then is recorded. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: ScrubProgress) => void;
  readonly pause?: Pause;
}

/**
 * One walk over all blobs that are due, without those that are known to be damaged.
 * @throws Error when very many blobs are damaged or cannot be read; they are left to the next run
 */
export async function scrubBlobs(dependencies: ScrubDependencies, options: ScrubOptions): Promise<ScrubProgress> {
  const { clock } = dependencies;
  return await walk(dependencies, options, (run) => run.walkUnchecked(options.signal, clock.now() - CHECK_INTERVAL));
}

/** One walk over the blobs that are known to be damaged, and what was set aside: an operator may have put their bytes back. */
export async function recheckDamaged(
  dependencies: ScrubDependencies,
  { signal }: Pick<ScrubOptions, 'signal'>,
): Promise<ScrubProgress> {
  return await walk(dependencies, { signal, bytesPerSecond: RECHECK_RATE }, async (run, onBytes) => {
    await tidySetAside(dependencies, onBytes);
    await run.walkDamaged(signal);
  });
}

async function walk(
  dependencies: ScrubDependencies,
  options: ScrubOptions,
  steps: (run: ScrubRun, onBytes: OnBytes) => Promise<void>,
): Promise<ScrubProgress> {
  const pace = new Pace({ ...options, clock: dependencies.clock });
  const onBytes: OnBytes = (bytes) => pace.spend(bytes);
  const run = new ScrubRun(dependencies, options.onProgress, onBytes);
  try {
    await steps(run, onBytes);
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    await run.write();
  }
  return run.progress;
}

type RegularDependencies = CheckDependencies & HealingRecords & { readonly noting: NotingSuccess };

/**
 * Runs at the start and every hour, for as long as there is something due. Disposing of it ends the run that is under way.
 * @param bytesPerSecond 0 for never
 */
export function scrubRegularly(
  dependencies: RegularDependencies,
  bytesPerSecond: number,
  log: ErrorLog,
): AsyncDisposable {
  if (bytesPerSecond === 0) return { [Symbol.asyncDispose]: async () => undefined };
  return runHourly(dependencies, log, (parts, signal) => scrubBlobs(parts, { bytesPerSecond, signal }));
}

/** The same for what is known to be damaged, on its own: a scrub may take days, or be turned off. */
export function recheckRegularly(dependencies: RegularDependencies, log: ErrorLog): AsyncDisposable {
  return runHourly(dependencies, log, (parts, signal) => recheckDamaged(parts, { signal }));
}

function runHourly(
  dependencies: RegularDependencies,
  log: ErrorLog,
  check: (parts: ScrubDependencies, signal: AbortSignal) => Promise<unknown>,
): AsyncDisposable {
  const stopping = new AbortController();
  const onFailure = (err: unknown, digest: Digest): void => log.error({ err, digest }, 'a stored blob was not checked');
  const job = runEvery(
    HOUR,
    dependencies.noting(() => check({ ...dependencies, onFailure }, stopping.signal)),
    (err) => log.error({ err }, 'the check of stored blobs has ended early'),
  );
  return {
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await job[Symbol.asyncDispose]();
    },
  };
}

class ScrubRun {
  readonly #dependencies: ScrubDependencies;
  readonly #onProgress: (progress: ScrubProgress) => void;
  readonly #onBytes: OnBytes;
  #progress: ScrubProgress = { blobs: 0, bytes: 0, damaged: 0, healed: 0, failed: 0 };
  #sound: BlobCheckRow[] = [];
  #written: number;

  constructor(
    dependencies: ScrubDependencies,
    onProgress: ((progress: ScrubProgress) => void) | undefined,
    onBytes: OnBytes,
  ) {
    this.#dependencies = dependencies;
    this.#onProgress = onProgress ?? (() => undefined);
    this.#onBytes = onBytes;
    this.#written = dependencies.clock.now();
  }

  get progress(): ScrubProgress {
    return this.#progress;
  }

  async walkDamaged(signal: AbortSignal): Promise<void> {
    const { database } = this.#dependencies;
    for await (const rows of pagesOf<BlobCheckRow>((last) => listDamagedBlobs(database, last?.digest ?? '', PAGE))) {
      for (const row of rows) await this.#check(row, signal);
    }
  }

  async walkUnchecked(signal: AbortSignal, before: number): Promise<void> {
    const { database } = this.#dependencies;
    const list = (after: BlobCheckRow | undefined) => listUncheckedBlobs(database, { before, after, limit: PAGE });
    for await (const rows of pagesOf(list)) {
      for (const row of rows) if (row.damagedAt === null) await this.#check(row, signal);
    }
  }

  /** Records what was found to be sound. */
  async write(): Promise<void> {
    const sound = this.#sound;
    this.#sound = [];
    this.#written = this.#dependencies.clock.now();
    await recordSound(this.#dependencies, sound);
  }

  async #check(row: BlobCheckRow, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { onFailure, clock } = this.#dependencies;
    try {
      const check = await checkBlob(this.#dependencies, row, async (bytes) => {
        this.#progress = { ...this.#progress, bytes: this.#progress.bytes + bytes };
        await this.#onBytes(bytes);
      });
      this.#count(row, check);
    } catch (error) {
      signal.throwIfAborted();
      onFailure(error, row.digest);
      this.#progress = { ...this.#progress, failed: this.#progress.failed + 1 };
    }
    this.#onProgress(this.#progress);
    if (this.#sound.length >= BATCH || clock.now() - this.#written >= BATCH_TIME) await this.write();
    const { damaged, failed } = this.#progress;
    if (damaged + failed >= MAXIMUM_TROUBLE) {
      throw new Error(
        `${damaged} blobs were found damaged and ${failed} could not be read, so the rest is left to the next run: is the disk sound, and the right one?`,
      );
    }
  }

  #count(row: BlobCheckRow, check: BlobCheck): void {
    const { blobs, damaged, healed, ...rest } = this.#progress;
    if (check.kind === 'sound') this.#sound.push(row);
    this.#progress = {
      ...rest,
      blobs: blobs + 1,
      damaged: damaged + (check.kind === 'damaged' && !check.isKnown ? 1 : 0),
      healed: healed + (check.kind === 'sound' && row.damagedAt !== null ? 1 : 0),
    };
  }
}
