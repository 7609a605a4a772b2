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
import { CheckFailed, type Command, type Option } from './command.ts';
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
  commonOptions: [],
  run: async ({ words: [folder = ''], options, settings }) => {
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
    failWith(complaintsOfBackup(made, folder, config.dataDir));
  },
};

const verify: Command = {
  name: 'backup verify',
  words: ['FOLDER'],
  summary: 'read all of a backup and say what is damaged in it',
  options: [],
  commonOptions: [],
  run: async ({ words: [folder = ''] }) => {
    using progress = showBackupProgress('reading');
    const verified = await verifyBackup(folder, progress.onProgress).catch((error) => {
      throw explainUnreadableBackup(error, folder);
    });
    progress.end();
    for (const line of damageLines(verified.damaged, 'the backup')) printNote(line);
    failWith(complaintsOfCheck(verified, folder));
    printLine(wholeLine(verified.record));
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
    const { onProgress } = progress;
    const restored = await restore(config, folder, { acceptsDamage, onProgress }).catch((error) => {
      throw explainUnreadableBackup(error, folder);
    });
    progress.end();
    for (const line of damageLines(restored.damaged, 'the backup')) printNote(line);
    if (restored.damaged.length > 0 && !acceptsDamage) failWith([complaintOfRestoration(restored, config.dataDir)]);
    printLine(restoredLine(restored, config.dataDir));
  },
};

// The longer name first: the words of a command are matched in this order.
export const backupCommands: readonly Command[] = [verify, backup, restoreCommand];

/** @throws CheckFailed when there is something to complain of */
function failWith([complaint, ...others]: readonly string[]): void {
  for (const other of others) printNote(other);
  if (complaint !== undefined) throw new CheckFailed(complaint);
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
