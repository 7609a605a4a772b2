// A unified diff of two texts, line by line, with bounds on the work and on what is shown.
import { diffArrays } from 'diff';
import type { Effort } from './effort.ts';

export interface LineDiff {
  /** hunks as `diff -u` writes them, without the lines that name the files */
  readonly text: string;
  readonly addedLines: number;
  readonly removedLines: number;
  /** lines of the diff that are not in `text` */
  readonly cutLines: number;
}

/** A run of lines that are equal in both, or that one of them has. */
interface Run {
  readonly kind: ' ' | '-' | '+';
  readonly count: number;
}

export const MAXIMUM_LINES = 100_000;
const CONTEXT = 3;
const MAXIMUM_SHOWN_LINES = 400;
/** characters of one line */
const MAXIMUM_WIDTH = 400;
/** Added and removed lines; for more of them all between the first and the last change counts as replaced. */
const MAXIMUM_EDITS = 2_000;

/**
 * Undefined when one of the texts has more than `MAXIMUM_LINES`.
 * @param effort lines, and comparisons of lines
 */
export function diffLines(from: string, to: string, effort: Effort): LineDiff | undefined {
  const before = linesOf(from);
  const after = linesOf(to);
  effort.spend(before.length + after.length);
  if (Math.max(before.length, after.length) > MAXIMUM_LINES) return undefined;
  const runs = runsOf(before, after, effort);
  const writer = new HunkWriter(before, after);
  runs.forEach((run, index) => {
    writer.add(run, index === runs.length - 1);
  });
  return writer.finish();
}

/** Each with its line break, so that a last line without one differs from one with it; one more than the most at most. */
function linesOf(text: string): readonly string[] {
  const lines: string[] = [];
  for (let start = 0; start < text.length && lines.length <= MAXIMUM_LINES; ) {
    const end = text.indexOf('\n', start);
    const next = end === -1 ? text.length : end + 1;
    lines.push(text.slice(start, next));
    start = next;
  }
  return lines;
}

function runsOf(before: readonly string[], after: readonly string[], effort: Effort): readonly Run[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const runs: readonly Run[] = [
    { kind: ' ', count: head },
    ...changedRuns(before.slice(head, before.length - tail), after.slice(head, after.length - tail), effort),
    { kind: ' ', count: tail },
  ];
  return runs.filter(({ count }) => count > 0);
}

function changedRuns(before: readonly string[], after: readonly string[], effort: Effort): readonly Run[] {
  const replaced: readonly Run[] = [
    { kind: '-', count: before.length },
    { kind: '+', count: after.length },
  ];
  if (before.length === 0 || after.length === 0) return replaced;
  // Numbers for lines: comparing them takes equal time however long the lines are.
  const numbers = new Map<string, number>();
  const numberOf = (line: string): number => {
    const number = numbers.get(line) ?? numbers.size;
    numbers.set(line, number);
    return number;
  };
  let comparisons = 0;
  const changes = diffArrays(before.map(numberOf), after.map(numberOf), {
    // The work is at most this number times that of the lines.
    maxEditLength: Math.min(MAXIMUM_EDITS, Math.floor(effort.left / (before.length + after.length))),
    comparator: (one, other) => {
      comparisons += 1;
      return one === other;
    },
  });
  effort.spend(comparisons);
  return changes?.map(({ count, added, removed }) => ({ kind: added ? '+' : removed ? '-' : ' ', count })) ?? replaced;
}

/** Turns runs into hunks, and keeps the first lines of them. */
class HunkWriter {
  readonly #before: readonly string[];
  readonly #after: readonly string[];
  readonly #shown: string[] = [];
  #cutLines = 0;
  #addedLines = 0;
  #removedLines = 0;
  /** how many lines of each were gone through */
  #from = 0;
  #to = 0;
  #hunk: { readonly from: number; readonly to: number; readonly header: number | undefined } | undefined;

  constructor(before: readonly string[], after: readonly string[]) {
    this.#before = before;
    this.#after = after;
  }

  add({ kind, count }: Run, isLast: boolean): void {
    if (kind === ' ') {
      this.#equal(count, isLast);
      return;
    }
    this.#open();
    const lines = kind === '-' ? this.#before : this.#after;
    const start = kind === '-' ? this.#from : this.#to;
    for (let index = start; index < start + count; index += 1) this.#line(kind, lines[index] ?? '');
    if (kind === '-') {
      this.#from += count;
      this.#removedLines += count;
    } else {
      this.#to += count;
      this.#addedLines += count;
    }
  }

  finish(): LineDiff {
    this.#close();
    return {
      text: this.#shown.join('\n'),
      addedLines: this.#addedLines,
      removedLines: this.#removedLines,
      cutLines: this.#cutLines,
    };
  }

  /** Few equal lines between two changes join them to one hunk. */
  #equal(count: number, isLast: boolean): void {
    if (this.#hunk === undefined) {
      this.#skip(count);
    } else if (!isLast && count <= 2 * CONTEXT) {
      this.#context(count);
    } else {
      const context = Math.min(count, CONTEXT);
      this.#context(context);
      this.#close();
      this.#skip(count - context);
    }
  }

  #skip(count: number): void {
    this.#from += count;
    this.#to += count;
  }

  #context(count: number): void {
    for (let index = this.#from; index < this.#from + count; index += 1) this.#line(' ', this.#before[index] ?? '');
    this.#skip(count);
  }

  #open(): void {
    if (this.#hunk) return;
    const context = Math.min(CONTEXT, this.#from, this.#to);
    this.#skip(-context);
    const header = this.#shown.length < MAXIMUM_SHOWN_LINES ? this.#shown.push('') - 1 : undefined;
    this.#hunk = { from: this.#from, to: this.#to, header };
    this.#context(context);
  }

  #close(): void {
    if (this.#hunk?.header !== undefined) {
      const { from, to, header } = this.#hunk;
      this.#shown[header] = `@@ -${rangeOf(from, this.#from)} +${rangeOf(to, this.#to)} @@`;
    }
    this.#hunk = undefined;
  }

  #line(kind: Run['kind'], line: string): void {
    if (this.#shown.length >= MAXIMUM_SHOWN_LINES) {
      this.#cutLines += 1;
      return;
    }
    const isWhole = line.endsWith('\n');
    const text = isWhole ? line.slice(0, -1) : line;
    this.#shown.push(`${kind}${text.length <= MAXIMUM_WIDTH ? text : `${text.slice(0, MAXIMUM_WIDTH)}…`}`);
    if (!isWhole) this.#shown.push('\\ No newline at end of file');
  }
}

/** As `diff -u` counts: from 1, and without lines the line before. */
function rangeOf(start: number, end: number): string {
  const count = end - start;
  return `${count === 0 ? start : start + 1},${count}`;
}
