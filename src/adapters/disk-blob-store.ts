// The BlobStore on a disk: blobs/<algorithm>/<first two digits>/<digits>, uploads/<id>; a second name makes an upload a blob.
// What is damaged goes to damaged/<algorithm>-<digits>.
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { access, constants, link, open, opendir, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BlobDamaged } from '../oci/blob-damaged.ts';
import type { ByteRange } from '../oci/byte-range.ts';
import { algorithmOf, type Digest, encodedOf, isDigest } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import {
  type BlobBody,
  type BlobStore,
  isUploadId,
  type StorageSpace,
  type StoredBytes,
  type UploadId,
} from '../ports/blob-store.ts';
import { isMissing, isUnreadable } from '../ports/file-errors.ts';
import { storageError } from '../ports/storage-unusable.ts';
import { DamagedFiles } from './files/damaged-files.ts';
import { createFanOut, createFolder, statOf, syncFolder } from './files/folders.ts';
import { each, onDisk } from './files/on-disk.ts';
import { markedAt, readForCheck } from './files/stored-bytes.ts';
import { writeAll } from './files/write-all.ts';

/** Bytes read at once, at the most: fewer and larger reads than the default of 64 KiB make large blobs about twice as fast. */
const READ_SIZE = 1024 * 1024;
/** Unlike the flag "a", these two do not create a file: what was discarded meanwhile must not come back. */
const APPEND_ONLY = constants.O_WRONLY | constants.O_APPEND;
/** What stands behind an upload's id: in the name of its bytes once they are a blob, and of the blob before it is in its place. */
const COMMITTED = '.committed';
const BETWEEN = '.blob';

/** Where a data folder, or a backup, has a blob: a path within it. */
export function blobFile(digest: Digest): string {
  const encoded = encodedOf(digest);
  return join('blobs', algorithmOf(digest), encoded.slice(0, 2), encoded);
}

/** @param folder is created, with all above it, when it is missing */
export async function openDiskBlobStore(folder: string): Promise<BlobStore> {
  await createFolder(join(folder, 'uploads'));
  for (const algorithm of ['sha256', 'sha512']) await createFanOut(join(folder, 'blobs', algorithm));
  await createFolder(join(folder, 'damaged'));
  return new DiskBlobStore(folder);
}

/** One that is only read from: nothing is made in the folder, which may be on a medium that nobody writes to. */
export function readDiskBlobStore(folder: string): BlobStore {
  return new DiskBlobStore(folder);
}

class DiskBlobStore implements BlobStore {
  readonly #folder: string;
  readonly #uploads: string;
  readonly #blobs: string;
  readonly #damaged: DamagedFiles;

  constructor(folder: string) {
    this.#folder = folder;
    this.#uploads = join(folder, 'uploads');
    this.#blobs = join(folder, 'blobs');
    this.#damaged = new DamagedFiles(join(folder, 'damaged'));
  }

