// The folder for files that were found to be damaged: <algorithm>-<digits>.
import { link, opendir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Digest, isDigest } from '../../oci/digest.ts';
import { codeOf } from '../../ports/file-errors.ts';
import { storageError } from '../../ports/storage-unusable.ts';
import { syncFolder } from './folders.ts';
import { each, onDisk } from './on-disk.ts';
import { markedAt } from './stored-bytes.ts';

export class DamagedFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns false when another file is at `from` than the one that is marked so, or none: then it stays, or is put back */
  async take(digest: Digest, from: string, mark: string): Promise<boolean> {
    if ((await markedAt(from))?.mark !== mark) return false;
    const to = this.path(digest);
    if (!(await move(from, to))) return false;
    // Only now it is certain what was moved: a commit may have come in between.
    if ((await markedAt(to))?.mark !== mark) {
      await this.putBack(digest, from);
      return false;
    }
    for (const folder of [this.#folder, dirname(from)]) await onDisk(() => syncFolder(folder));
    return true;
  }

  async putBack(digest: Digest, to: string): Promise<void> {
    try {
      // Unlike a rename, it never replaces what is there: bytes that were just committed.
      await link(this.path(digest), to);
    } catch (error) {
      if (!['EEXIST', 'ENOENT'].includes(codeOf(error))) throw storageError(error);
    }
    await onDisk(() => syncFolder(dirname(to)));
    await this.remove(digest);
  }

  path(digest: Digest): string {
    return join(this.#folder, digest.replace(':', '-'));
  }

  async *list(): AsyncIterable<Digest> {
    for await (const { name } of each(await onDisk(() => opendir(this.#folder)))) {
      const digest = name.replace('-', ':');
      if (isDigest(digest)) yield digest;
    }
  }

  async remove(digest: Digest): Promise<void> {
    await onDisk(() => rm(this.path(digest), { recursive: true, force: true }));
  }
}

/**
 * What was set aside before is replaced by the move itself, and removed only where that cannot be: it may be sound bytes by now,
 * which somebody else has moved and is about to put back.
 * @returns false when there is nothing to move
 */
async function move(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    // One of the two is no file.
    if (!['EEXIST', 'EISDIR', 'ENOTDIR', 'ENOTEMPTY'].includes(codeOf(error))) throw storageError(error);
    await onDisk(() => rm(to, { recursive: true, force: true }));
    return await move(from, to);
  }
  return true;
}
