// Copies one blob from one store to another, and lets in only what has the digest that it is named by.
import { randomUUID } from 'node:crypto';
import { algorithmOf, finishHash, startHash } from '../oci/digest.ts';
import { type BlobStore, type StoredBytes, UnreadableBytes, type UploadId } from '../ports/blob-store.ts';
import type { Damage } from '../registry/record-damage.ts';
import type { StoredBlob } from '../tables/blobs.ts';

/** @returns what is wrong with the blob in `from`, in which case nothing is changed in `to`; undefined when it was copied */
export async function copyBlob(from: BlobStore, to: BlobStore, blob: StoredBlob): Promise<Damage | undefined> {
  const damage = await tryToCopy(from, to, blob);
  // What was wrong may have been the reading.
  return damage === undefined || damage === 'missing' ? damage : await tryToCopy(from, to, blob);
}

async function tryToCopy(from: BlobStore, to: BlobStore, { digest, size }: StoredBlob): Promise<Damage | undefined> {
  const upload = randomUUID() as UploadId;
  const hash = startHash(algorithmOf(digest));
  try {
    const stored = await from.examine(digest);
    if (!stored) return 'missing';
    const copied = await to.complete(
      upload,
      0,
      reading(stored, (chunk) => hash.update(chunk)),
    );
    if (copied !== size) return 'size';
    if (finishHash(hash, algorithmOf(digest)) !== digest) return 'content';
    await to.commit(upload, digest);
  } catch (error) {
    if (!(error instanceof UnreadableBytes)) throw error;
    return 'unreadable';
  } finally {
    await to.discard(upload);
  }
  return undefined;
}

async function* reading(stored: StoredBytes, onChunk: (chunk: Uint8Array) => void): AsyncIterable<Uint8Array> {
  for await (const chunk of stored.read()) {
    onChunk(chunk);
    yield chunk;
  }
}
