// The error for storage that cannot be used: the database, the blobs, or another part of the data folder.
import { StorageFull } from '../oci/error.ts';
import { codeOf } from './file-errors.ts';

/**
 * - full: there is no room left, or a quota is used up; reading goes on
 * - busy: somebody else has it just now, or too much is open; trying again helps
 * - broken: an operator has to put something right
 */
export type StorageTrouble = 'full' | 'busy' | 'broken';

/** The message is one line for the operator, on the console or in the log, and says what to do. It may name files. */
export class StorageUnusable extends Error {
  readonly trouble: StorageTrouble;

  constructor(message: string, options: ErrorOptions & { readonly trouble?: StorageTrouble } = {}) {
    super(message, options);
    this.name = 'StorageUnusable';
    this.trouble = options.trouble ?? 'broken';
  }
}

/** What the operating system says (errno(3)), and what it comes to. Anything else is a defect of ours, or of the request. */
const TROUBLES: Readonly<Record<string, readonly [trouble: StorageTrouble, remedy: string]>> = {
  EACCES: ['broken', 'the user that runs the server may not use it; give this user the right to'],
  EDQUOT: ['full', 'the quota of the user that runs the server is used up; make room, or raise it'],
  EIO: ['broken', 'the disk does not work as it should; see the log of the operating system'],
  EMFILE: ['busy', 'the server has as many files open as it may; raise its limit (ulimit -n, LimitNOFILE)'],
  ENFILE: ['busy', 'the machine has as many files open as it may; raise its limit (fs.file-max)'],
  ENOSPC: ['full', 'the disk is full; make room on it'],
  EPERM: ['broken', 'the user that runs the server may not use it; give this user the right to'],
  EROFS: ['broken', 'the file system is mounted to be read only; see the log of the operating system for why'],
};

/** What a file system has failed with, in the words of the ports: as a StorageUnusable when that is what it is. */
export function storageError(cause: unknown): unknown {
  const code = codeOf(cause);
  const known = Object.hasOwn(TROUBLES, code) ? TROUBLES[code] : undefined;
  if (known === undefined) return cause;
  const [trouble, remedy] = known;
  return new StorageUnusable(`the data folder cannot be used: ${remedy} (${code})`, { cause, trouble });
}

/** Whether it went wrong because there is no room, be it that the storage said so or that we left it in peace. */
export function isForLackOfRoom(error: unknown): boolean {
  return error instanceof StorageFull || (error instanceof StorageUnusable && error.trouble === 'full');
}
