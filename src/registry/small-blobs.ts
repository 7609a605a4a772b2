// The bytes of small blobs that are asked for again and again, such as the chart that all of a cluster pulls.
import { BoundedMap } from '../events/bounded-map.ts';
import type { Digest } from '../oci/digest.ts';

/** bytes; nearly every packed chart has fewer */
const MAXIMUM_SIZE = 64 * 1024;
/** Of the largest they take 8 MiB. */
const MAXIMUM_KEPT = 128;
/** What is asked for once, as a mirror does with everything, drives out nothing. */
const MAXIMUM_ASKED = 4_096;

/**
 * Bytes under a digest never change, so there is nothing to be told of; who may read them, and whether they are still there, the
 * database says at each request.
 */
export class SmallBlobs {
  readonly #asked = new BoundedMap<true>(MAXIMUM_ASKED);
  readonly #kept = new BoundedMap<Uint8Array>(MAXIMUM_KEPT);

  /** The least recently used is forgotten first. */
  find(digest: Digest): Uint8Array | undefined {
    const bytes = this.#kept.get(digest);
    if (bytes) this.#kept.set(digest, bytes);
    return bytes;
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
    this.#asked.delete(digest);
  }
}
