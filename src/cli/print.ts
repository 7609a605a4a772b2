// Writes to the terminal, which must not take what others have written for commands to it.

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
