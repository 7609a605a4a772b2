// What the errors of a file system mean, whoever of those that reach it meets them.

/** A broken disk, broken structures of a file system, and what is no file at all. */
const UNREADABLE = new Set<unknown>(['EIO', 'EBADMSG', 'EISDIR', 'ENOTDIR', 'ENXIO', 'ELOOP']);
/** Linux's EUCLEAN, "structure needs cleaning", for which Node has no name. */
const NEEDS_CLEANING = -117;

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** This user may not: there may be something all the same. */
export function isForbidden(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM');
}

/** What is there cannot be read, now or later; but not for want of rights, memory or the like, which says nothing of it. */
export function isUnreadable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && UNREADABLE.has(error.code)) || ('errno' in error && error.errno === NEEDS_CLEANING);
}
