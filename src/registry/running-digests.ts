// Digests that are computed while bytes arrive, so that a finished upload need not be read again.
import type { Hash } from 'node:crypto';
import { type Digest, type DigestAlgorithm, finishHash, startHash } from '../oci/digest.ts';
import type { BlobStore, UploadId } from '../ports/blob-store.ts';

interface Running {
  readonly hash: Hash;
  readonly algorithm: DigestAlgorithm;
  size: number;
  /** Bytes were passed on, of which some may have been written even where `size` does not say so. */
  isTouched: boolean;
}

/** Uploads that were begun and never ended must not pile up. */
const MAXIMUM_RUNNING = 10_000;

/**
 * Memory only: after a restart, or when an upload was cut back, nothing is known here and the bytes are read again.
 */
export class RunningDigests {
  readonly #running = new Map<UploadId, Running>();

  begin(upload: UploadId, algorithm: DigestAlgorithm): void {
    for (const oldest of this.#running.keys()) {
      if (this.#running.size < MAXIMUM_RUNNING) break;
      this.#running.delete(oldest);
    }
    this.#running.set(upload, { hash: startHash(algorithm), algorithm, size: 0, isTouched: false });
  }

  /** Whether the upload was begun here and has been sent no byte. */
  isUntouched(upload: UploadId): boolean {
    return this.#running.get(upload)?.isTouched === false;
  }

  /** Passes bytes on and hashes them. @param from how many bytes of the upload are there already */
  async *watch(upload: UploadId, from: number, body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    const running = this.#running.get(upload);
    if (running?.size !== from) {
      this.forget(upload);
      yield* body;
      return;
    }
    for await (const chunk of body) {
      running.isTouched = true;
      yield chunk;
      running.hash.update(chunk);
      running.size += chunk.length;
    }
  }

  /** The digest of the upload's bytes, if all `size` of them were seen here; ends the watch. */
  finish(upload: UploadId, algorithm: DigestAlgorithm, size: number): Digest | undefined {
    const running = this.#running.get(upload);
    this.forget(upload);
    if (running?.size !== size || running.algorithm !== algorithm) return undefined;
    return finishHash(running.hash, algorithm);
  }

  forget(upload: UploadId): void {
    this.#running.delete(upload);
  }
}

/** For what was not seen here. */
export async function readDigest(
  blobs: Pick<BlobStore, 'read'>,
  upload: UploadId,
  algorithm: DigestAlgorithm,
): Promise<Digest> {
  const hash = startHash(algorithm);
  for await (const chunk of blobs.read(upload)) hash.update(chunk);
  return finishHash(hash, algorithm);
}
