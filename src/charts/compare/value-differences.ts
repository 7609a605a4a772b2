// Finds where two trees of default values differ, each difference at the highest place that explains it.
import { equalValues, isJsonMap, type JsonMap, type JsonValue, member, typeOfValue } from './json-value.ts';
import type { CommentedKey } from './values-comments.ts';

export interface AddedValue {
  readonly keys: readonly string[];
  readonly value: JsonValue;
  readonly key: CommentedKey | undefined;
}

export interface RemovedValue extends AddedValue {
  /** the map, in the other version, in which it was */
  readonly parent: CommentedKey | undefined;
}

export interface ChangedValue {
  readonly keys: readonly string[];
  readonly from: JsonValue;
  readonly to: JsonValue;
  readonly fromKey: CommentedKey | undefined;
  readonly toKey: CommentedKey | undefined;
}

export interface ValueDifferences {
  readonly added: readonly AddedValue[];
  readonly removed: readonly RemovedValue[];
  /** the same type in both, or null in one of them */
  readonly changed: readonly ChangedValue[];
  readonly retyped: readonly ChangedValue[];
  /** equal values whose comments differ */
  readonly explained: readonly ChangedValue[];
}

interface Sides {
  readonly from: JsonMap;
  readonly to: JsonMap;
  readonly fromKey: CommentedKey | undefined;
  readonly toKey: CommentedKey | undefined;
}

/** In the order of the files: what was removed in that of the older one, all else in that of the newer one. */
export function differencesOf(sides: Sides): ValueDifferences {
  const walk = new DifferenceWalk();
  walk.maps(sides, []);
  return walk;
}

class DifferenceWalk implements ValueDifferences {
  readonly added: AddedValue[] = [];
  readonly removed: RemovedValue[] = [];
  readonly changed: ChangedValue[] = [];
  readonly retyped: ChangedValue[] = [];
  readonly explained: ChangedValue[] = [];

  maps({ from, to, fromKey, toKey }: Sides, above: readonly string[]): void {
    for (const [name, value] of Object.entries(from)) {
      if (Object.hasOwn(to, name)) continue;
      this.removed.push({ keys: [...above, name], value, key: fromKey?.children.get(name), parent: toKey });
    }
    for (const [name, value] of Object.entries(to)) {
      const keys = [...above, name];
      const key = toKey?.children.get(name);
      const before = member(from, name);
      if (before === undefined) this.added.push({ keys, value, key });
      else this.#values({ keys, from: before, to: value, fromKey: fromKey?.children.get(name), toKey: key });
    }
  }

  #values(pair: ChangedValue): void {
    const { keys, from, to, fromKey, toKey } = pair;
    if (isJsonMap(from) && isJsonMap(to) && isEmpty(from) === isEmpty(to)) {
      if (fromKey?.comment !== toKey?.comment) this.explained.push(pair);
      this.maps({ from, to, fromKey, toKey }, keys);
    } else if (equalValues(from, to)) {
      if (fromKey?.comment !== toKey?.comment) this.explained.push(pair);
    } else if (isRetyped(from, to)) {
      this.retyped.push(pair);
    } else {
      // A map that was or became empty (`resources: {}`) takes any keys: its default changed, no key came or went.
      this.changed.push(pair);
    }
  }
}

/** Null stands for "nothing is set", whatever may be set. */
function isRetyped(from: JsonValue, to: JsonValue): boolean {
  return from !== null && to !== null && typeOfValue(from) !== typeOfValue(to);
}

function isEmpty(map: JsonMap): boolean {
  return Object.keys(map).length === 0;
}
