// The file of a database that is made again: beside the place of the lost one until it is whole.
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import { statOf, syncFile } from './files/folders.ts';
import { putInPlace } from './files/whole-files.ts';

/** What SQLite keeps beside a database. */
const SUFFIXES = ['', '-wal', '-shm'];

interface RebuiltDatabase {
  /** Where it is made. */
  readonly path: string;
  /** Puts the file, which nobody has open, in the place of the lost one, durably and at once. */
  finish(): Promise<void>;
}

/**
 * @param path of the lost database; an empty file there is none
 * @throws StorageUnusable when it is not lost
 */
export async function beginRebuiltDatabase(path: string): Promise<RebuiltDatabase> {
  for (const suffix of SUFFIXES) {
    const found = await statOf(`${path}${suffix}`);
    if (!found || found.size === 0) continue;
    throw new StorageUnusable(
      `${resolve(path)}${suffix} is there: when it cannot be used and there is no backup, stop the server and move away ${SUFFIXES.map((each) => `${path}${each}`).join(', ')} first`,
    );
  }
  const aside = `${path}.rebuilding`;
  for (const suffix of SUFFIXES) await rm(`${aside}${suffix}`, { force: true });
  return {
    path: aside,
    finish: async () => {
      await syncFile(aside);
      await putInPlace(aside, path);
    },
  };
}
