// How much room is left in the storage: pushes are refused before it is full, so that deleting still works.
import { StorageFull } from '../oci/error.ts';
import type { BlobStore, StorageSpace } from '../ports/blob-store.ts';

/**
 * What pushes leave free, in bytes: the database needs room to delete something, and to write down what was done. On small
 * disks it is a share.
 */
export const RESERVE = 256 * 1024 * 1024;
export const RESERVE_SHARE = 0.05;
/** The same in files, of which some file systems can have only so many. */
export const RESERVE_FILES = 1_000;
/** Below so many times the reserve it is time to do something about it. */
const LOW = 4;

/**
 * - ample: nothing is to be done
 * - low: everything works, but not for long
 * - reserved: what is left is for the database; pushes are refused
 */
export type Room = 'ample' | 'low' | 'reserved';

export class FreeSpace {
  readonly #blobs: Pick<BlobStore, 'space'>;
  #last: StorageSpace | undefined;
  /** bytes that were promised since there is this object, and of these, before the last look began */
  #taken = 0;
  #takenBefore = 0;

  /** @param blobs are asked by `check` alone; before the first one, there is room for everything */
  constructor(blobs: Pick<BlobStore, 'space'>) {
    this.#blobs = blobs;
  }

  /** Looks how much room there is. To be called every few seconds, and when something has found none. */
  async check(): Promise<void> {
    const before = this.#taken;
    this.#last = await this.#blobs.space();
    // What is taken while it looks counts twice: rather too careful than too late.
    this.#takenBefore = before;
  }

  /** As of the last check, less what was taken since; undefined before it. */
  get freeBytes(): number | undefined {
    return this.#last && Math.max(0, this.#last.freeBytes - (this.#taken - this.#takenBefore));
  }

  get totalBytes(): number | undefined {
    return this.#last?.totalBytes;
  }

  /** What pushes leave free. */
  get reservedBytes(): number | undefined {
    return this.#last && Math.min(RESERVE, Math.floor(this.#last.totalBytes * RESERVE_SHARE));
  }

  get room(): Room {
    if (!this.has(0)) return 'reserved';
    return this.#isFree(0, LOW) ? 'ample' : 'low';
  }

  /** Whether that many bytes would leave the reserve. */
  has(bytes: number): boolean {
    return this.#isFree(bytes, 1);
  }

  /** @throws StorageFull when that many bytes would not leave the reserve */
  require(bytes: number): void {
    if (!this.has(bytes)) throw new StorageFull();
  }

  /** The same for bytes that are written now: the next ones will not find their room. */
  take(bytes: number): void {
    this.require(bytes);
    this.#taken += bytes;
  }

  #isFree(bytes: number, reserves: number): boolean {
    const { freeBytes = Number.POSITIVE_INFINITY, reservedBytes = 0 } = this;
    const freeFiles = this.#last?.freeFiles ?? Number.POSITIVE_INFINITY;
    return freeBytes - bytes >= reserves * reservedBytes && freeFiles >= reserves * RESERVE_FILES;
  }
}
