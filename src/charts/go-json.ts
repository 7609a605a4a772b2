// JSON byte for byte as Go's `json.Marshal` writes it, for documents whose digest must be the one that Helm computes.
import { RegistryError } from '../oci/error.ts';

/** What can be written. A plain object is a struct: its fields keep their order, undefined ones are left out. A Map is a map. */
export type GoValue =
  | string
  | number
  | boolean
  | null
  | readonly GoValue[]
  | ReadonlyMap<string, GoValue>
  | { readonly [field: string]: GoValue | undefined };

/** @throws RegistryError MANIFEST_INVALID for NaN and infinite numbers, which Go refuses too */
export function goJson(value: GoValue): string {
  if (typeof value === 'string') return textJson(value);
  if (typeof value === 'number') return numberJson(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (isList(value)) return `[${value.map(goJson).join(',')}]`;
  if (value instanceof Map) return objectJson([...value].toSorted(([one], [other]) => compareBytes(one, other)));
  return objectJson(Object.entries(value));
}

/** Plain objects, which have no order, as Go's maps; `value` is what JSON can hold. */
export function goMapOf(value: unknown): GoValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(goMapOf);
  if (typeof value !== 'object' || value === null) return null;
  return new Map(Object.entries(value).map(([key, item]) => [key, goMapOf(item)]));
}

function isList(value: GoValue): value is readonly GoValue[] {
  return Array.isArray(value);
}

function objectJson(entries: readonly (readonly [string, GoValue | undefined])[]): string {
  const fields = entries.flatMap(([key, value]) => (value === undefined ? [] : `${textJson(key)}:${goJson(value)}`));
  return `{${fields.join(',')}}`;
}

/** Go escapes what could end a script or an entity in HTML, and the line ends of JavaScript. */
function textJson(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Go and JavaScript write floats alike (ECMA-262, 6.1.6.1.20), but for the negative zero. */
function numberJson(number: number): string {
  if (!Number.isFinite(number)) {
    throw new RegistryError(
      'MANIFEST_INVALID',
      `the chart's metadata has the number ${number}, which JSON cannot hold`,
    );
  }
  return Object.is(number, -0) ? '-0' : String(number);
}

/** Go sorts keys by their bytes in UTF-8, which is the order of code points and not of JavaScript's units. */
function compareBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
