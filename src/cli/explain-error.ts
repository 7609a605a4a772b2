// Turns what went wrong into the line that a person reads.
import { resolve } from 'node:path';
import { ConfigError } from '../config/load.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import { CheckFailed, UsageError } from './command.ts';
import { ManagementError } from './management.ts';

/** What Node adds to the errors of the operating system. */
type SystemError = NodeJS.ErrnoException & {
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
};

export function explainError(error: unknown): string {
  if (error instanceof UsageError || error instanceof CheckFailed || error instanceof ConfigError) return error.message;
  if (error instanceof ManagementError || error instanceof StorageUnusable) return error.message;
  if (!(error instanceof Error)) return String(error);
  const { code, path, address, port, hostname } = error as SystemError;
  const at = path === undefined ? '' : ` (${code} at ${resolve(path)})`;
  switch (code) {
    case 'ABORT_ERR':
      return 'stopped, and nothing was changed';
    case 'EADDRINUSE':
      return `port ${port} on ${address} is in use by another program: stop that, or choose another port with --port`;
    case 'EADDRNOTAVAIL':
      return `${address} is no address of this machine: set another one with --host`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name ${hostname} cannot be looked up: set an address of this machine with --host`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      if (path === undefined) return `this user may not listen on port ${port}: choose one above 1023 with --port`;
      return `the data folder cannot be written to${at}: give this user the right to, or choose another one with --data-dir`;
    case 'EEXIST':
    case 'ENOENT':
    case 'ENOTDIR':
      return `the data folder cannot be made${at}: a file or a broken link is in its way; choose another one with --data-dir`;
    case 'ENOSPC':
    case 'EDQUOT':
    // Of a database that is being made of a journal.
    case 'SQLITE_FULL':
      return `the disk is full${at}: make room on it and try again, or choose another data folder with --data-dir`;
    default:
      return error.stack ?? error.message;
  }
}
