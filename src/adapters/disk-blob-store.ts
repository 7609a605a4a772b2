// The BlobStore on a disk: blobs/<algorithm>/<first two digits>/<digits>, uploads/<id>; a second name makes an upload a blob.
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { access, constants, link, mkdir, open, opendir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ByteRange } from '../oci/byte-range.ts';
import { algorithmOf, type Digest, encodedOf, isDigest, shortDigest } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import { type BlobBody, type BlobStore, isUploadId, type UploadId } from '../ports/blob-store.ts';

/** Bytes read at once, at the most: fewer and larger reads than the default of 64 KiB make large blobs about twice as fast. */
const READ_SIZE = 1024 * 1024;
/** Unlike the flag "a", these two do not create a file: what was discarded meanwhile must not come back. */
const APPEND_ONLY = constants.O_WRONLY | constants.O_APPEND;
/** What stands behind an upload's id: in the name of its bytes once they are a blob, and of the blob before it is in its place. */
const COMMITTED = '.committed';
const BETWEEN = '.blob';

/** @param folder is created, with all above it, when it is missing */
export async function openDiskBlobStore(folder: string): Promise<BlobStore> {
  const uploads = join(folder, 'uploads');
  const blobs = join(folder, 'blobs');
  await createFolder(uploads);
  for (const algorithm of ['sha256', 'sha512']) await createFanOut(join(blobs, algorithm));
  return new DiskBlobStore(uploads, blobs);
}

/** One that is only read from: nothing is made in the folder, which may be on a medium that nobody writes to. */
export function readDiskBlobStore(folder: string): BlobStore {
  return new DiskBlobStore(join(folder, 'uploads'), join(folder, 'blobs'));
}

class DiskBlobStore implements BlobStore {
  readonly #uploads: string;
  readonly #blobs: string;

  constructor(uploads: string, blobs: string) {
    this.#uploads = uploads;
    this.#blobs = blobs;
  }

  async start(upload: UploadId): Promise<void> {
    await (await open(this.#uploadPath(upload), 'wx', 0o640)).close();
  }

  async received(upload: UploadId): Promise<number | undefined> {
    return (await statOf(this.#uploadPath(upload)))?.size;
  }

  async append(upload: UploadId, body: AsyncIterable<Uint8Array>): Promise<number> {
    const file = await this.#openUpload(upload, APPEND_ONLY);
    try {
      for await (const chunk of body) await writeAll(file, chunk);
      return (await file.stat()).size;
    } finally {
      await file.close();
    }
  }

  async truncate(upload: UploadId, size: number): Promise<void> {
    const file = await this.#openUpload(upload, 'r+');
    try {
      await file.truncate(size);
    } finally {
      await file.close();
    }
  }

  async *read(upload: UploadId): AsyncIterable<Uint8Array> {
    const file = await this.#openUpload(upload, 'r');
    const { size } = await file.stat();
    yield* file.createReadStream({ highWaterMark: readSizeFor(size) });
  }

  async commit(upload: UploadId, digest: Digest, size: number): Promise<void> {
    const path = this.#uploadPath(upload);
    const [committed, between, to] = [`${path}${COMMITTED}`, `${path}${BETWEEN}`, this.#blobPath(digest)];
    if ((await statOf(committed)) === undefined) {
      await this.#syncUpload(upload, size);
      // What shares its bytes with a blob must not be written to any more.
      await rename(path, committed);
    }
    // A new name cannot take the place of another file; a rename can.
    await rm(between, { force: true });
    await link(committed, between);
    await rename(between, to);
    await syncFolder(dirname(to));
  }

  async discard(upload: UploadId): Promise<void> {
    const path = this.#uploadPath(upload);
    for (const suffix of ['', COMMITTED, BETWEEN]) await rm(`${path}${suffix}`, { force: true });
  }

  async *listUploads(): AsyncIterable<UploadId> {
    for await (const { name } of await opendir(this.#uploads)) {
      const id = name.split('.', 1)[0] ?? '';
      if ([id, `${id}${COMMITTED}`, `${id}${BETWEEN}`].includes(name) && isUploadId(id)) yield id;
    }
  }

  async lastReceived(upload: UploadId): Promise<number | undefined> {
    const path = this.#uploadPath(upload);
    return ((await statOf(path)) ?? (await statOf(`${path}${COMMITTED}`)))?.mtimeMs;
  }

  async open(digest: Digest, range?: ByteRange): Promise<BlobBody> {
    let file: FileHandle;
    try {
      file = await open(this.#blobPath(digest), 'r');
    } catch (error) {
      if (isMissing(error)) throw new RegistryError('BLOB_UNKNOWN', `blob ${shortDigest(digest)} is not stored`);
      throw error;
    }
    const limits = range ? { start: range.from, end: range.to - 1 } : {};
    try {
      const { size } = await file.stat();
      return { kind: 'stream', size, stream: file.createReadStream({ highWaterMark: readSizeFor(size), ...limits }) };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async size(digest: Digest): Promise<number | undefined> {
    return (await statOf(this.#blobPath(digest)))?.size;
  }

  async lastWritten(digest: Digest): Promise<number | undefined> {
    return (await statOf(this.#blobPath(digest)))?.mtimeMs;
  }

  async delete(digest: Digest): Promise<void> {
    await rm(this.#blobPath(digest), { force: true });
  }

  async *list(): AsyncIterable<Digest> {
    for (const algorithm of ['sha256', 'sha512']) {
      for await (const entry of await opendir(join(this.#blobs, algorithm), { recursive: true })) {
        const digest = `${algorithm}:${entry.name}`;
        if (isDigest(digest)) yield digest;
      }
    }
  }

  async checkWritable(): Promise<void> {
    await access(this.#uploads, constants.W_OK);
    await access(this.#blobs, constants.W_OK);
  }

  #uploadPath(upload: UploadId): string {
    return join(this.#uploads, upload);
  }

  #blobPath(digest: Digest): string {
    const encoded = encodedOf(digest);
    return join(this.#blobs, algorithmOf(digest), encoded.slice(0, 2), encoded);
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

  async #openUpload(upload: UploadId, flags: string | number): Promise<FileHandle> {
    try {
      return await open(this.#uploadPath(upload), flags);
    } catch (error) {
      if (!isMissing(error)) throw error;
      throw new RegistryError('BLOB_UPLOAD_UNKNOWN', `upload ${upload} is over or never began: start a new one`);
    }
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let written = 0; written < chunk.length; ) {
    written += (await file.write(chunk, written)).bytesWritten;
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Makes a folder and all above it, and syncs each new one's parent, without which a power cut could undo it. */
async function createFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o750 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** All 256 folders are made at once, so that no push has to make one and wait for its parent's sync. */
async function createFanOut(path: string): Promise<void> {
  await createFolder(path);
  const present = new Set(await readdir(path));
  const missing = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).filter(
    (name) => !present.has(name),
  );
  for (const name of missing) await mkdir(join(path, name), { recursive: true, mode: 0o750 });
  if (missing.length > 0) await syncFolder(path);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** Node takes memory for a whole read before it knows how much there is, and most charts have a few KiB. */
function readSizeFor(size: number): number {
  return Math.min(READ_SIZE, Math.max(size, 1));
}
