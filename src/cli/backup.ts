// `chartroom backup`, `chartroom backup verify` and `chartroom restore`.

import type { BackupProgress } from '../backup/backup-progress.ts';
import { backUp, restore, verifyBackup } from '../data-folder/back-up.ts';
import {
  backedUpLine,
  complaintOfRestoration,
  complaintsOfBackup,
  complaintsOfCheck,
  damageLines,
  restoredLine,
  unrecordedLine,
  wholeLine,
} from './backup-words.ts';
import { CheckFailed, type Command, DamageFound, type Option } from './command.ts';
import { REFUSED_SERVER, requireNoServer } from './connection.ts';
import { explainCutOff } from './explain-cut-off.ts';
import { explainUnreadableBackup } from './explain-unreadable-backup.ts';
import { operatorName } from './operator.ts';
import { printLine, printNote } from './print.ts';
import { showProgress } from './show-progress.ts';

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
  commonOptions: [REFUSED_SERVER],
  exitCodes: {
    1: 'there is no new backup, or a doubtful one, which lacks something; standard error says what',
    2: 'the backup is whole, and the data folder has damage that the backup has not',
  },
  run: async ({ words: [folder = ''], options, settings }) => {
    requireNoServer(options, 'backup', 'the data folder is copied on the disk of the server');
    using progress = showBackupProgress('backing up');
    const { onProgress } = progress;
    const config = settings.load();
    const checksAll = options.has(VERIFY.name);
    const made = await backUp(config, folder, { checksAll, onProgress, operator: operatorName() }).catch((error) => {
      throw explainCutOff(error, folder);
    });
    progress.end();
    printLine(backedUpLine(made));
    for (const line of damageLines(made.record.damaged, 'the data folder')) printNote(line);
    for (const line of damageLines(made.onlyHere, 'the data folder', "; the backup's is sound")) printNote(line);
    if (made.unrecorded !== undefined) printNote(unrecordedLine(made.unrecorded));
    failWith(complaintsOfBackup(made, folder, config.dataDir), made.isGood ? DamageFound : CheckFailed);
  },
};

const verify: Command = {
  name: 'backup verify',
  words: ['FOLDER'],
  summary: 'read all of a backup and say what is damaged in it',
  options: [],
  commonOptions: [REFUSED_SERVER],
  exitCodes: {
    1: 'there is no backup that could be read; standard error says why',
    2: 'all was read, and some content is damaged or missing',
  },
  run: async ({ words: [folder = ''], options }) => {
    requireNoServer(options, 'backup verify', 'a backup is read from the disk that it is on');
    using progress = showBackupProgress('reading');
    const verified = await verifyBackup(folder, progress.onProgress).catch((error) => {
      throw explainUnreadableBackup(error, folder);
    });
    progress.end();
    for (const line of damageLines(verified.damaged, 'the backup')) printNote(line);
    failWith(complaintsOfCheck(verified, folder), DamageFound);
    printLine(wholeLine(verified.record));
  },
};

const restoreCommand: Command = {
  name: 'restore',
  words: ['FOLDER'],
  summary: 'make the data folder, which must be empty, out of a backup',
  options: [ACCEPT_DAMAGE],
  commonOptions: [REFUSED_SERVER],
  exitCodes: { 1: 'not restored: no server starts on the folder; standard error says why' },
  run: async ({ words: [folder = ''], options, settings }) => {
    requireNoServer(options, 'restore', 'the data folder is made on the disk of the server');
    const acceptsDamage = options.has(ACCEPT_DAMAGE.name);
    const config = settings.load();
    using progress = showBackupProgress('restoring');
    const { onProgress } = progress;
    const restored = await restore(config, folder, { acceptsDamage, onProgress }).catch((error) => {
      throw explainUnreadableBackup(error, folder);
    });
    progress.end();
    for (const line of damageLines(restored.damaged, 'the backup')) printNote(line);
    if (restored.damaged.length > 0 && !acceptsDamage) {
      throw new CheckFailed(complaintOfRestoration(restored, config.dataDir));
    }
    printLine(restoredLine(restored, config.dataDir));
  },
};

// The longer name first: the words of a command are matched in this order.
export const backupCommands: readonly Command[] = [verify, backup, restoreCommand];

/** @throws Failure when there is something to complain of */
function failWith([complaint, ...others]: readonly string[], Failure: typeof CheckFailed): void {
  for (const other of others) printNote(other);
  if (complaint !== undefined) throw new Failure(complaint);
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
