// Puts a backup on record in the registry that it was made of, so that one that is no longer made is noticed.
import type { Author } from '../events/author.ts';
import { recordEvent } from '../events/record.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import type { MadeBackup } from './make-backup.ts';

/** Whether nothing is missing from it that any backup could have; the registry itself may have damage. */
export function isGoodBackup({ record, leftBlobs }: Pick<MadeBackup, 'record' | 'leftBlobs'>): boolean {
  return record.damaged.length === 0 && leftBlobs === 0;
}

/**
 * No place is in it: who may read the audit trail need not know where copies of all secrets are.
 * @param operator who made it
 * @returns why there is no record, such as that the disk is full; undefined when there is one
 */
export async function recordBackup(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  operator: string,
  made: MadeBackup,
): Promise<string | undefined> {
  const { record, added, onlyHere, leftBlobs } = made;
  const author: Author = {
    name: operator,
    kind: 'operator',
    credential: '',
    clientAddress: '',
    userAgent: 'chartroom',
  };
  const detail = {
    seconds: (Date.parse(record.completedAt) - Date.parse(record.startedAt)) / 1000,
    blobs: record.blobs.count,
    bytes: record.files.reduce((sum, file) => sum + file.bytes, record.blobs.bytes),
    newBlobs: added.count,
    newBytes: added.bytes,
    damaged: record.damaged.length,
    onlyInBackup: onlyHere.length,
    left: leftBlobs,
  };
  const kind = isGoodBackup(made) ? 'backup.made' : 'backup.doubtful';
  try {
    await database.transaction((tx) => recordEvent(tx, { kind, at: clock.now(), author, detail }));
    return undefined;
  } catch (error) {
    // It counts all the same.
    if (error instanceof StorageUnusable) return error.message;
    throw error;
  }
}
