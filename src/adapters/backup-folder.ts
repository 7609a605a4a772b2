// The BackupFolder on a disk: backup.json names the folder with the copied files; the blobs lie beside it as in a data folder.
import { copyFile, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { BackupFolder, BackupRecord, CopiedFile } from '../ports/backup.ts';
import { codeOf, isMissing } from '../ports/file-errors.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import { createNamedFolder, namesIn, syncFolder } from './files/folders.ts';
import { measureFile, putInPlace, writeDurably } from './files/whole-files.ts';

const RECORD = 'backup.json';
/** Made before all else in it, so that it is known again. */
export const BACKUP_LOCK = 'backup.lock';
const COPY = /^copy-[\w-]+$/;

export function openBackupFolder(folder: string): BackupFolder {
  return new DiskBackupFolder(resolve(folder));
}

/**
 * Makes the folder when it is missing.
 * @throws StorageUnusable when it cannot be made, or holds something else than a backup
 */
export async function makeBackupFolder(folder: string): Promise<void> {
  const path = resolve(folder);
  await createNamedFolder(path, 'name another folder for the backup');
  const names = await namesIn(path);
  if (names.length === 0 || names.includes(RECORD) || names.includes(BACKUP_LOCK)) return;
  throw new StorageUnusable(
    `the folder ${path} holds something that is no backup (${names.toSorted()[0]}): name an empty one, or one with a backup`,
  );
}

class DiskBackupFolder implements BackupFolder {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async readRecord(): Promise<BackupRecord | undefined> {
    const path = join(this.#path, RECORD);
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      // The second one when the folder is a file.
      if (isMissing(error) || codeOf(error) === 'ENOTDIR') return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const record = parseJson(text);
    if (isRecord(record)) return record;
    throw new StorageUnusable(
      `${path} does not say which backup is here: it is damaged, or of a newer Chartroom; with "chartroom backup" to another folder, or to this one without that file, there is one again`,
    );
  }

  async begin(name: string): Promise<void> {
    await mkdir(join(this.#path, name), { mode: 0o700 });
    await syncFolder(this.#path);
  }

  pathOf(folder: string, name: string): string {
    return join(this.#path, folder, name);
  }

  async add(folder: string, from: string, name: string): Promise<boolean> {
    try {
      await copyFile(from, this.pathOf(folder, name));
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
    await this.seal(folder, name);
    return true;
  }

  async seal(folder: string, name: string): Promise<void> {
    const path = this.pathOf(folder, name);
    const file = await open(path, 'r+');
    try {
      await file.chmod(0o600);
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(dirname(path));
  }

  async measure(folder: string, name: string): Promise<CopiedFile | undefined> {
    try {
      return { name, ...(await measureFile(this.pathOf(folder, name))) };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async complete(record: BackupRecord): Promise<void> {
    const path = join(this.#path, RECORD);
    const aside = `${path}.new`;
    await writeDurably(aside, [`${JSON.stringify(record, undefined, 2)}\n`]);
    await putInPlace(aside, path);
  }

  async discardOthers(folder: string): Promise<void> {
    for (const name of await readdir(this.#path)) {
      if (COPY.test(name) && name !== folder) await rm(join(this.#path, name), { recursive: true });
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is BackupRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { format, folder, files, blobs, damaged } = value as Readonly<Record<string, unknown>>;
  const isPlace = typeof folder === 'string' && COPY.test(folder);
  return format === 1 && isPlace && Array.isArray(files) && Array.isArray(damaged) && typeof blobs === 'object';
}
