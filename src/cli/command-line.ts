// The command line: finds the command, reads the settings, runs it, and turns what goes wrong into one line and an exit code.
import { AccountError } from '../access/accounts.ts';
import { ConfigError, loadConfig, parseSettingsFlags } from '../config/load.ts';
import { DatabaseUnusable } from '../ports/database.ts';
import { checkConfig } from './check-config.ts';
import { type Command, UsageError } from './command.ts';
import { grantCommands } from './grants.ts';
import { helpText } from './help.ts';
import { namespaceCommands } from './namespaces.ts';
import { serve } from './serve.ts';
import { userCommands } from './users.ts';
import { VERSION } from './version.ts';

const COMMANDS: readonly Command[] = [serve, ...userCommands, ...grantCommands, ...namespaceCommands, checkConfig];

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
  const family = COMMANDS.filter(({ name }) => name.startsWith(`${words[0]} `)).map(({ name }) => name);
  throw new UsageError(
    family.length > 0
      ? `use one of: ${family.join(', ')}`
      : `there is no command "${words[0]}": "chartroom --help" lists them all`,
  );
}

function explain(error: unknown): string {
  if (error instanceof UsageError || error instanceof ConfigError) return error.message;
  if (error instanceof AccountError || error instanceof DatabaseUnusable) return error.message;
  if (!(error instanceof Error)) return String(error);
  const { code, path, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} on ${address} is in use by another program: stop that, or choose another port with --port`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${address ?? 'the host'} is no address of this machine: set another one with --host`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      if (path === undefined) return `this user may not listen on port ${port}: choose one above 1023 with --port`;
      return `the data folder cannot be written to (${code} at ${path}): give this user the right to, or choose another one with --data-dir`;
    case 'ENOTDIR':
    case 'EEXIST':
      return `${path} is in the way of the data folder: choose another one with --data-dir`;
    default:
      return error.stack ?? error.message;
  }
}
