// Says what cut a backup off, and that the one before it is whole, where the error itself speaks of a data folder or not at all.
import { CheckFailed } from './command.ts';

/** @returns an error with one line to read; the error itself when it says enough */
export function explainCutOff(error: unknown, folder: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const reason = reasonOf(String(error.code), 'path' in error ? String(error.path) : undefined);
  return reason === undefined ? error : new CheckFailed(`the backup to ${folder} was cut off: ${reason}`);
}

function reasonOf(code: string, path: string | undefined): string | undefined {
  const what = path ?? 'something in it';
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'SQLITE_FULL':
      return 'no room is left there; the backup before it is whole, make room and back up again';
    case 'EACCES':
    case 'EPERM':
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_READONLY':
      return `this user may not read or write ${what}; run it as the user of the server, to whom the folder belongs`;
    case 'EROFS':
      return `${what} is on a file system that is only read`;
    case 'EIO':
    case 'SQLITE_IOERR':
      return `${what} cannot be read or written (${code}); the backup before it is as it was, look at the disk`;
    case 'ENOTDIR':
      return `${what} is no folder`;
    default:
      return undefined;
  }
}
