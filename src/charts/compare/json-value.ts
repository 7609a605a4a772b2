// Plain data, as values.yaml and JSON files hold it: of which type it is, when two values are equal, how much of one is shown.

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonMap;

export interface JsonMap {
  readonly [key: string]: JsonValue;
}

type ValueType = 'null' | 'boolean' | 'number' | 'string' | 'list' | 'map';

/** A value as part of an answer: whole when its JSON is short, otherwise the beginning of its JSON. */
export type ShownValue =
  | { readonly type: ValueType; readonly value: JsonValue }
  | { readonly type: ValueType; readonly excerpt: string };

/** characters of JSON; longer values are shown by an excerpt */
const MAXIMUM_SHOWN = 1000;
/** characters of JSON */
const EXCERPT = 400;

export function typeOfValue(value: JsonValue): ValueType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  switch (typeof value) {
    case 'boolean':
    case 'number':
    case 'string':
      return typeof value as 'boolean' | 'number' | 'string';
    default:
      return 'map';
  }
}

export function isJsonMap(value: JsonValue | undefined): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isJsonList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The value of a key of the map itself, so that `constructor` and `__proto__` are keys like all others. */
export function member(map: JsonMap, key: string): JsonValue | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** Equal whatever the order of keys. Both must be of bounded depth, as the readers of this folder give them. */
export function equalValues(one: JsonValue, other: JsonValue): boolean {
  if (one === other) return true;
  if (isJsonList(one)) {
    return (
      isJsonList(other) &&
      one.length === other.length &&
      one.every((item, index) => equalValues(item, other[index] ?? null))
    );
  }
  if (!isJsonMap(one) || !isJsonMap(other)) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => Object.hasOwn(other, key) && equalValues(one[key] ?? null, other[key] ?? null));
}

/** JSON with sorted keys: the same text for equal values, and for no others. */
export function canonicalText(value: JsonValue): string {
  if (isJsonList(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (!isJsonMap(value)) return JSON.stringify(value);
  const entries = Object.keys(value)
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${canonicalText(value[key] ?? null)}`);
  return `{${entries.join(',')}}`;
}

/** What is shown of lists and maps, which never change: one may be long and stand in many places. */
const shownBefore = new WeakMap<object, ShownValue>();

export function shownValue(value: JsonValue): ShownValue {
  const isLong = typeof value === 'object' && value !== null;
  const known = isLong ? shownBefore.get(value) : undefined;
  if (known) return known;
  const type = typeOfValue(value);
  const text = beginningOfJson(value, MAXIMUM_SHOWN);
  const shown = text.length <= MAXIMUM_SHOWN ? { type, value } : { type, excerpt: text.slice(0, EXCERPT) };
  if (isLong) shownBefore.set(value, shown);
  return shown;
}

/** The JSON of a value for a sentence, cut after `limit` characters. */
export function jsonExcerpt(value: JsonValue, limit: number): string {
  const shown = shownValue(value);
  const text = 'value' in shown ? JSON.stringify(shown.value) : shown.excerpt;
  return 'value' in shown && text.length <= limit ? text : `${text.slice(0, limit)}…`;
}

/** The JSON of `value`, ended soon after it has more than `limit` characters. */
function beginningOfJson(value: JsonValue, limit: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, limit + 1));
  const isList = isJsonList(value);
  if (!isList && !isJsonMap(value)) return JSON.stringify(value);
  let text = isList ? '[' : '{';
  for (const [key, item] of Object.entries<JsonValue>(value)) {
    if (text.length > limit) return text;
    if (text.length > 1) text += ',';
    if (!isList) text += `${JSON.stringify(key.slice(0, limit))}:`;
    text += beginningOfJson(item, limit - text.length);
  }
  return `${text}${isList ? ']' : '}'}`;
}
