// Writes to the terminal, which must not take what others have written for commands to it.
import { isUtf8 } from 'node:buffer';
import { UsageError } from './command.ts';

/** What moves the cursor, changes colours, turns text around or breaks lines. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** To standard output. */
export function printLine(line: string): void {
  process.stdout.write(`${printable(line)}\n`);
}

/** To standard error. */
export function printNote(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** To standard output; everything is in it as it was, but nothing unprintable as it is. */
export function printJson(value: unknown, indent = 0): void {
  const escaped = (character: string) => (character === '\n' ? character : codeUnits(character));
  process.stdout.write(`${JSON.stringify(value, null, indent).replace(UNPRINTABLE, escaped)}\n`);
}

/** A file to standard output: its very bytes, or to a terminal what that shows harmlessly. @throws UsageError */
export function printContent(bytes: Uint8Array, isTerminal = process.stdout.isTTY === true): void {
  process.stdout.write(isTerminal ? shownContent(bytes) : bytes);
}

/** @returns lines, the last one ended as well @throws UsageError when it is no text */
export function shownContent(bytes: Uint8Array): string {
  if (!isUtf8(bytes) || bytes.includes(0)) {
    throw new UsageError(
      'the file is not text, which a terminal cannot show: send it to a file, with "> FILE" at the end',
    );
  }
  const text = printable(new TextDecoder().decode(bytes).replaceAll('\r\n', '\n'));
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => ('\t\n'.includes(character) ? character : '?'));
}

/** RFC 8259, section 7 */
function codeUnits(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    const code = character.charCodeAt(index);
    return `\\u${code.toString(16).padStart(4, '0')}`;
  }).join('');
}
