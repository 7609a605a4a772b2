// Uploads as files, uploads/<id>, and how one becomes a blob: by a second name, so that it can become one again should that be taken away.
import type { Stats } from 'node:fs';
import { constants, type FileHandle, link, open, opendir, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RegistryError } from '../../oci/error.ts';
import { isUploadId, type UploadId } from '../../ports/blob-store.ts';
import { codeOf, isMissing } from '../../ports/file-errors.ts';
import { storageError } from '../../ports/storage-unusable.ts';
import { FileStream } from './file-stream.ts';
import { statOf, syncFolder } from './folders.ts';
import { GatheredWrites, SyncFailed } from './gathered-writes.ts';
import { each, onDisk } from './on-disk.ts';
import type { ReusedBuffers } from './reused-buffers.ts';

/** Only the first bytes make a file: what was discarded meanwhile must not come back. */
const APPEND = constants.O_WRONLY | constants.O_APPEND;
const APPEND_FIRST = APPEND | constants.O_CREAT | constants.O_EXCL;
/** What stands behind an upload's id in the name of bytes that take a blob's place. */
const BETWEEN = '.blob';

export class UploadFiles {
  readonly #folder: string;
  readonly #buffers: ReusedBuffers;

  constructor(folder: string, buffers: ReusedBuffers) {
    this.#folder = folder;
    this.#buffers = buffers;
  }

  /** bytes; undefined when there is no file that can be written to */
  async size(upload: UploadId): Promise<number | undefined> {
    const found = await fileAt(this.#path(upload));
    return found && isBlob(found) ? undefined : found?.size;
  }

  /** Adds bytes behind the first `from`, which are all that there are. @returns how many there are then */
  async write(
    upload: UploadId,
    from: number,
    body: AsyncIterable<Uint8Array>,
    { durably }: { readonly durably: boolean },
  ): Promise<number> {
    const file = await this.#openToAppend(upload, from);
    try {
      const written = await this.#writeTo(file, body);
      if (durably) await sync(file);
      return from + written;
    } catch (error) {
      if (!(error instanceof SyncFailed)) throw error;
      // Another sync would not fail, and what is lost would be a blob: it has to come again, from its first byte.
      await onDisk(() => ifThere(() => unlink(this.#path(upload))));
      throw storageError(error.cause);
    } finally {
      await file.close();
    }
  }

  /** @returns how many bytes these were */
  async #writeTo(file: FileHandle, body: AsyncIterable<Uint8Array>): Promise<number> {
    const writes = new GatheredWrites(file, this.#buffers);
    let size = 0;
    try {
      for await (const chunk of body) {
        size += chunk.length;
        await writes.add(chunk);
      }
    } finally {
      // What arrived stays.
      await writes.end();
    }
    return size;
  }

  async truncate(upload: UploadId, size: number): Promise<void> {
    const file = await this.#openToChange(upload, 'r+');
    try {
      await onDisk(() => file.truncate(size));
    } finally {
      await file.close();
    }
  }

  async *read(upload: UploadId): AsyncIterable<Uint8Array> {
    const file = await this.#open(upload, 'r');
    const { size } = await onDisk(() => file.stat());
    yield* each(new FileStream(file, { from: 0, to: size }, this.#buffers));
  }

  /** Makes the file of the upload that of a blob, durably; what is there is replaced. */
  async become(upload: UploadId, blob: string): Promise<void> {
    const path = this.#path(upload);
    const between = `${path}${BETWEEN}`;
    try {
      await onDisk(() => linkInPlace(path, blob, between));
    } catch (error) {
      // With a second name it could not go on where it stood. Should this fail too, the first failure is still the one to tell.
      await ifThere(() => unlink(between)).catch(() => undefined);
      if (isMissing(error) && (await fileAt(path)) === undefined) throw uploadUnknown(upload);
      throw error;
    }
    await onDisk(() => syncFolder(dirname(blob)));
  }

  async discard(upload: UploadId): Promise<void> {
    const path = this.#path(upload);
    if (await onDisk(() => ifThere(() => unlink(path)))) return;
    // What a crash has left of a commit; or one is under way, which finds the upload gone or ends.
    await onDisk(() => ifThere(() => unlink(`${path}${BETWEEN}`)));
  }

  async *list(): AsyncIterable<UploadId> {
    for await (const { name } of each(await onDisk(() => opendir(this.#folder)))) {
      const id = name.split('.', 1)[0] ?? '';
      if ([id, `${id}${BETWEEN}`].includes(name) && isUploadId(id)) yield id;
    }
  }

  /** Of a file that became a blob as well: milliseconds since 1970. */
  async lastWritten(upload: UploadId): Promise<number | undefined> {
    return (await fileAt(this.#path(upload)))?.mtimeMs;
  }

  #path(upload: UploadId): string {
    return join(this.#folder, upload);
  }

  async #openToAppend(upload: UploadId, from: number): Promise<FileHandle> {
    if (from > 0) return await this.#openToChange(upload, APPEND, from);
    try {
      return await open(this.#path(upload), APPEND_FIRST, 0o640);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw storageError(error);
      // Something was sent before that had no bytes.
      return await this.#openToChange(upload, APPEND, from);
    }
  }

  /** @param expected bytes that it has, unless something else has happened to it meanwhile */
  async #openToChange(upload: UploadId, flags: string | number, expected?: number): Promise<FileHandle> {
    const file = await this.#open(upload, flags);
    try {
      const found = await onDisk(() => file.stat());
      if (isBlob(found) || found.size !== (expected ?? found.size)) throw uploadUnknown(upload);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async #open(upload: UploadId, flags: string | number): Promise<FileHandle> {
    try {
      return await open(this.#path(upload), flags);
    } catch (error) {
      throw isMissing(error) ? uploadUnknown(upload) : storageError(error);
    }
  }
}

/** What shares its bytes with a blob, by a second name, must not be written to any more. */
function isBlob({ nlink }: Stats): boolean {
  return nlink > 1;
}

function fileAt(path: string): Promise<Stats | undefined> {
  return onDisk(() => statOf(path));
}

async function sync(file: FileHandle): Promise<void> {
  try {
    await file.sync();
  } catch (cause) {
    throw new SyncFailed({ cause });
  }
}

function uploadUnknown(upload: UploadId): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', `upload ${upload} is over or never began: start a new one`);
}

/** Gives a file a second name, in place of what has it. @param between a third, which it has in the meantime */
async function linkInPlace(from: string, to: string, between: string): Promise<void> {
  try {
    await link(from, to);
    return;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  // A new name cannot take the place of another file; a rename can.
  await ifThere(() => unlink(between));
  await link(from, between);
  await rename(between, to);
  // Where both are names of one file already, a rename leaves both (rename(2)).
  await ifThere(() => unlink(between));
}

/** @returns whether what it is about was there */
async function ifThere(run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
