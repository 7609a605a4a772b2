// Writes to a file what comes in small pieces: what comes while the disk is at work goes to it together, next.
import type { FileHandle } from 'node:fs/promises';
import { onDisk } from './on-disk.ts';
import type { ReusedBuffers } from './reused-buffers.ts';
import { writeAll } from './write-all.ts';

/** Bytes after which the disk is asked to begin with them, so that the sync at the end finds hardly anything to do. */
const EARLY_SYNC = 32 * 1024 * 1024;

/** The disk has failed with bytes that it had taken: nobody can tell which of the file are there. */
export class SyncFailed extends Error {
  constructor(options: { readonly cause: unknown }) {
    super('what was written could not be made durable', options);
    this.name = 'SyncFailed';
  }
}

export class GatheredWrites {
  readonly #file: FileHandle;
  readonly #buffers: ReusedBuffers;
  #gathering: Buffer | undefined;
  /** Of these: bytes. */
  #gathered = 0;
  /** One at a time: of two at once, the first could fail and leave a hole. */
  #writing: Promise<void> | undefined;
  #failed: unknown;
  #unsynced = 0;
  #syncing: Promise<void> | undefined;

  /** @param file is appended to */
  constructor(file: FileHandle, buffers: ReusedBuffers) {
    this.#file = file;
    this.#buffers = buffers;
  }

  /** The bytes are the caller's again when this resolves. @throws StorageUnusable, SyncFailed also for what came before */
  async add(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0; ) {
      this.#gathering ??= this.#buffers.take();
      const part = rest.subarray(0, this.#gathering.length - this.#gathered);
      this.#gathering.set(part, this.#gathered);
      this.#gathered += part.length;
      rest = rest.subarray(part.length);
      const isFull = this.#gathered === this.#gathering.length;
      if (isFull) await this.#writing;
      if (this.#failed !== undefined) throw this.#failed;
      if (!this.#writing) this.#write();
    }
  }

  /** Resolves when all of it is in the file. To be called in any case: the file may be closed only then. */
  async end(): Promise<void> {
    while (this.#writing) await this.#writing;
    await this.#syncing;
    if (this.#failed !== undefined) throw this.#failed;
  }

  #write(): void {
    const [buffer, length] = [this.#gathering, this.#gathered];
    if (!buffer || length === 0) return;
    this.#gathering = undefined;
    this.#gathered = 0;
    this.#writing = onDisk(() => writeAll(this.#file, buffer.subarray(0, length))).then(
      () => this.#written(buffer, length),
      (error: unknown) => this.#fail(error),
    );
  }

  #written(buffer: Buffer, length: number): void {
    this.#writing = undefined;
    this.#buffers.giveBack(buffer);
    this.#write();
    this.#unsynced += length;
    if (this.#unsynced < EARLY_SYNC || this.#syncing) return;
    this.#unsynced = 0;
    this.#syncing = this.#file.datasync().then(
      () => {
        this.#syncing = undefined;
      },
      // Linux tells of it once: the sync at the end would succeed.
      (cause: unknown) => {
        // A write may be under way still.
        this.#failed ??= new SyncFailed({ cause });
      },
    );
  }

  #fail(error: unknown): void {
    this.#writing = undefined;
    this.#failed ??= error;
  }
}
