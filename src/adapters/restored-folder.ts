// The RestoredFolder on a disk: a file in it says that it is being made, and is taken away when it is whole.
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RestoredFolder } from '../ports/backup.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import { createNamedFolder, exists, namesIn, syncFolder } from './files/folders.ts';
import { writeDurably } from './files/whole-files.ts';

const MARK = 'INCOMPLETE';

/** @throws StorageUnusable when the folder is being made of a backup, or of what is left of another one, and is not whole */
export async function requireWhole(folder: string): Promise<void> {
  if (!(await exists(join(folder, MARK)))) return;
  throw new StorageUnusable(
    `the folder ${resolve(folder)} is not whole: what was to fill it runs still, was cut off, or found damage in the backup; wait for it, run the same "chartroom restore" again, or after damage restore another backup, or this one with --accept-damage`,
  );
}

/**
 * Makes a data folder that is marked as not whole; one that is empty, or was marked before, is taken.
 * @throws StorageUnusable when it cannot be made, or there is something in it
 */
export async function beginRestoredFolder(folder: string): Promise<RestoredFolder> {
  const path = resolve(folder);
  await createNamedFolder(path, 'name another one with --data-dir');
  const names = await namesIn(path);
  if (names.length > 0 && !names.includes(MARK)) {
    throw new StorageUnusable(
      `the folder ${path} is not empty (there is ${names.toSorted()[0]}): nothing in it was changed; name another one with --data-dir, or move away what is in it`,
    );
  }
  return await markFolder(path);
}

/** Marks a data folder as not whole. */
async function markFolder(folder: string): Promise<RestoredFolder> {
  const path = resolve(folder);
  await writeDurably(join(path, MARK), ['This folder is not whole yet.\n']);
  await syncFolder(path);
  return {
    pathOf: (name) => join(path, name),
    add: async (from, name) => {
      const copied = await writeDurably(join(path, name), createReadStream(from));
      await syncFolder(path);
      return { name, ...copied };
    },
    finish: async () => {
      await syncFolder(path);
      await rm(join(path, MARK));
      await syncFolder(path);
    },
  };
}
