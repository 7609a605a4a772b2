// The bytes of small blobs that are asked for again and again, such as the chart that all of a cluster pulls, and of those that were just pushed.
import { BoundedMap } from '../events/bounded-map.ts';
import type { Digest } from '../oci/digest.ts';

/** bytes; nearly every packed chart has fewer */
const MAXIMUM_SIZE = 64 * 1024;
/** Of the largest they take 8 MiB. */
const MAXIMUM_KEPT = 128;
/** Of those just pushed, whose manifest is about to come: at most 4 MiB. */
const MAXIMUM_PUSHED = 64;
/** What is asked for once, as a mirror does with everything, drives out nothing. */
const MAXIMUM_ASKED = 4_096;

/**
 * Bytes under a digest never change, so there is nothing to be told of; who may read them, and whether they are still there, the
 * database says at each request.
 */
export class SmallBlobs {
  readonly #asked = new BoundedMap<true>(MAXIMUM_ASKED);
  readonly #kept = new BoundedMap<Uint8Array>(MAXIMUM_KEPT);
  readonly #pushed = new BoundedMap<Uint8Array>(MAXIMUM_PUSHED);

  /** The least recently used is forgotten first. */
  find(digest: Digest): Uint8Array | undefined {
    const bytes = this.#kept.get(digest);
    if (bytes) this.#kept.set(digest, bytes);
    return bytes;
  }

  /** What was just pushed, for the push that goes on with it: all others get what is stored. */
  findPushed(digest: Digest): Uint8Array | undefined {
    return this.#pushed.get(digest);
  }

  /** Keeps what has just become a blob, until others have. @param bytes are nobody else's, and undefined when it is no small one */
  notePushed(digest: Digest, bytes: Uint8Array | undefined): void {
    if (bytes) this.#pushed.set(digest, bytes);
  }

  /** Keeps a copy from the second time on. @param bytes were just found to have the digest */
  note(digest: Digest, bytes: Uint8Array): void {
    if (bytes.length > MAXIMUM_SIZE) return;
    if (this.#asked.get(digest)) this.#kept.set(digest, Buffer.from(bytes));
    else this.#asked.set(digest, true);
  }

  /** For what turned out to be damaged in the store: it is not to be given out as if nothing were wrong. */
  forget(digest: Digest): void {
    this.#kept.delete(digest);
    this.#pushed.delete(digest);
    this.#asked.delete(digest);
  }
}

/** Copies a body on its way, when it is announced to be small. */
export class CopiedBytes {
  readonly #length: number | undefined;
  #copy: Uint8Array | undefined;
  #size = 0;

  /** @param length bytes, when the request says so */
  constructor(length: number | undefined) {
    this.#length = length;
  }

  async *pass(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const piece of body) {
      this.#take(piece);
      yield piece;
    }
  }

  /** All of a blob. @param size bytes that it has; undefined when others came another way, or too many */
  whole(size: number): Uint8Array | undefined {
    return size === this.#size && size === this.#length ? this.#copy : undefined;
  }

  /** In one piece, however small those are that come. */
  #take(piece: Uint8Array): void {
    const [from, length] = [this.#size, this.#length];
    this.#size += piece.length;
    if (length === undefined || length > MAXIMUM_SIZE || this.#size > length) {
      this.#copy = undefined;
      return;
    }
    if (from === 0) this.#copy = Buffer.allocUnsafeSlow(length);
    this.#copy?.set(piece, from);
  }
}
