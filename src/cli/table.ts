// Text in columns.

/** The first row is the head; a cell without text is shown as "-". */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [head, ...rows].map((row) => row.map((cell) => (cell === '' ? '-' : cell)));
  const widths = head.map((_, column) => Math.max(...all.map((row) => [...(row[column] ?? '')].length)));
  return all.map((row) =>
    row
      .map((cell, column) => padded(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** A line for each thing that has a name; one without text is shown as "-". */
export function facts(entries: readonly (readonly [name: string, text: string])[]): readonly string[] {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, text]) => `${name.padEnd(width)}  ${text === '' ? '-' : text}`);
}

function padded(text: string, width: number): string {
  return `${text}${' '.repeat(width - [...text].length)}`;
}
