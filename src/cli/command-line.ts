// The command line: finds the command, reads the settings, runs it, and turns what goes wrong into one line and an exit code.
import { resolve } from 'node:path';
import { AccountError } from '../access/accounts.ts';
import { ConfigError, loadConfig, parseSettingsFlags } from '../config/load.ts';
import { nearestName } from '../config/schema.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import { checkConfig } from './check-config.ts';
import { type Command, UsageError } from './command.ts';
import { grantCommands } from './grants.ts';
import { helpText } from './help.ts';
import { namespaceCommands } from './namespaces.ts';
import { serve } from './serve.ts';
import { userCommands } from './users.ts';
import { VERSION } from './version.ts';

const COMMANDS: readonly Command[] = [serve, ...userCommands, ...grantCommands, ...namespaceCommands, checkConfig];

/** What Node adds to the errors of the operating system. */
type SystemError = NodeJS.ErrnoException & {
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
};

/** @returns the exit code: 0, or 1 after one line on standard error that says what is wrong */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  try {
    await run(words);
    return 0;
  } catch (error) {
    process.stderr.write(`chartroom: ${explain(error)}\n`);
    return 1;
  }
}

async function run(words: readonly string[]): Promise<void> {
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  if (words.includes('--help') || words.includes('-h') || words.length === 0 || words[0] === 'help') {
    print(helpText(COMMANDS));
    return;
  }
  if (words[0] === '--version') {
    print(VERSION);
    return;
  }
  const command = findCommand(words);
  const rest = words.slice(command.name.split(' ').length);
  const isSwitch = (word: string): boolean => command.switches?.some((name) => word === `--${name}`) ?? false;
  const switches = new Set(rest.filter(isSwitch).map((word) => word.slice(2)));
  const { flags, positionals } = parseSettingsFlags(rest.filter((word) => !isSwitch(word)));
  if (positionals.length !== command.positionals) {
    throw new UsageError(`usage: chartroom ${command.name} ${command.usage}`.trimEnd());
  }
  await command.run({ config: loadConfig({ flags }), positionals, switches, print });
}

function findCommand(words: readonly string[]): Command {
  const text = words.join(' ');
  const command = COMMANDS.find(({ name }) => text === name || text.startsWith(`${name} `));
  if (command) return command;
  const [first = ''] = words;
  if (first.startsWith('-')) {
    throw new UsageError('the command stands before its flags, as in "chartroom serve --port 5001"');
  }
  const family = COMMANDS.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  if (family.length > 0) throw new UsageError(`"${first}" goes on with another word: ${quoted(family)}`);
  const names = COMMANDS.map(({ name }) => name);
  const meant = nearestName(words.slice(0, 2).join(' '), names) ?? nearestName(first, names);
  const hint = meant === undefined ? '' : `; did you mean "chartroom ${meant}"?`;
  throw new UsageError(`there is no command "${first}"${hint} ("chartroom --help" lists them all)`);
}

function quoted(names: readonly string[]): string {
  const all = names.map((name) => `"chartroom ${name}"`);
  return all.length === 1 ? `${all[0]}` : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`;
}

function explain(error: unknown): string {
  if (error instanceof UsageError || error instanceof ConfigError) return error.message;
  if (error instanceof AccountError || error instanceof StorageUnusable) return error.message;
  if (!(error instanceof Error)) return String(error);
  const { code, path, address, port, hostname } = error as SystemError;
  const at = path === undefined ? '' : ` (${code} at ${resolve(path)})`;
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} on ${address} is in use by another program: stop that, or choose another port with --port`;
    case 'EADDRNOTAVAIL':
      return `${address} is no address of this machine: set another one with --host`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name ${hostname} cannot be looked up: set an address of this machine with --host`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      if (path === undefined) return `this user may not listen on port ${port}: choose one above 1023 with --port`;
      return `the data folder cannot be written to${at}: give this user the right to, or choose another one with --data-dir`;
    case 'EEXIST':
    case 'ENOENT':
    case 'ENOTDIR':
      return `the data folder cannot be made${at}: a file or a broken link is in its way; choose another one with --data-dir`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `the disk is full${at}: make room on it, or choose another data folder with --data-dir`;
    default:
      return error.stack ?? error.message;
  }
}
