// Text in columns.
import { columnsOf, oneLine, shortened } from './line-width.ts';

/**
 * The first row is the head; a cell without text is shown as "-".
 * @param width of a line: what does not fit is cut from the last cell, but never its first words
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): readonly string[] {
  const all = [head, ...rows].map((row) => row.map((cell) => oneLine(cell) || '-'));
  const widths = head.map((_, column) => Math.max(...all.map((row) => columnsOf(row[column] ?? ''))));
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0);
  const last = Math.max(width - before, SHORTEST_TEXT);
  return all.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? shortened(cell, last) : padded(cell, widths[column] ?? 0)))
      .join(GAP),
  );
}

/** A line for each thing that has a name; one without text is shown as "-". */
export function facts(entries: readonly (readonly [name: string, text: string])[]): readonly string[] {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, text]) => `${name.padEnd(width)}  ${oneLine(text) || '-'}`);
}

const GAP = '  ';
/** columns */
const SHORTEST_TEXT = 24;

function padded(text: string, width: number): string {
  return `${text}${' '.repeat(width - columnsOf(text))}`;
}
