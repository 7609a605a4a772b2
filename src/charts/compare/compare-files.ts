// Compares the files of two charts as texts: templates first, documents and what came with dependencies last.
import { type FileKind, kindOfFile } from '../known-files.ts';
import type { ComparedChart, ComparedFile } from './compared-chart.ts';
import type { Cuts } from './cuts.ts';
import { Effort } from './effort.ts';
import { diffLines, type LineDiff, MAXIMUM_LINES } from './line-diff.ts';

export type FileChange =
  | { readonly change: 'added' | 'removed'; readonly path: string; readonly kind: FileKind; readonly size: number }
  | {
      readonly change: 'changed';
      readonly path: string;
      readonly kind: FileKind;
      readonly fromSize: number;
      readonly toSize: number;
      readonly diff: FileDiff;
    };

type FileDiff = ({ readonly shown: true } & LineDiff) | { readonly shown: false; readonly reason: string };

/** In the order in which files are shown, and in which the room for diffs is given to them. */
const KINDS: readonly FileKind[] = [
  'template',
  'notes',
  'crd',
  'values',
  'schema',
  'metadata',
  'requirements',
  'lock',
  'file',
  'helmignore',
  'readme',
  'license',
  'subchart',
];

const MAXIMUM_CHANGES = 2_000;
/** characters of one text, of which a diff is made */
const MAXIMUM_TEXT = 2 * 1024 * 1024;
/** characters of all texts */
const MAXIMUM_READ = 24 * 1024 * 1024;
/** lines of all files, and comparisons of them: some 100 nanoseconds each */
const DIFF_EFFORT = 5_000_000;
/** characters of all diffs */
const MAXIMUM_SHOWN = 512 * 1024;

export function compareFiles(from: ComparedChart, to: ComparedChart, cuts: Cuts): readonly FileChange[] {
  const pairs = cuts.first('files', changedPairs(from, to), MAXIMUM_CHANGES);
  const differ = new FileDiffer(from, to);
  const changes = pairs.map((pair) => changeOf(pair, differ));
  if (differ.withheld > 0) cuts.note('files', `the diffs of ${differ.withheld} files are not shown`);
  return changes;
}

interface FilePair {
  readonly path: string;
  readonly kind: FileKind;
  readonly from: ComparedFile | undefined;
  readonly to: ComparedFile | undefined;
}

function changedPairs(from: ComparedChart, to: ComparedChart): readonly FilePair[] {
  const before = new Map(from.files.map((file) => [file.path, file]));
  const after = new Map(to.files.map((file) => [file.path, file]));
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((path) => ({ path, kind: kindOfFile(path), from: before.get(path), to: after.get(path) }))
    .filter((pair) => !isEqual(pair, from, to))
    .toSorted(byKindAndPath);
}

function isEqual({ path, from: before, to: after }: FilePair, from: ComparedChart, to: ComparedChart): boolean {
  if (before === undefined || after === undefined || before.size !== after.size) return false;
  const text = from.text(path);
  if (text !== to.text(path)) return false;
  // What is no text in both is told apart by digests, where there are some.
  return text !== undefined || before.digest === after.digest;
}

function byKindAndPath(one: FilePair, other: FilePair): number {
  const order = KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind);
  return order !== 0 ? order : one.path < other.path ? -1 : 1;
}

function changeOf({ path, kind, from, to }: FilePair, differ: FileDiffer): FileChange {
  if (from && to) {
    return { change: 'changed', path, kind, fromSize: from.size, toSize: to.size, diff: differ.diff(path) };
  }
  return { change: to ? 'added' : 'removed', path, kind, size: (to ?? from)?.size ?? 0 };
}

/** Makes diffs until one of the limits of the whole comparison is reached. */
class FileDiffer {
  readonly #from: ComparedChart;
  readonly #to: ComparedChart;
  readonly #effort = new Effort(DIFF_EFFORT);
  #room = MAXIMUM_SHOWN;
  #unread = MAXIMUM_READ;
  withheld = 0;

  constructor(from: ComparedChart, to: ComparedChart) {
    this.#from = from;
    this.#to = to;
  }

  diff(path: string): FileDiff {
    if (this.#room <= 0 || this.#unread <= 0 || this.#effort.left === 0)
      return this.#withhold('this comparison shows as many diffs as it may');
    const from = this.#from.text(path);
    const to = this.#to.text(path);
    if (from === undefined || to === undefined) return { shown: false, reason: 'it is no text in UTF-8' };
    if (Math.max(from.length, to.length) > MAXIMUM_TEXT) {
      return this.#withhold(`it has more than ${MAXIMUM_TEXT} characters`);
    }
    this.#unread -= from.length + to.length;
    const diff = diffLines(from, to, this.#effort);
    if (diff === undefined) return this.#withhold(`it has more than ${MAXIMUM_LINES} lines`);
    this.#room -= diff.text.length;
    return { shown: true, ...diff };
  }

  #withhold(reason: string): FileDiff {
    this.withheld += 1;
    return { shown: false, reason };
  }
}
