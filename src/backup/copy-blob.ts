// Copies one blob from one store to another, and lets in only what has the digest that it is named by.
import { randomUUID } from 'node:crypto';
import { algorithmOf, type Digest, finishHash, startHash } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import type { BlobStore, UploadId } from '../ports/blob-store.ts';

/** The bytes cannot be had. The message says in few words why. */
class Unreadable extends Error {}

/** @returns in words what is wrong with the blob in `from`, in which case nothing is changed in `to`; undefined when it was copied */
export async function copyBlob(from: BlobStore, to: BlobStore, digest: Digest): Promise<string | undefined> {
  const upload = randomUUID() as UploadId;
  const hash = startHash(algorithmOf(digest));
  await to.start(upload);
  try {
    const size = await to.append(
      upload,
      readBlob(from, digest, (chunk) => hash.update(chunk)),
    );
    const actual = finishHash(hash, algorithmOf(digest));
    if (actual === digest) await to.commit(upload, digest, size);
    else return otherBytes(actual);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return error.message;
  } finally {
    await to.discard(upload);
  }
  return undefined;
}

/** @returns in words what is wrong with a blob; undefined when it has its digest */
export async function checkBlob(store: BlobStore, digest: Digest): Promise<string | undefined> {
  const hash = startHash(algorithmOf(digest));
  try {
    for await (const chunk of readBlob(store, digest, () => undefined)) hash.update(chunk);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return error.message;
  }
  const actual = finishHash(hash, algorithmOf(digest));
  return actual === digest ? undefined : otherBytes(actual);
}

/** @throws Unreadable */
async function* readBlob(
  store: BlobStore,
  digest: Digest,
  onChunk: (chunk: Uint8Array) => void,
): AsyncIterable<Uint8Array> {
  const body = await store.open(digest).catch((error: unknown) => {
    throw new Unreadable(error instanceof RegistryError ? 'is missing' : reasonOf(error), { cause: error });
  });
  if (body.kind !== 'stream') throw new Error('the blob store answers its own server with a redirect');
  const chunks = body.stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((cause: unknown) => {
        throw new Unreadable(reasonOf(cause), { cause });
      });
      if (next.done) return;
      onChunk(next.value);
      yield next.value;
    }
  } finally {
    body.stream.destroy();
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
  return `cannot be read (${code})`;
}

function otherBytes(actual: Digest): string {
  return `is damaged: its bytes have the digest ${actual}`;
}
