// Says that a backup is for another user to read, where the error of the operating system would be taken for one of the data folder.
import { resolve, sep } from 'node:path';
import { StorageUnusable } from '../ports/storage-unusable.ts';

/** @returns an error with one line to read; the error itself when it is about something else */
export function explainUnreadableBackup(error: unknown, folder: string): unknown {
  const cause: unknown = error instanceof StorageUnusable ? error.cause : error;
  if (!(cause instanceof Error)) return error;
  const { code, path } = cause as NodeJS.ErrnoException;
  if ((code !== 'EACCES' && code !== 'EPERM') || path === undefined) return error;
  if (!`${resolve(path)}${sep}`.startsWith(`${resolve(folder)}${sep}`)) return error;
  return new StorageUnusable(
    `this user may not read the backup in ${resolve(folder)} (${code} at ${resolve(path)}): run this as the user to whom it belongs`,
  );
}