  async start(upload: UploadId): Promise<void> {
    await onDisk(async () => await (await open(this.#uploadPath(upload), 'wx', 0o640)).close());
  }

  async received(upload: UploadId): Promise<number | undefined> {
    return (await stat(this.#uploadPath(upload)))?.size;
  }

  async append(upload: UploadId, body: AsyncIterable<Uint8Array>): Promise<number> {
    const file = await this.#openUpload(upload, APPEND_ONLY);
    try {
      for await (const chunk of body) await onDisk(() => writeAll(file, chunk));
      return (await onDisk(() => file.stat())).size;
    } finally {
      await file.close();
    }
  }

  async truncate(upload: UploadId, size: number): Promise<void> {
    const file = await this.#openUpload(upload, 'r+');
    try {
      await onDisk(() => file.truncate(size));
    } finally {
      await file.close();
    }
  }

  async *read(upload: UploadId): AsyncIterable<Uint8Array> {
    const file = await this.#openUpload(upload, 'r');
    const { size } = await onDisk(() => file.stat());
    yield* each(file.createReadStream({ highWaterMark: readSizeFor(size) }));
  }

  async commit(upload: UploadId, digest: Digest, size: number): Promise<void> {
    const path = this.#uploadPath(upload);
    const [committed, between, to] = [`${path}${COMMITTED}`, `${path}${BETWEEN}`, this.#blobPath(digest)];
    const isFirst = (await stat(committed)) === undefined;
    if (isFirst) {
      await this.#syncUpload(upload, size);
      // What shares its bytes with a blob must not be written to any more.
      await this.#renameUpload(upload, committed);
    }
    try {
      await onDisk(async () => {
        await rm(between, { force: true });
        // A new name cannot take the place of another file; a rename can.
        await link(committed, between);
        await rename(between, to);
      });
    } catch (error) {
      if (isMissing(error) && (await stat(committed)) === undefined) throw uploadUnknown(upload);
      // There is no blob: the upload can go on where it stood.
      if (isFirst) await onDisk(() => rename(committed, path));
      throw error;
    }
    await onDisk(() => syncFolder(dirname(to)));
  }

  async discard(upload: UploadId): Promise<void> {
    const path = this.#uploadPath(upload);
    for (const suffix of ['', COMMITTED, BETWEEN]) {
      await onDisk(() => rm(`${path}${suffix}`, { force: true }));
    }
  }

  async *listUploads(): AsyncIterable<UploadId> {
    for await (const { name } of each(await onDisk(() => opendir(this.#uploads)))) {
      const id = name.split('.', 1)[0] ?? '';
      if ([id, `${id}${COMMITTED}`, `${id}${BETWEEN}`].includes(name) && isUploadId(id)) yield id;
    }
  }

  async lastReceived(upload: UploadId): Promise<number | undefined> {
    const path = this.#uploadPath(upload);
    return ((await stat(path)) ?? (await stat(`${path}${COMMITTED}`)))?.mtimeMs;
  }

  async open(digest: Digest, range?: ByteRange): Promise<BlobBody> {
    let file: FileHandle;
    try {
      file = await open(this.#blobPath(digest), 'r');
    } catch (cause) {
      if (isMissing(cause) || isUnreadable(cause)) throw new BlobDamaged(digest, { cause });
      throw storageError(cause);
    }
    const limits = range ? { start: range.from, end: range.to - 1 } : {};
    try {
      const found = await onDisk(() => file.stat());
      if (!found.isFile()) throw new BlobDamaged(digest);
      const { size } = found;
      return { kind: 'stream', size, stream: file.createReadStream({ highWaterMark: readSizeFor(size), ...limits }) };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async size(digest: Digest): Promise<number | undefined> {
    return (await stat(this.#blobPath(digest)))?.size;
  }

  async lastWritten(digest: Digest): Promise<number | undefined> {
    return (await stat(this.#blobPath(digest)))?.mtimeMs;
  }

  async delete(digest: Digest): Promise<void> {
    await onDisk(() => rm(this.#blobPath(digest), { force: true }));
  }

  async *list(): AsyncIterable<Digest> {
    for (const algorithm of ['sha256', 'sha512']) {
      for await (const entry of each(await onDisk(() => opendir(join(this.#blobs, algorithm), { recursive: true })))) {
        const digest = `${algorithm}:${entry.name}`;
        if (isDigest(digest)) yield digest;
      }
    }
  }

  async examine(digest: Digest, place: 'stored' | 'aside' = 'stored'): Promise<StoredBytes | undefined> {
    const path = place === 'stored' ? this.#blobPath(digest) : this.#damaged.path(digest);
    const found = await markedAt(path);
    return found && { ...found, read: () => readForCheck(path) };
  }

  setAside(digest: Digest, mark: string): Promise<boolean> {
    return this.#damaged.take(digest, this.#blobPath(digest), mark);
  }

  putBack(digest: Digest): Promise<void> {
    return this.#damaged.putBack(digest, this.#blobPath(digest));
  }

  listSetAside(): AsyncIterable<Digest> {
    return this.#damaged.list();
  }

  removeSetAside(digest: Digest): Promise<void> {
    return this.#damaged.remove(digest);
  }

  async checkWritable(): Promise<void> {
    await onDisk(() => access(this.#uploads, constants.W_OK));
    await onDisk(() => access(this.#blobs, constants.W_OK));
  }

  async space(): Promise<StorageSpace> {
    const { bsize, bavail, blocks, ffree, files } = await onDisk(() => statfs(this.#uploads));
    // Some file systems make room for files as they go, and count none.
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeFiles: files > 0 ? ffree : undefined };
  }

  #uploadPath(upload: UploadId): string {
    return join(this.#uploads, upload);
  }

  #blobPath(digest: Digest): string {
    return join(this.#folder, blobFile(digest));
  }

  /** @throws Error when it has another size */
  async #syncUpload(upload: UploadId, size: number): Promise<void> {
    const file = await this.#openUpload(upload, 'r+');
    try {
      await file.sync();
      const { size: stored } = await file.stat();
      if (stored !== size) throw new Error(`upload ${upload} has ${stored} bytes instead of ${size}: it is no blob`);
    } finally {
      await file.close();
    }
  }

  async #renameUpload(upload: UploadId, to: string): Promise<void> {
    try {
      await rename(this.#uploadPath(upload), to);
    } catch (error) {
      throw isMissing(error) ? uploadUnknown(upload) : storageError(error);
    }
  }

  async #openUpload(upload: UploadId, flags: string | number): Promise<FileHandle> {
    try {
      return await open(this.#uploadPath(upload), flags);
    } catch (error) {
      throw isMissing(error) ? uploadUnknown(upload) : storageError(error);
    }
  }
}

function stat(path: string): Promise<Stats | undefined> {
  return onDisk(() => statOf(path));
}

function uploadUnknown(upload: UploadId): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', `upload ${upload} is over or never began: start a new one`);
}

/** Node takes memory for a whole read before it knows how much there is, and most charts have a few KiB. */
function readSizeFor(size: number): number {
  return Math.min(READ_SIZE, Math.max(size, 1));
}
