// Uploads: bytes that arrive in one request or in several, until their digest makes a blob of them.
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Author } from '../events/author.ts';
import type { ByteRange } from '../oci/byte-range.ts';
import { algorithmOf, type Digest, type DigestAlgorithm, digestOf } from '../oci/digest.ts';
import { ChunkOutOfOrder, RegistryError } from '../oci/error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { type BlobStore, isUploadId, type UploadId } from '../ports/blob-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database, Transaction } from '../ports/database.ts';
import { isForLackOfRoom } from '../ports/storage-unusable.ts';
import { deleteUpload, findUpload, insertUpload } from '../tables/uploads.ts';
import type { Actor } from './actor.ts';
import type { FreeSpace } from './free-space.ts';
import { type BlobStorage, keepBlob } from './keep-blob.ts';
import { findMountSource, mountBlob } from './mounts.ts';
import {
  endUpload,
  listOpenUploads,
  MAXIMUM_OPEN_UPLOADS,
  noOpenUpload,
  type OpenUpload,
  tooManyUploads,
  type UploadAddress,
  type UploadPlace,
  uploadUnknown,
} from './open-uploads.ts';
import { type ReceivedBytes, receiveBytes } from './received-bytes.ts';
import type { OnHealed } from './record-healing.ts';
import { RunningDigests, readDigest } from './running-digests.ts';
import { CopiedBytes, type SmallBlobs } from './small-blobs.ts';
import { UploadAllowance } from './upload-allowance.ts';
import { UploadEnded, UploadLocks, untilTakenOver } from './upload-locks.ts';

export interface Chunk {
  readonly body: AsyncIterable<Uint8Array>;
  /** Where the chunk says that it belongs; without it, it continues at the current end, as Docker's does. */
  readonly range: ByteRange | undefined;
  /** bytes, when the request says so */
  readonly length: number | undefined;
}

export class Uploads {
  readonly #database: Database;
  readonly #blobs: BlobStore;
  readonly #clock: Clock;
  readonly #storage: BlobStorage;
  readonly #allowance: UploadAllowance;
  readonly #small: SmallBlobs;
  readonly #maximumOpenUploads: number;
  readonly #locks = new UploadLocks();
  readonly #digests = new RunningDigests();

  constructor(options: {
    readonly database: Database;
    readonly blobs: BlobStore;
    readonly clock: Clock;
    readonly maximumBlobBytes: number;
    readonly space: FreeSpace;
    readonly small: SmallBlobs;
    readonly onHealed?: OnHealed | undefined;
    readonly maximumOpenUploads?: number;
  }) {
    this.#database = options.database;
    this.#blobs = options.blobs;
    this.#clock = options.clock;
    this.#storage = options;
    this.#allowance = new UploadAllowance(options);
    this.#small = options.small;
    this.#maximumOpenUploads = options.maximumOpenUploads ?? MAXIMUM_OPEN_UPLOADS;
  }

