// Says what cut a backup off, and that the one before it is as it was, where the error itself speaks of a data folder.
import { StorageUnusable, storageError } from '../ports/storage-unusable.ts';
import { CheckFailed } from './command.ts';

/** @returns an error with one line to read; the error itself when it says enough, as that of a disk that is full does */
export function explainCutOff(error: unknown, folder: string): unknown {
  const trouble = storageError(error);
  if (!(trouble instanceof StorageUnusable) || trouble.trouble !== 'broken') return error;
  const { cause } = trouble;
  // Whatever else has a cause has said what to do.
  if (!(cause instanceof Error && 'code' in cause) || storageError(cause) === cause) return error;
  return new CheckFailed(
    `the backup to ${folder} was cut off: ${'path' in cause ? cause.path : 'something in it'} cannot be read or written (${cause.code}); the backup before it is as it was: run it as the user of the server, to whom the folder belongs, and look whether the disk works`,
  );
}
