// A file, or a part of it, as a stream that goes to a socket at the speed of the disk.
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ByteRange } from '../../oci/byte-range.ts';
import type { ReusedBuffers } from './reused-buffers.ts';

/** Bytes that whoever reads it piece by piece gets at once, at the most: larger reads than Node's 64 KiB make large blobs about twice as fast. */
const PIECE = 1024 * 1024;

/**
 * Piped, it takes two buffers in turn: while one is on its way, the other is filled. Node's own stream takes new memory for each
 * piece, which costs about as much as reading and sending it. Closes the file when it ends or is destroyed.
 */
export class FileStream extends Readable {
  readonly #file: FileHandle;
  readonly #buffers: ReusedBuffers;
  readonly #to: number;
  /** Where the next byte stands in the file. */
  #at: number;

  /** @param range within the file: fewer bytes are an error, since whoever asked was told how many come */
  constructor(file: FileHandle, range: ByteRange, buffers: ReusedBuffers) {
    super();
    this.#file = file;
    this.#buffers = buffers;
    this.#at = range.from;
    this.#to = range.to;
  }

  override pipe<Destination extends NodeJS.WritableStream>(destination: Destination): Destination {
    this.#sendTo(destination).catch((error: Error) => this.destroy(error));
    return destination;
  }

  override _read(): void {
    const buffer = Buffer.allocUnsafe(Math.min(PIECE, this.#to - this.#at));
    this.#fill(buffer).then(
      (bytes) => this.push(bytes.length > 0 ? bytes : null),
      (error: Error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#file.close().then(
      () => done(error),
      (closing: Error) => done(error ?? closing),
    );
  }

  async #sendTo(destination: NodeJS.WritableStream): Promise<void> {
    let [filling, leaving] = [this.#buffers.take(), this.#buffers.take()];
    let left = Promise.resolve(true);
    for (let bytes = await this.#fill(filling); bytes.length > 0; bytes = await this.#fill(filling)) {
      // Who has gone away is noticed by whoever made the pipe as well, and that is told there.
      if (!(await left) || this.destroyed) break;
      left = isTaken(destination, bytes);
      [filling, leaving] = [leaving, filling];
    }
    if (!(await left) || this.destroyed) {
      this.destroy();
      return;
    }
    for (const buffer of [filling, leaving]) this.#buffers.giveBack(buffer);
    // As every stream does that is piped: whoever ends before its source is taken to have broken off.
    this.once('end', () => destination.end());
    this.push(null);
    this.resume();
  }

  /** @returns what was read; nothing at the end */
  async #fill(buffer: Buffer): Promise<Buffer> {
    const wanted = Math.min(buffer.length, this.#to - this.#at);
    if (wanted === 0) return buffer.subarray(0, 0);
    const { bytesRead } = await this.#file.read(buffer, 0, wanted, this.#at);
    if (bytesRead === 0) throw new Error(`a file ended at byte ${this.#at} of ${this.#to}`);
    this.#at += bytesRead;
    return buffer.subarray(0, bytesRead);
  }
}

/** Whether the bytes have left the buffer for good. */
function isTaken(destination: NodeJS.WritableStream, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    destination.write(bytes, (error) => resolve(!error));
  });
}