  /** Opens an upload that further requests fill. @throws StorageFull, RegistryError TOO_MANY_UPLOADS */
  async start(repository: RepositoryName, actor: Actor, algorithm: DigestAlgorithm): Promise<UploadId> {
    this.#allowance.require(0, 0);
    const id = newUploadId();
    const created = { createdAt: this.#clock.now(), createdBy: actor.name };
    const upload = { id, repository, owner: actor.ownerKey, ...created };
    const maximum = this.#maximumOpenUploads;
    const isOpen = await this.#database.transaction((tx) => insertUpload(tx, upload, maximum));
    if (!isOpen) throw tooManyUploads(actor, maximum);
    this.#digests.begin(id, algorithm);
    return id;
  }

  /** Takes a whole blob in one request (spec: "Single POST"). When it fails, nothing stays. @throws StorageFull */
  async store(repository: RepositoryName, digest: Digest, chunk: Chunk): Promise<void> {
    const id = newUploadId();
    this.#allowance.require(0, chunk.length ?? 0);
    try {
      this.#digests.begin(id, algorithmOf(digest));
      const size = await this.#write('complete', id, 0, chunk.body);
      await this.#becomeBlob(id, repository, digest, size);
    } catch (error) {
      this.#digests.forget(id);
      await this.#blobs.discard(id);
      throw error;
    }
  }

  /** Makes a blob of bytes that the registry itself has written. */
  async storeBytes(
    repository: RepositoryName,
    bytes: Uint8Array,
  ): Promise<{ readonly digest: Digest; readonly size: number }> {
    const [digest, size] = [digestOf(bytes), bytes.length];
    await this.store(repository, digest, { body: Readable.from([bytes]), range: undefined, length: size });
    return { digest, size };
  }

  /** Takes bytes that may become a blob, `length` of them if that is known. @throws StorageFull, RegistryError BLOB_TOO_LARGE */
  async receive(body: AsyncIterable<Uint8Array>, length = 0): Promise<ReceivedBytes> {
    this.#allowance.require(0, length);
    return await receiveBytes(this.#storage, this.#allowance.limited(0, body));
  }

  /** How many bytes have arrived. @throws RegistryError BLOB_UPLOAD_UNKNOWN also when the upload is somebody else's */
  async received(address: UploadAddress): Promise<number> {
    return await this.#received(await this.#find(address));
  }

  /**
   * Adds a chunk. What arrived of a body that ends early stays, and the upload can go on from there. Of one for which there is
   * no room nothing stays, and the upload can go on from where it stood.
   * @returns how many bytes have arrived in all
   * @throws StorageFull, ChunkOutOfOrder, UploadTakenOver, RegistryError SIZE_INVALID, BLOB_TOO_LARGE, BLOB_UPLOAD_UNKNOWN
   */
  async append(address: UploadAddress, chunk: Chunk): Promise<number> {
    const id = await this.#find(address);
    await using lock = await this.#locks.acquire(id);
    await this.#find(address);
    return await this.#writeChunk('append', id, chunk, lock.takenOver);
  }

  /**
   * Adds the last chunk, if there is one, and makes the upload a blob of the repository: durable when this resolves.
   * @throws RegistryError DIGEST_INVALID when the bytes have another digest, which ends the upload; and as `append` does
   */
  async finish(address: UploadAddress, digest: Digest, chunk: Chunk): Promise<void> {
    const id = await this.#find(address);
    await using lock = await this.#locks.acquire(id);
    await this.#find(address);
    const copied = new CopiedBytes(chunk.length);
    const size = await this.#writeChunk('complete', id, { ...chunk, body: copied.pass(chunk.body) }, lock.takenOver);
    try {
      await this.#becomeBlob(id, address.repository, digest, size, async (tx) => {
        // Somebody else has ended it meanwhile.
        if (!(await deleteUpload(tx, id))) throw uploadUnknown(address);
      });
      this.#small.notePushed(digest, copied.whole(size));
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'DIGEST_INVALID') await this.#forget(id);
      throw error;
    }
  }

  async cancel(address: UploadAddress): Promise<void> {
    const id = await this.#find(address);
    await using _lock = await this.#locks.acquire(id);
    await this.#find(address);
    await this.#forget(id);
  }

  /** Uploads of everybody, the oldest first, behind the one that `after` names. */
  async list(after: UploadPlace | undefined, limit: number): Promise<readonly OpenUpload[]> {
    return await listOpenUploads(this.#database, this.#blobs, after, limit);
  }

  /**
   * Ends an upload, whosever it is; who is sending some of it is told so.
   * @throws RegistryError NOT_FOUND when there is none
   */
  async end(id: string, author: Author): Promise<void> {
    if (!isUploadId(id)) throw noOpenUpload(id);
    await endUpload(this.#storage, id, author);
    await this.#locks.stop(id, new UploadEnded());
    this.#digests.forget(id);
    await this.#blobs.discard(id);
  }

  /** Discards what a crash left of uploads that nobody can go on with. For the start, when no request is under way. */
  async discardAbandoned(): Promise<void> {
    for await (const id of this.#blobs.listUploads()) {
      const isOpen = (await this.#blobs.received(id)) !== undefined;
      if (!isOpen || !(await findUpload(this.#database, id))) await this.#forget(id);
    }
  }

  /**
   * Finds a repository that has the blob.
   * @param from where the client knows it from: it need only be one that the actor may know of, whose token may have to
   * grow; without it, one that the actor may read as it is, so that no repository is named that the client did not name
   * @returns undefined when there is none: then the blob must be uploaded
   */
  async findMountSource(
    digest: Digest,
    from: RepositoryName | undefined,
    actor: Actor,
  ): Promise<RepositoryName | undefined> {
    return await findMountSource(this.#database, digest, from, actor);
  }

  /**
   * Lets the repository read a blob that another one has, without a transfer.
   * @throws RegistryError BLOB_UNKNOWN when the other one does not have it any more, StorageFull
   */
  async mount(repository: RepositoryName, digest: Digest, source: RepositoryName): Promise<void> {
    this.#allowance.require(0, 0);
    await mountBlob(this.#storage, repository, digest, source);
  }

  /** Whether this owner opened the upload between these times: milliseconds since 1970. */
  async beganWithin(id: string, ownerKey: string, from: number, to: number): Promise<boolean> {
    const upload = isUploadId(id) ? await findUpload(this.#database, id) : undefined;
    return upload?.owner === ownerKey && upload.createdAt >= from && upload.createdAt <= to;
  }

  async #find(address: UploadAddress): Promise<UploadId> {
    const upload = isUploadId(address.id) ? await findUpload(this.#database, address.id) : undefined;
    if (upload?.repository === address.repository && upload.owner === address.actor.ownerKey) return upload.id;
    throw uploadUnknown(address);
  }

  async #received(id: UploadId): Promise<number> {
    if (this.#digests.isUntouched(id)) return 0;
    return (await this.#blobs.received(id)) ?? 0;
  }

  async #writeChunk(how: 'append' | 'complete', id: UploadId, chunk: Chunk, takenOver: AbortSignal): Promise<number> {
    const { range, length } = chunk;
    const received = await this.#received(id);
    if (range && range.from !== received) {
      throw new ChunkOutOfOrder(`the upload stands at byte ${received}, the chunk starts at ${range.from}`, received);
    }
    const announced = range ? range.to - range.from : length;
    // What has all arrived may be ended: that takes next to no room.
    if (announced !== 0) this.#allowance.require(received, announced ?? 0);
    if (length !== undefined && announced !== length) {
      throw new RegistryError('SIZE_INVALID', `Content-Range names ${announced} bytes, the body has ${length}`);
    }
    const size = await this.#write(how, id, received, untilTakenOver(chunk.body, takenOver, length));
    if (range && size !== range.to) {
      await this.#blobs.truncate(id, received);
      this.#digests.forget(id);
      throw new RegistryError('SIZE_INVALID', `Content-Range names ${announced} bytes, ${size - received} came`);
    }
    return size;
  }

  async #write(
    how: 'append' | 'complete',
    id: UploadId,
    received: number,
    body: AsyncIterable<Uint8Array>,
  ): Promise<number> {
    try {
      const watched = this.#digests.watch(id, received, this.#allowance.limited(received, body));
      return await this.#blobs[how](id, received, watched);
    } catch (error) {
      if (isForLackOfRoom(error)) await this.#cutBack(id, received);
      throw error;
    }
  }

  /** What came for nothing takes up no room that others could use. */
  async #cutBack(id: UploadId, received: number): Promise<void> {
    this.#digests.forget(id);
    // Should this fail too, the first failure is still the one to tell; what stays can be gone on with.
    await this.#blobs.truncate(id, received).catch(() => undefined);
    await this.#allowance.lookAgain();
  }

  async #becomeBlob(
    id: UploadId,
    repository: RepositoryName,
    digest: Digest,
    size: number,
    record?: (tx: Transaction) => Promise<void>,
  ): Promise<void> {
    const algorithm = algorithmOf(digest);
    const actual = this.#digests.finish(id, algorithm, size) ?? (await readDigest(this.#blobs, id, algorithm));
    if (actual !== digest) {
      throw new RegistryError(
        'DIGEST_INVALID',
        `${size} bytes arrived with digest ${actual}, announced was ${digest}: they were damaged on the way, push again`,
      );
    }
    await keepBlob(this.#storage, id, { repository, digest, size }, record);
  }

  async #forget(id: UploadId): Promise<void> {
    this.#digests.forget(id);
    await this.#database.transaction((tx) => deleteUpload(tx, id));
    await this.#blobs.discard(id);
  }
}

const newUploadId = (): UploadId => randomUUID() as string as UploadId;
