// Says what cut a backup off, and that the one before it is as it was, where the error itself speaks of a data folder.
import { StorageUnusable, storageError } from '../ports/storage-unusable.ts';
import { CheckFailed } from './command.ts';

/** @returns an error with one line to read; the error itself when it says enough */
export function explainCutOff(error: unknown, folder: string): unknown {
  const trouble = storageError(error);
  if (!(trouble instanceof StorageUnusable)) return error;
  const reason = reasonOf(trouble);
  return reason === undefined ? error : new CheckFailed(`the backup to ${folder} was cut off: ${reason}`);
}

function reasonOf({ trouble, cause }: StorageUnusable): string | undefined {
  switch (trouble) {
    case 'full':
      // All that is written to the data folder may fail for want of room without an end to the backup.
      return 'no room is left there; the backup before it is as it was, make room and back up again';
    case 'broken': {
      // Whatever else has a cause has said what to do.
      const isOfSystem = cause instanceof Error && 'code' in cause && storageError(cause) !== cause;
      if (!isOfSystem) return undefined;
      return `${'path' in cause ? cause.path : 'something in it'} cannot be read or written (${cause.code}); the backup before it is as it was: run it as the user of the server, to whom the folder belongs, and look whether the disk works`;
    }
    case 'busy':
      return undefined;
  }
}
