// Files and folders that outlive a power cut, for every adapter that keeps some.
import type { Stats } from 'node:fs';
import { mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, isMissing } from '../../ports/file-errors.ts';
import { StorageUnusable } from '../../ports/storage-unusable.ts';

/** What a file system makes by itself. */
const NOT_OURS: readonly string[] = ['lost+found', '.snapshot', '.zfs'];

/** Undefined when there is nothing at the path. */
export async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** False also where it cannot be seen: whoever uses it then is told why. */
export async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

/** The names in a folder but for those that a file system makes by itself. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => !NOT_OURS.includes(name));
}

/**
 * Makes a folder and all above it that is missing, and syncs each new one's parent, without which a power cut could undo it. One
 * by one: Node's own way to make several tries for ever where nothing can be made, as below /proc.
 */
export async function createFolder(path: string, mode = 0o750): Promise<void> {
  if (await isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) await createFolder(parent, mode);
  try {
    await mkdir(path, { mode });
  } catch (error) {
    // Somebody else was faster.
    if (await isFolder(path)) return;
    throw error;
  }
  await syncFolder(parent);
}

/**
 * The same for one that an operator has named, for its owner alone.
 * @param remedy what to do where there can be none
 * @throws StorageUnusable where there can be none
 */
export async function createNamedFolder(path: string, remedy: string): Promise<void> {
  try {
    await createFolder(path, 0o700);
  } catch (cause) {
    const code = codeOf(cause);
    if (!['EEXIST', 'ELOOP', 'ENOENT', 'ENOTDIR'].includes(code)) throw cause;
    throw new StorageUnusable(
      `the folder ${path} cannot be made (${code}): a file or a broken link is in its way, or this is a place where nothing can be made, such as /proc; ${remedy}`,
      { cause },
    );
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await statOf(path))?.isDirectory() ?? false;
}

/** All 256 folders are made at once, so that no push has to make one and wait for its parent's sync. */
export async function createFanOut(path: string): Promise<void> {
  await createFolder(path);
  const present = new Set(await readdir(path));
  const missing = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).filter(
    (name) => !present.has(name),
  );
  for (const name of missing) await mkdir(join(path, name), { recursive: true, mode: 0o750 });
  if (missing.length > 0) await syncFolder(path);
}

/** Makes durable which names are in the folder. */
export async function syncFolder(path: string): Promise<void> {
  await syncFile(path);
}

/** Makes durable what was written to a file, by whomever. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
