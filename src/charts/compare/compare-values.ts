// Compares the default values of two charts: what came, went, moved, changed and is explained differently.
import { type ComparedChart, labelOf, requireText } from './compared-chart.ts';
import type { Cuts } from './cuts.ts';
import type { Effort } from './effort.ts';
import { isJsonList, type JsonValue, type ShownValue, shownValue } from './json-value.ts';
import { type ListChange, listChange } from './list-change.ts';
import { type MovedValue, movesOf } from './moved-values.ts';
import { attempt, type Readable } from './unreadable-file.ts';
import {
  type AddedValue,
  type ChangedValue,
  differencesOf,
  type RemovedValue,
  type ValueDifferences,
} from './value-differences.ts';
import { pathText } from './value-path.ts';
import type { CommentedKey } from './values-comments.ts';
import { readValues, type ValuesFile } from './values-file.ts';

export type ValuesComparison =
  | { readonly compared: false; readonly reason: string }
  | {
      readonly compared: true;
      readonly added: readonly ShownAddedValue[];
      readonly removed: readonly ShownRemovedValue[];
      readonly moved: readonly ShownMovedValue[];
      /** another default of the same type, or null in one of the two */
      readonly changed: readonly ShownChangedValue[];
      readonly retyped: readonly ShownChangedValue[];
      /** equal defaults whose comments differ */
      readonly comments: readonly ShownChangedComment[];
    };

interface ShownAddedValue {
  readonly path: string;
  readonly value: ShownValue;
  /** what values.yaml says above or beside it */
  readonly comment?: string | undefined;
}

interface ShownRemovedValue extends ShownAddedValue {
  /** whether values.yaml of the newer version has the key in a comment at the same place, as an example */
  readonly commentedOut: boolean;
}

interface ShownMovedValue {
  readonly fromPath: string;
  readonly toPath: string;
  readonly value: ShownValue;
  readonly comment?: string | undefined;
}

interface ShownChangedValue {
  readonly path: string;
  readonly from: ShownValue;
  readonly to: ShownValue;
  readonly fromComment?: string | undefined;
  readonly toComment?: string | undefined;
  /** when both are lists */
  readonly items?: ListChange | undefined;
}

interface ShownChangedComment {
  readonly path: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** All differences, as the search for what may break needs them. */
export interface ValuesFindings extends ValueDifferences {
  readonly moved: readonly MovedValue[];
  /** the default values of the newer version */
  readonly values: ValuesFile['values'];
  isCommentedOut(value: RemovedValue): boolean;
}

const VALUES_FILE = 'values.yaml';
/** entries of each list */
const MAXIMUM_ENTRIES = 500;
/** characters of a comment */
const MAXIMUM_COMMENT = 600;

/** @param effort of reading YAML */
export function findValueDifferences(from: ComparedChart, to: ComparedChart, effort: Effort): Readable<ValuesFindings> {
  const fromText = attempt(`${VALUES_FILE} of ${labelOf(from)}`, () => requireText(from, VALUES_FILE));
  const toText = attempt(`${VALUES_FILE} of ${labelOf(to)}`, () => requireText(to, VALUES_FILE));
  if (!fromText.readable) return fromText;
  if (!toText.readable) return toText;
  const newer = attempt(`${VALUES_FILE} of ${labelOf(to)}`, () => readValues(toText.content ?? '', effort));
  if (!newer.readable) return newer;
  const isEqual = fromText.content === toText.content;
  const older = isEqual
    ? newer
    : attempt(`${VALUES_FILE} of ${labelOf(from)}`, () => readValues(fromText.content ?? '', effort));
  return older.readable ? { readable: true, content: findingsOf(older.content, newer.content) } : older;
}

export function showValues(findings: Readable<ValuesFindings>, cuts: Cuts): ValuesComparison {
  if (!findings.readable) return { compared: false, reason: findings.reason };
  const { added, removed, moved, changed, retyped, explained, isCommentedOut } = findings.content;
  const first = <Item>(list: string, items: readonly Item[]): readonly Item[] =>
    cuts.first(`values.${list}`, items, MAXIMUM_ENTRIES);
  return {
    compared: true,
    added: first('added', added).map(showAdded),
    removed: first('removed', removed).map((value) => ({
      ...showAdded(value),
      commentedOut: isCommentedOut(value),
    })),
    moved: first('moved', moved).map(({ from, to }) => ({
      fromPath: pathText(from.keys),
      toPath: pathText(to.keys),
      value: shownValue(to.value),
      comment: commentOf(to.key),
    })),
    changed: first('changed', changed).map(showChanged),
    retyped: first('retyped', retyped).map(showChanged),
    comments: first('comments', explained).map(({ keys, fromKey, toKey }) => ({
      path: pathText(keys),
      from: commentOf(fromKey),
      to: commentOf(toKey),
    })),
  };
}

function findingsOf(from: ValuesFile, to: ValuesFile): ValuesFindings {
  const differences = differencesOf({
    from: from.values,
    to: to.values,
    fromKey: from.comments.root,
    toKey: to.comments.root,
  });
  const moved = movesOf(differences.removed, differences.added);
  const left = new Set(moved.map((move) => move.from));
  const arrived = new Set(moved.map((move) => move.to));
  return {
    added: differences.added.filter((value) => !arrived.has(value)),
    removed: differences.removed.filter((value) => !left.has(value)),
    changed: differences.changed,
    retyped: differences.retyped,
    explained: differences.explained,
    moved,
    values: to.values,
    isCommentedOut: ({ keys, parent }) => parent !== undefined && to.comments.isCommentedOut(parent, keys.at(-1) ?? ''),
  };
}

function showAdded({ keys, value, key }: AddedValue): ShownAddedValue {
  return { path: pathText(keys), value: shownValue(value), comment: commentOf(key) };
}

function showChanged({ keys, from, to, fromKey, toKey }: ChangedValue): ShownChangedValue {
  return {
    path: pathText(keys),
    from: shownValue(from),
    to: shownValue(to),
    fromComment: commentOf(fromKey),
    toComment: commentOf(toKey),
    items: listItems(from, to),
  };
}

function listItems(from: JsonValue, to: JsonValue): ListChange | undefined {
  return isJsonList(from) && isJsonList(to) ? listChange(from, to) : undefined;
}

function commentOf(key: CommentedKey | undefined): string | undefined {
  const comment = key?.comment;
  return comment === undefined || comment.length <= MAXIMUM_COMMENT ? comment : `${comment.slice(0, MAXIMUM_COMMENT)}…`;
}
