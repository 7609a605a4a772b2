// All commands, in the order in which the help shows them.
import { auditCommands } from './audit.ts';
import { backupCommands } from './backup.ts';
import { chartCompare } from './chart-compare.ts';
import { chartContentCommands } from './chart-images.ts';
import { chartRelationCommands } from './chart-relations.ts';
import { chartShow } from './chart-show.ts';
import { chartListCommands } from './charts.ts';
import { checkConfig } from './check-config.ts';
import type { Command } from './command.ts';
import { grantCommands } from './grants.ts';
import { groupCommands } from './groups.ts';
import { jobCommands } from './jobs.ts';
import { keyRotate } from './keys.ts';
import { checkLock } from './lock-check.ts';
import { namespaceCommands } from './namespaces.ts';
import { noticeCommands } from './notices.ts';
import { rebuildCommand } from './rebuild.ts';
import { robotCommands } from './robots.ts';
import { search } from './search.ts';
import { serve } from './serve.ts';
import { tokenCommands } from './tokens.ts';
import { trustCommands } from './trust.ts';
import { uploadCommands } from './uploads.ts';
import { userCommands } from './users.ts';
import { verify } from './verify.ts';
import { whoami } from './whoami.ts';

export const COMMANDS: readonly Command[] = [
  serve,
  checkConfig,
  ...backupCommands,
  rebuildCommand,
  verify,
  search,
  ...chartListCommands,
  chartShow,
  ...chartContentCommands,
  chartCompare,
  ...chartRelationCommands,
  checkLock,
  ...noticeCommands,
  ...userCommands,
  ...groupCommands,
  ...grantCommands,
  ...namespaceCommands,
  ...robotCommands,
  ...tokenCommands,
  ...trustCommands,
  ...auditCommands,
  ...jobCommands,
  ...uploadCommands,
  keyRotate,
  whoami,
];

/** The command that the words begin with. */
export function commandOf(words: readonly string[]): Command | undefined {
  const text = words.join(' ');
  return COMMANDS.find(({ name }) => text === name || text.startsWith(`${name} `));
}

/** The commands whose first word is this one, when they have a second one. */
export function familyOf(word: string): readonly Command[] {
  return COMMANDS.filter(({ name }) => name.startsWith(`${word} `));
}
