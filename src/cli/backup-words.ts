// What the commands for backups say: what was done, and what an operator has to see to.
import { join } from 'node:path';
import type { MadeBackup } from '../backup/make-backup.ts';
import type { VerifiedBackup } from '../backup/verify-backup.ts';
import type { RecordedBackup } from '../data-folder/back-up.ts';
import type { BackupRecord, DamagedBlob } from '../ports/backup.ts';
import { counted, shownSize } from './words.ts';

/** Lines for one kind of damage. */
const MAXIMUM_LISTED = 100;
/** Before the push: who asks for a blob that is not marked as damaged is told that it is there, and sends nothing. */
const MARK_FIRST = 'run "chartroom verify --repair"';

export function backedUpLine({ record, added, removedBlobs }: MadeBackup): string {
  const bytes = record.files.reduce((sum, file) => sum + file.bytes, 0);
  const removed = removedBlobs === 0 ? '' : `, ${counted(removedBlobs, 'blob')} removed that nothing names any more`;
  const fresh = `new: ${added.count}, ${shownSize(added.bytes)}`;
  return `backed up ${blobsOf(record, record.damaged, fresh)}${removed}, database and keys (${shownSize(bytes)}) as of ${record.startedAt}`;
}

/** @param reason a sentence of the storage */
export function unrecordedLine(reason: string): string {
  return `the backup counts, but is not on record, so that chartroom_last_backup_timestamp_seconds stays as it was: ${reason}`;
}

export function wholeLine(record: BackupRecord): string {
  return `the backup of ${record.startedAt} is whole: database, keys and ${blobsOf(record, [])}`;
}

export function restoredLine({ record, damaged }: VerifiedBackup, dataDir: string): string {
  return `restored ${blobsOf(record, damaged)}, database and keys as of ${record.startedAt}: start the server on ${dataDir}`;
}

/** After a backup, the worst at the beginning. */
export function complaintsOfBackup(
  { record, onlyHere, leftBlobs }: Omit<RecordedBackup, 'unrecorded'>,
  folder: string,
  dataDir: string,
): readonly string[] {
  const { damaged } = record;
  const complaints: string[] = [];
  if (leftBlobs > 0) {
    complaints.push(
      `the registry has lost most of what is in the backup: ${counted(leftBlobs, 'blob')} of it that nothing names any more ${leftBlobs === 1 ? 'was' : 'were'} left; look whether its database is the right one, and otherwise begin a backup in another folder`,
    );
  }
  if (damaged.length > 0) {
    complaints.push(
      `${counted(damaged.length, 'blob')} ${are(damaged)} sound neither in the data folder nor in the backup: ${MARK_FIRST}, push again what ${belong(damaged)} to, then back up again`,
    );
  }
  const [first] = onlyHere;
  if (first) {
    const more = onlyHere.length === 1 ? '' : ', the others in the same way';
    complaints.push(
      `${counted(onlyHere.length, 'blob')} ${are(onlyHere)} damaged in the data folder and sound in the backup: as the user of the server copy ${join(folder, first.file)} to ${join(dataDir, first.file)}${more}, then ${MARK_FIRST}; or run that at once, then push again what ${belong(onlyHere)} to`,
    );
  }
  return complaints;
}

/** After a check of a backup, of what it has lost at the beginning. */
export function complaintsOfCheck({ record, damaged }: VerifiedBackup, folder: string): readonly string[] {
  const never = new Set(record.damaged.map(({ digest }) => digest));
  const [lacking, lost] = [
    damaged.filter(({ digest }) => never.has(digest)),
    damaged.filter(({ digest }) => !never.has(digest)),
  ];
  const complaints: string[] = [];
  if (lost.length > 0) {
    const them = lost.length === 1 ? 'it' : 'them';
    complaints.push(
      `${part(lost, record)} of the backup of ${record.startedAt} ${are(lost)} damaged: "chartroom backup ${folder} --verify" copies ${them} again if the data folder has ${them} whole; else look for ${them} in an older backup`,
    );
  }
  if (lacking.length > 0) {
    const them = lacking.length === 1 ? 'it' : 'them';
    complaints.push(
      `${part(lacking, record)} ${are(lacking)} not in the backup of ${record.startedAt}, since the data folder had ${them} no more when it was made: ${MARK_FIRST}, push again what ${belong(lacking)} to, then back up again, or look for ${them} in an older backup`,
    );
  }
  return complaints;
}

/** Of a restoration that does not count, since damage was not accepted. */
export function complaintOfRestoration({ record, damaged }: VerifiedBackup, dataDir: string): string {
  return `${part(damaged, record)} of the backup of ${record.startedAt} ${are(damaged)} damaged, so ${dataDir} is not whole and no server starts on it: restore another backup, or run this again with --accept-damage`;
}

/** @param whose place it is in @param end of each line */
export function damageLines(damaged: readonly DamagedBlob[], whose: string, end = ''): readonly string[] {
  const more = damaged.length - MAXIMUM_LISTED;
  return [
    ...damaged.slice(0, MAXIMUM_LISTED).map(({ digest, problem, usedBy }) => {
      const use = usedBy.length === 0 ? 'nothing' : usedBy.join(', ');
      return `${whose}'s blob ${digest} ${problem} (needed by ${use})${end}`;
    }),
    ...(more > 0 ? [`and ${counted(more, 'more blob')}${end}`] : []),
  ];
}

/** `2 blobs (1.2 KiB)`, and where some are damaged `1 of 2 blobs (1.2 KiB in all)` */
function blobsOf({ blobs }: BackupRecord, damaged: readonly DamagedBlob[], more = ''): string {
  const isAll = damaged.length === 0;
  const number = `${isAll ? '' : `${blobs.count - damaged.length} of `}${counted(blobs.count, 'blob')}`;
  return `${number} (${shownSize(blobs.bytes)}${isAll ? '' : ' in all'}${more === '' ? '' : `; ${more}`})`;
}

function part(some: readonly DamagedBlob[], { blobs }: BackupRecord): string {
  return `${some.length} of ${counted(blobs.count, 'blob')}`;
}

function are(blobs: readonly DamagedBlob[]): string {
  return blobs.length === 1 ? 'is' : 'are';
}

function belong(blobs: readonly DamagedBlob[]): string {
  return blobs.length === 1 ? 'it belongs' : 'they belong';
}
