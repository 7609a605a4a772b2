// Finds values that only changed their place: the same thing was removed here and added there.
import { canonicalText, isJsonList, isJsonMap, type JsonValue } from './json-value.ts';
import type { AddedValue, RemovedValue } from './value-differences.ts';

export interface MovedValue {
  readonly from: RemovedValue;
  readonly to: AddedValue;
}

/**
 * A value counts as moved when it was removed at one place and added at one, and nowhere else. A map or a list of several
 * values may have got any other name. A single value must have kept its name and be in a related place, and be one that
 * hardly stands elsewhere by chance: no boolean, no `0`, no short text.
 */
export function movesOf(removed: readonly RemovedValue[], added: readonly AddedValue[]): readonly MovedValue[] {
  const places = placesOf(added);
  return [...placesOf(removed)].flatMap(([identity, [from, ...others]]) => {
    const [to, ...more] = places.get(identity) ?? [];
    if (from === undefined || to === undefined || others.length > 0 || more.length > 0) return [];
    return leavesOf(from.value) > 1 || areRelated(from.keys, to.keys) ? [{ from, to }] : [];
  });
}

function placesOf<Place extends AddedValue>(values: readonly Place[]): ReadonlyMap<string, readonly Place[]> {
  const places = new Map<string, Place[]>();
  for (const place of values) {
    const identity = identityOf(place);
    if (identity === undefined) continue;
    const others = places.get(identity);
    if (others) others.push(place);
    else places.set(identity, [place]);
  }
  return places;
}

function identityOf({ keys, value }: AddedValue): string | undefined {
  if (leavesOf(value) > 1) return canonicalText(value);
  return isDistinct(singleValue(value)) ? `${JSON.stringify(keys.at(-1))} ${canonicalText(value)}` : undefined;
}

/** Below the same key of the top level, or the keys of one are all among those of the other: `image`, `web.image`. */
function areRelated(from: readonly string[], to: readonly string[]): boolean {
  return from[0] === to[0] || isSubsequence(from, to) || isSubsequence(to, from);
}

function isSubsequence(keys: readonly string[], others: readonly string[]): boolean {
  let found = 0;
  for (const other of others) if (other === keys[found]) found += 1;
  return found === keys.length;
}

function isDistinct(value: JsonValue): boolean {
  return (typeof value === 'string' && value.length > 3) || (typeof value === 'number' && Math.abs(value) > 9);
}

/** What a list or map of one value, at any depth, comes down to. */
function singleValue(value: JsonValue): JsonValue {
  const [only] = isJsonList(value) || isJsonMap(value) ? Object.values<JsonValue>(value) : [];
  return only === undefined ? value : singleValue(only);
}

function leavesOf(value: JsonValue): number {
  if (!isJsonList(value) && !isJsonMap(value)) return 1;
  return Object.values<JsonValue>(value).reduce<number>((sum, item) => sum + leavesOf(item), 0);
}
