// The command line: finds the command, runs it, and turns what goes wrong into one line and an exit code.
import { nearestName } from '../config/schema.ts';
import { VERSION } from '../config/version.ts';
import { type Command, DamageFound, UsageError } from './command.ts';
import { explainError } from './explain-error.ts';
import { parseWords } from './parse-words.ts';
import { printLine, printNote } from './print.ts';
import { serve } from './serve.ts';

/**
 * @returns the exit code: 0, or after one line on standard error that says what is wrong 2 when all was done and damage was found, else 1
 */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  // Whoever reads it, such as "head", may have enough before the end.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(1);
  });
  try {
    await run(words);
    return 0;
  } catch (error) {
    printNote(`chartroom: ${explainError(error)}`);
    return error instanceof DamageFound ? 2 : 1;
  }
}

async function run(words: readonly string[]): Promise<void> {
  const [first] = words;
  const wantsHelp = words.includes('--help') || words.includes('-h');
  if (wantsHelp || first === undefined || first === 'help') {
    const { helpFor } = await import('./help.ts');
    printLine(helpFor(words.filter((word, index) => !word.startsWith('-') && (index > 0 || word !== 'help'))));
    return;
  }
  if (first === '--version') {
    printLine(VERSION);
    return;
  }
  // The server has no use for all the others, which would stay in its memory.
  const command = first === serve.name ? serve : await findCommand(words);
  await command.run(parseWords(command, words.slice(command.name.split(' ').length)));
}

async function findCommand(words: readonly string[]): Promise<Command> {
  const { COMMANDS, commandOf, familyOf } = await import('./commands.ts');
  const command = commandOf(words);
  if (command) return command;
  const [first = ''] = words;
  if (first.startsWith('-')) {
    throw new UsageError('the command stands before its flags, as in "chartroom serve --port 5001"');
  }
  const family = familyOf(first).map(({ name }) => name);
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
