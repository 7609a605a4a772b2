// Blobs of a repository: finding, opening and deleting them.
import { recordEvent } from '../events/record.ts';
import type { ByteRange } from '../oci/byte-range.ts';
import { type Digest, shortDigest } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { BlobBody, BlobStore } from '../ports/blob-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { findBlobSize, findManifestUsing, unlinkBlob } from '../tables/blobs.ts';
import { isNotedUnneeded, noteUnneeded } from '../tables/garbage-blobs.ts';
import type { Actor } from './actor.ts';

export class Blobs {
  readonly #database: Database;
  readonly #store: BlobStore;
  readonly #clock: Clock;

  constructor(options: { readonly database: Database; readonly blobs: BlobStore; readonly clock: Clock }) {
    this.#database = options.database;
    this.#store = options.blobs;
    this.#clock = options.clock;
  }

  /** Bytes of a blob that the repository may read. @throws RegistryError BLOB_UNKNOWN */
  async size(repository: RepositoryName, digest: Digest): Promise<number> {
    const size = await findBlobSize(this.#database, repository, digest);
    if (size === undefined) throw unknown(repository, digest);
    return size;
  }

  /**
   * For whoever asks for a blob in order not to upload it: should garbage collection have noted that no manifest needs it, the
   * grace period begins anew.
   */
  async keepForPush(repository: RepositoryName, digest: Digest): Promise<void> {
    if (!(await isNotedUnneeded(this.#database, { repository, digest }))) return;
    await this.#database.transaction((tx) => noteUnneeded(tx, { repository, digest }, null));
  }

  /**
   * Opens a blob that `size` has found.
   * @throws Error when not so many bytes are stored: the client would wait for those that are missing
   */
  async open(digest: Digest, size: number, range: ByteRange | undefined): Promise<BlobBody> {
    const body = await this.#store.open(digest, range);
    if (body.kind === 'stream' && body.size !== size) {
      body.stream.destroy();
      throw new Error(`blob ${digest} has ${body.size} bytes in the store, and should have ${size}: push it again`);
    }
    return body;
  }

  /**
   * Takes a blob from the repository; its bytes are left to garbage collection.
   * @throws RegistryError BLOB_IN_USE while a manifest of the repository needs it, BLOB_UNKNOWN
   */
  async delete(repository: RepositoryName, digest: Digest, actor: Actor): Promise<void> {
    const at = this.#clock.now();
    await this.#database.transaction(async (tx) => {
      const manifest = await findManifestUsing(tx, repository, digest);
      if (manifest) {
        throw new RegistryError(
          'BLOB_IN_USE',
          `blob ${shortDigest(digest)} is part of manifest ${manifest} in ${repository}: delete that first`,
        );
      }
      if (!(await unlinkBlob(tx, repository, digest))) throw unknown(repository, digest);
      await recordEvent(tx, { kind: 'blob.deleted', at, author: actor.author, repository, digest });
    });
  }
}

function unknown(repository: RepositoryName, digest: Digest): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', `${repository} has no blob ${digest}`);
}
