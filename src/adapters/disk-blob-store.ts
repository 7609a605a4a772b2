// The BlobStore on a disk: blobs/<algorithm>/<first two digits>/<digits>, uploads/<id>; a second name makes an upload a blob.
// What is damaged goes to damaged/<algorithm>-<digits>.
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { access, constants, open, opendir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { BlobDamaged } from '../oci/blob-damaged.ts';
import type { ByteRange } from '../oci/byte-range.ts';
import { algorithmOf, type Digest, encodedOf, isDigest } from '../oci/digest.ts';
import type { BlobBody, BlobStore, StorageSpace, StoredBytes, UploadId } from '../ports/blob-store.ts';
import { isMissing, isUnreadable } from '../ports/file-errors.ts';
import { storageError } from '../ports/storage-unusable.ts';
import { DamagedFiles } from './files/damaged-files.ts';
import { FileStream } from './files/file-stream.ts';
import { createFanOut, createFolder, statOf } from './files/folders.ts';
import { each, onDisk } from './files/on-disk.ts';
import { ReusedBuffers } from './files/reused-buffers.ts';
import { markedAt, readForCheck } from './files/stored-bytes.ts';
import { UploadFiles } from './files/upload-files.ts';

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
  readonly #uploads: UploadFiles;
  readonly #uploadFolder: string;
  readonly #blobs: string;
  readonly #damaged: DamagedFiles;
  readonly #buffers = new ReusedBuffers();

  constructor(folder: string) {
    this.#folder = folder;
    this.#uploadFolder = join(folder, 'uploads');
    this.#uploads = new UploadFiles(this.#uploadFolder, this.#buffers);
    this.#blobs = join(folder, 'blobs');
    this.#damaged = new DamagedFiles(join(folder, 'damaged'));
  }

  received(upload: UploadId): Promise<number | undefined> {
    return this.#uploads.size(upload);
  }

  append(upload: UploadId, from: number, body: AsyncIterable<Uint8Array>): Promise<number> {
    return this.#uploads.write(upload, from, body, { durably: false });
  }

  complete(upload: UploadId, from: number, body: AsyncIterable<Uint8Array>): Promise<number> {
    return this.#uploads.write(upload, from, body, { durably: true });
  }

  truncate(upload: UploadId, size: number): Promise<void> {
    return this.#uploads.truncate(upload, size);
  }

  read(upload: UploadId): AsyncIterable<Uint8Array> {
    return this.#uploads.read(upload);
  }

  commit(upload: UploadId, digest: Digest): Promise<void> {
    return this.#uploads.become(upload, this.#blobPath(digest));
  }

  discard(upload: UploadId): Promise<void> {
    return this.#uploads.discard(upload);
  }

  listUploads(): AsyncIterable<UploadId> {
    return this.#uploads.list();
  }

  lastReceived(upload: UploadId): Promise<number | undefined> {
    return this.#uploads.lastWritten(upload);
  }

  async open(digest: Digest, range?: ByteRange): Promise<BlobBody> {
    let file: FileHandle;
    try {
      file = await open(this.#blobPath(digest), 'r');
    } catch (cause) {
      if (isMissing(cause) || isUnreadable(cause)) throw new BlobDamaged(digest, { cause });
      throw storageError(cause);
    }
    try {
      const found = await onDisk(() => file.stat());
      if (!found.isFile()) throw new BlobDamaged(digest);
      const { size } = found;
      return { kind: 'stream', size, stream: new FileStream(file, range ?? { from: 0, to: size }, this.#buffers) };
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
    await onDisk(() => access(this.#uploadFolder, constants.W_OK));
    await onDisk(() => access(this.#blobs, constants.W_OK));
  }

  async space(): Promise<StorageSpace> {
    const { bsize, bavail, blocks, ffree, files } = await onDisk(() => statfs(this.#uploadFolder));
    // Some file systems make room for files as they go, and count none.
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeFiles: files > 0 ? ffree : undefined };
  }

  #blobPath(digest: Digest): string {
    return join(this.#folder, blobFile(digest));
  }
}

function stat(path: string): Promise<Stats | undefined> {
  return onDisk(() => statOf(path));
}
