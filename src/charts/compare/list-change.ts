// What came and went in a list: its items are compared as wholes, wherever they stand.
import { canonicalText, type JsonValue, type ShownValue, shownValue } from './json-value.ts';

export interface ListChange {
  readonly added: readonly ShownValue[];
  readonly removed: readonly ShownValue[];
  /** items that are not shown, of both */
  readonly more: number;
  /** the same items in another order */
  readonly reordered: boolean;
}

const MAXIMUM_ITEMS = 20;

export function listChange(from: readonly JsonValue[], to: readonly JsonValue[]): ListChange {
  const added = without(to, from);
  const removed = without(from, to);
  return {
    added: added.slice(0, MAXIMUM_ITEMS).map(shownValue),
    removed: removed.slice(0, MAXIMUM_ITEMS).map(shownValue),
    more: Math.max(0, added.length - MAXIMUM_ITEMS) + Math.max(0, removed.length - MAXIMUM_ITEMS),
    reordered: added.length === 0 && removed.length === 0,
  };
}

/** The items of `items` that `others` has not, or not so often. */
function without(items: readonly JsonValue[], others: readonly JsonValue[]): readonly JsonValue[] {
  const counts = new Map<string, number>();
  for (const other of others) {
    const text = canonicalText(other);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return items.filter((item) => {
    const text = canonicalText(item);
    const count = counts.get(text) ?? 0;
    counts.set(text, count - 1);
    return count <= 0;
  });
}
