// Bytes that arrive before it is known what they are and where they belong: stored, hashed, and then kept as a blob or discarded.
import { randomUUID } from 'node:crypto';
import { type Digest, finishHash, startHash } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { UploadId } from '../ports/blob-store.ts';
import { type BlobStorage, keepBlob } from './keep-blob.ts';

const ALGORITHM = 'sha256';

/** What became no blob is discarded when this is disposed of, and what a crash leaves, at the next start. */
export class ReceivedBytes implements AsyncDisposable {
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
  readonly #id: UploadId;
  readonly #store: BlobStorage;
  #isKept = false;

  constructor(content: { readonly id: UploadId; readonly digest: Digest; readonly size: number }, store: BlobStorage) {
    this.digest = content.digest;
    this.size = content.size;
    this.#id = content.id;
    this.#store = store;
  }

  /** Until they are a blob. */
  read(): AsyncIterable<Uint8Array> {
    return this.#store.blobs.read(this.#id);
  }

  /** Makes them a blob of the repository: durable when this resolves. Once. */
  async keepIn(repository: RepositoryName): Promise<void> {
    await keepBlob(this.#store, this.#id, { repository, digest: this.digest, size: this.size });
    this.#isKept = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isKept) await this.#store.blobs.discard(this.#id);
  }
}

/** @throws whatever `body` throws; then nothing stays */
export async function receiveBytes(store: BlobStorage, body: AsyncIterable<Uint8Array>): Promise<ReceivedBytes> {
  const { blobs } = store;
  const id = randomUUID() as string as UploadId;
  const hash = startHash(ALGORITHM);
  async function* hashed(): AsyncIterable<Uint8Array> {
    for await (const chunk of body) {
      hash.update(chunk);
      yield chunk;
    }
  }
  try {
    const size = await blobs.complete(id, 0, hashed());
    return new ReceivedBytes({ id, digest: finishHash(hash, ALGORITHM), size }, store);
  } catch (error) {
    await blobs.discard(id);
    throw error;
  }
}
