// `chartroom backup`, `chartroom backup verify` and `chartroom restore`.
import { join } from 'node:path';
import type { BackupProgress } from '../backup/backup-progress.ts';
import type { MadeBackup } from '../backup/make-backup.ts';
import { backUp, blobFile, restore, verifyBackup } from '../data-folder/back-up.ts';
import type { DamagedBlob } from '../ports/backup.ts';
import { CheckFailed, type Command, type Option } from './command.ts';
import { explainCutOff } from './explain-cut-off.ts';
import { printLine, printNote } from './print.ts';
import { showProgress } from './show-progress.ts';
import { counted, shownSize } from './words.ts';

/** Lines for one kind of damage. */
const MAXIMUM_LISTED = 100;

const VERIFY: Option = {
  name: 'verify',
  summary: 'read again what the folder holds already, and copy again what is damaged there',
};
const ACCEPT_DAMAGE: Option = {
  name: 'accept-damage',
  summary: 'restore also when some content of the backup is damaged; pushing that again makes it whole',
};

const backup: Command = {
  name: 'backup',
  words: ['FOLDER'],
  summary: 'back up the data folder while its server runs; another backup to the same folder copies only what is new',
  options: [VERIFY],
  commonOptions: [],
  run: async ({ words: [folder = ''], options, settings }) => {
    using progress = showBackupProgress('backing up');
    const { onProgress } = progress;
    const config = settings.load();
    const made = await backUp(config, folder, { checksAll: options.has(VERIFY.name), onProgress }).catch((error) => {
      throw explainCutOff(error, folder);
    });
    progress.end();
    const { record, added, onlyHere, removedBlobs } = made;
    const { blobs, files, damaged } = record;
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const removed = removedBlobs === 0 ? '' : `, ${counted(removedBlobs, 'blob')} removed that nothing names any more`;
    printLine(
      `backed up ${counted(blobs.count - damaged.length, 'blob')} (${shownSize(blobs.bytes)}; new: ${added.count}, ${shownSize(added.bytes)})${removed}, database and keys (${shownSize(bytes)}) as of ${record.startedAt}`,
    );
    listDamage(damaged, 'the data folder');
    listDamage(onlyHere, 'the data folder', "; the backup's is sound");
    const [complaint, ...others] = complaintsOf(made, folder, config.dataDir);
    for (const other of others) printNote(other);
    if (complaint !== undefined) throw new CheckFailed(complaint);
  },
};

/** What an operator has to see to after a backup, the worst at the beginning. */
function complaintsOf({ record, onlyHere, leftBlobs }: MadeBackup, folder: string, dataDir: string): readonly string[] {
  const { damaged } = record;
  const complaints: string[] = [];
  if (leftBlobs > 0) {
    complaints.push(
      `the registry has lost most of what is in the backup: ${counted(leftBlobs, 'blob')} of it that nothing names any more were left; look whether its database is the right one, and otherwise begin a backup in another folder`,
    );
  }
  if (damaged.length > 0) {
    complaints.push(
      `${counted(damaged.length, 'blob')} ${are(damaged)} sound neither in the data folder nor in the backup: push again what ${belong(damaged)} to, then back up again`,
    );
  }
  const [first] = onlyHere;
  if (first) {
    const file = blobFile(first.digest);
    const more = onlyHere.length === 1 ? '' : ', the others in the same way';
    complaints.push(
      `${counted(onlyHere.length, 'blob')} ${are(onlyHere)} damaged in the data folder and sound in the backup: as the user of the server copy ${join(folder, file)} to ${join(dataDir, file)}${more}, then run "chartroom verify --repair"; or push again what ${belong(onlyHere)} to`,
    );
  }
  return complaints;
}

const verify: Command = {
  name: 'backup verify',
  words: ['FOLDER'],
  summary: 'read all of a backup and say what is damaged in it',
  options: [],
  commonOptions: [],
  run: async ({ words: [folder = ''] }) => {
    using progress = showBackupProgress('reading');
    const { record, damaged } = await verifyBackup(folder, progress.onProgress);
    progress.end();
    if (damaged.length === 0) {
      printLine(
        `the backup of ${record.startedAt} is whole: database, keys and ${counted(record.blobs.count, 'blob')} (${shownSize(record.blobs.bytes)})`,
      );
      return;
    }
    listDamage(damaged, 'the backup');
    throw new CheckFailed(
      `${counted(damaged.length, 'blob')} of ${record.blobs.count} in the backup of ${record.startedAt} are damaged: "chartroom backup" with --verify copies them again`,
    );
  },
};

const restoreCommand: Command = {
  name: 'restore',
  words: ['FOLDER'],
  summary: 'make the data folder, which must be empty, out of a backup',
  options: [ACCEPT_DAMAGE],
  commonOptions: [],
  run: async ({ words: [folder = ''], options, settings }) => {
    const acceptsDamage = options.has(ACCEPT_DAMAGE.name);
    const config = settings.load();
    using progress = showBackupProgress('restoring');
    const { record, damaged } = await restore(config, folder, { acceptsDamage, onProgress: progress.onProgress });
    progress.end();
    listDamage(damaged, 'the backup');
    if (damaged.length > 0 && !acceptsDamage) {
      throw new CheckFailed(
        `${counted(damaged.length, 'blob')} in the backup of ${record.startedAt} are damaged, so ${config.dataDir} is not whole and no server starts on it: restore another backup, or run this again with --accept-damage`,
      );
    }
    const whole = damaged.length === 0 ? '' : `, all but ${counted(damaged.length, 'blob')}`;
    printLine(
      `restored ${counted(record.blobs.count, 'blob')} (${shownSize(record.blobs.bytes)}), database and keys as of ${record.startedAt}${whole}: start the server on ${config.dataDir}`,
    );
  },
};

// The longer name first: the words of a command are matched in this order.
export const backupCommands: readonly Command[] = [verify, backup, restoreCommand];

/** @param whose place it is in @param end of each line */
function listDamage(damaged: readonly DamagedBlob[], whose: string, end = ''): void {
  for (const { digest, problem, usedBy } of damaged.slice(0, MAXIMUM_LISTED)) {
    const use = usedBy.length === 0 ? 'nothing' : usedBy.join(', ');
    printNote(`${whose}'s blob ${digest} ${problem} (needed by ${use})${end}`);
  }
  const more = damaged.length - MAXIMUM_LISTED;
  if (more > 0) printNote(`and ${counted(more, 'more blob')}${end}`);
}

function are(blobs: readonly DamagedBlob[]): string {
  return blobs.length === 1 ? 'is' : 'are';
}

function belong(blobs: readonly DamagedBlob[]): string {
  return blobs.length === 1 ? 'it belongs' : 'they belong';
}

/** @param what is being done, such as "backing up" */
function showBackupProgress(what: string) {
  return showProgress<BackupProgress>((progress) => {
    const part =
      progress.stage === 'database'
        ? `database, ${Math.floor(progress.done * 100)} %`
        : `blob ${progress.done} of ${progress.count}`;
    return `${what}: ${part}`;
  });
}
