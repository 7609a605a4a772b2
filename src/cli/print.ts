// Writes to the terminal, which must not take what others have written for commands to it.

/** To standard output. */
export function printLine(line: string): void {
  process.stdout.write(`${printable(line)}\n`);
}

/** To standard error. */
export function printNote(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${jsonOf(value, 2)}\n`);
}

/** Without the control characters that JSON allows as they are. */
export function jsonOf(value: unknown, indent?: number): string {
  const escaped = (character: string) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value, null, indent).replace(/\p{Cc}/gu, escaped);
}

/** User agents, names of tokens and answers of servers may have anything in them, also what moves the cursor or turns text around. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => ('\t\n'.includes(character) ? character : '?'));
}
