// What the errors of a file system mean, whoever of those that reach it meets them.

/** A broken disk, broken structures of a file system, and what is no file at all. */
const UNREADABLE = new Set(['EIO', 'EBADMSG', 'EISDIR', 'ENOTDIR', 'ENXIO', 'ELOOP']);
/** Linux's EUCLEAN, "structure needs cleaning", for which Node has no name. */
const NEEDS_CLEANING = -117;

/** What the operating system, or Node, calls it (errno(3)), such as `ENOSPC`; empty where it is no error of theirs. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

/** This user may not: there may be something all the same. */
export function isForbidden(error: unknown): error is NodeJS.ErrnoException {
  return ['EACCES', 'EPERM'].includes(codeOf(error));
}

/** What is there cannot be read, now or later; but not for want of rights, memory or the like, which says nothing of it. */
export function isUnreadable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return UNREADABLE.has(codeOf(error)) || ('errno' in error && error.errno === NEEDS_CLEANING);
}
