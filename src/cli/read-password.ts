// Asks for a password: at a terminal without showing it, or from standard input for scripts.
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type Option, UsageError } from './command.ts';

export const PASSWORD_STDIN: Option = {
  name: 'password-stdin',
  summary: 'read the password from standard input, and do not ask for it',
};

/** @param fromInput the whole standard input is the password, a line break at its end aside */
export async function readPassword(question: string, fromInput: boolean): Promise<string> {
  if (fromInput) return (await text(process.stdin)).replace(/\r?\n$/, '');
  return await readPasswordAtTerminal(question, 'use --password-stdin');
}

/** @throws UsageError when there is no terminal, with what to do instead */
export async function readPasswordAtTerminal(question: string, instead: string): Promise<string> {
  if (!process.stdin.isTTY) throw new UsageError(`there is no terminal to ask for the password: ${instead}`);
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
