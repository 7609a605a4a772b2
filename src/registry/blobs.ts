// Blobs of a repository: finding, opening and deleting them.
import type { Readable } from 'node:stream';
import { recordEvent } from '../events/record.ts';
import { BlobDamaged } from '../oci/blob-damaged.ts';
import type { ByteRange } from '../oci/byte-range.ts';
import { algorithmOf, type Digest, digestOf, shortDigest } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { BlobBody, BlobStore } from '../ports/blob-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { isUnreadable } from '../ports/file-errors.ts';
import { findBlobCheck, isBlobDamaged } from '../tables/blob-checks.ts';
import { findBlobSize, findManifestUsing, unlinkBlob } from '../tables/blobs.ts';
import { isNotedUnneeded, noteUnneeded } from '../tables/garbage-blobs.ts';
import type { Actor } from './actor.ts';
import { type BlobCheck, type CheckDependencies, checkBlob } from './check-blob.ts';
import type { SmallBlobs } from './small-blobs.ts';

/** A blob of at most so many bytes, as nearly every chart is, is read whole and compared with its digest before it is sent. */
const COMPARED_SIZE = 1024 * 1024;
/** How often opening a blob is tried that is not as it should be. */
const ATTEMPTS = 3;

/** A blob, or a part of it, to be sent. */
type OpenedBlob = BlobBody | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

export class Blobs {
  readonly #database: Database;
  readonly #store: BlobStore;
  readonly #clock: Clock;
  readonly #check: CheckDependencies;
  readonly #small: SmallBlobs;
  /** So that many who read a damaged blob at once have it checked once. */
  readonly #checking = new Map<Digest, Promise<BlobCheck>>();

  constructor(options: CheckDependencies, small: SmallBlobs) {
    this.#check = options;
    this.#small = small;
    this.#database = options.database;
    this.#store = options.blobs;
    this.#clock = options.clock;
  }

  /** Bytes of a blob that the repository may read. @throws BlobDamaged, RegistryError BLOB_UNKNOWN */
  async size(repository: RepositoryName, digest: Digest): Promise<number> {
    const size = await findBlobSize(this.#database, repository, digest);
    if (size !== undefined) return size;
    if (await isBlobDamaged(this.#database, repository, digest)) throw new BlobDamaged(digest);
    throw unknown(repository, digest);
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
   * Opens a blob that `size` has found. When not so many bytes are stored, it is recorded as damaged: the client would wait
   * for those that are missing. So is a small one with other bytes, when it is asked for as a whole.
   * @throws BlobDamaged, RegistryError BLOB_UNKNOWN when it was deleted meanwhile
   */
  async open(digest: Digest, size: number, range: ByteRange | undefined): Promise<OpenedBlob> {
    const kept = range ? undefined : this.#small.find(digest);
    if (kept) return { kind: 'bytes', bytes: kept };
    // Again, since meanwhile it may have been pushed, or set aside by a check that has not recorded it yet.
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const body = await this.#openWhole(digest, size, range);
      if (body) return body;
      const { kind } = await this.check(digest);
      if (kind === 'damaged') throw new BlobDamaged(digest);
    }
    throw new RegistryError('BLOB_UNKNOWN', `blob ${digest} is no longer there`);
  }

  /** Looks whether the stored bytes are as they should be; what is damaged is set aside and recorded. */
  async check(digest: Digest): Promise<BlobCheck> {
    const running = this.#checking.get(digest);
    if (running) return await running;
    const checking = this.#checkNow(digest).finally(() => this.#checking.delete(digest));
    this.#checking.set(digest, checking);
    return await checking;
  }

  async #checkNow(digest: Digest): Promise<BlobCheck> {
    const row = await findBlobCheck(this.#database, digest);
    const found: BlobCheck = row ? await checkBlob(this.#check, row) : { kind: 'changed' };
    if (found.kind === 'damaged') this.#small.forget(digest);
    return found;
  }

  /** Undefined when it is not as it should be. */
  async #openWhole(digest: Digest, size: number, range: ByteRange | undefined): Promise<OpenedBlob | undefined> {
    try {
      const body = await this.#store.open(digest, range);
      if (body.kind !== 'stream') return body;
      if (body.size !== size) {
        body.stream.destroy();
        return undefined;
      }
      if (range || size > COMPARED_SIZE) return body;
      const bytes = await gather(body.stream);
      if (digestOf(bytes, algorithmOf(digest)) !== digest) return undefined;
      this.#small.note(digest, bytes);
      return { kind: 'bytes', bytes };
    } catch (error) {
      if (error instanceof BlobDamaged || isUnreadable(error)) return undefined;
      throw error;
    }
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

async function gather(stream: Readable): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk as Uint8Array);
  const [first] = chunks;
  return first && chunks.length === 1 ? first : Buffer.concat(chunks);
}

function unknown(repository: RepositoryName, digest: Digest): RegistryError {
  return new RegistryError('BLOB_UNKNOWN', `${repository} has no blob ${digest}`);
}
