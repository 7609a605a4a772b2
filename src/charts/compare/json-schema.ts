// Reads a JSON Schema and follows its references within the document, so that a schema that recurses is harmless.
import { MAXIMUM_DEPTH } from '../yaml-values.ts';
import type { Effort } from './effort.ts';
import { isJsonMap, type JsonMap, type JsonValue, member } from './json-value.ts';
import { UnreadableFile } from './unreadable-file.ts';

/** References that lead to references. */
const MAXIMUM_HOPS = 20;
/** What explains a schema and constrains nothing, so that it may stand beside a reference. */
const EXPLANATIONS = new Set(['$comment', 'default', 'deprecated', 'description', 'example', 'examples', 'title']);
const ANYTHING: JsonMap = {};
const NOTHING: JsonMap = { not: {} };

/** @throws UnreadableFile */
export function parseSchema(text: string): JsonMap {
  let schema: JsonValue;
  try {
    schema = JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new UnreadableFile(`is not JSON: ${(cause as Error).message.slice(0, 200)}`, { cause });
  }
  if (isDeep(schema)) throw new UnreadableFile(`is nested deeper than ${MAXIMUM_DEPTH} levels`);
  if (typeof schema === 'boolean') return schema ? ANYTHING : NOTHING;
  if (!isJsonMap(schema)) throw new UnreadableFile('is not a JSON Schema: it must be an object');
  return schema;
}

/** One document; schemas in it have an identity, which `resolve` keeps. */
export class SchemaDocument {
  readonly #root: JsonMap;
  readonly #resolved = new Map<JsonMap, JsonMap>();

  constructor(root: JsonMap) {
    this.#root = root;
  }

  /**
   * What a place in the document says, with its reference (`#/$defs/port`) followed; what stands beside the reference
   * counts too, as since JSON Schema 2019-09. A reference to elsewhere stays in the result as `$ref`.
   * @param effort keywords that are copied, where something stands beside a reference
   */
  resolve(place: JsonValue | undefined, effort: Effort): JsonMap {
    if (place === false) return NOTHING;
    return isJsonMap(place) ? this.#follow(place, effort, 0) : ANYTHING;
  }

  #follow(place: JsonMap, effort: Effort, hops: number): JsonMap {
    const known = this.#resolved.get(place);
    if (known) return known;
    const reference = member(place, '$ref');
    const target = typeof reference === 'string' ? this.#find(reference) : undefined;
    if (target === undefined) return place;
    if (hops === MAXIMUM_HOPS || effort.left === 0) return ANYTHING;
    const resolved = withBeside(this.#follow(target, effort, hops + 1), place, effort);
    this.#resolved.set(place, resolved);
    return resolved;
  }

  /** By a JSON pointer (RFC 6901) behind `#`. */
  #find(reference: string): JsonMap | undefined {
    if (reference === '#') return this.#root;
    if (!reference.startsWith('#/')) return undefined;
    let place: JsonValue | undefined = this.#root;
    for (const step of reference.slice(2).split('/')) {
      if (typeof place !== 'object' || place === null) return undefined;
      place = member(place as JsonMap, decoded(step).replaceAll('~1', '/').replaceAll('~0', '~'));
    }
    if (place === true) return ANYTHING;
    if (place === false) return NOTHING;
    return isJsonMap(place) ? place : undefined;
  }
}

function withBeside(target: JsonMap, place: JsonMap, effort: Effort): JsonMap {
  const beside = Object.entries(place).filter(([keyword]) => keyword !== '$ref');
  if (beside.every(([keyword]) => EXPLANATIONS.has(keyword))) return target;
  effort.spend(Object.keys(target).length + beside.length);
  return { ...target, ...Object.fromEntries(beside) };
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

/** Level by level, since a text of a few MiB can nest deeper than the stack. */
function isDeep(value: JsonValue): boolean {
  let level: readonly JsonValue[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAXIMUM_DEPTH) return true;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values<JsonValue>(item) : []));
  }
  return false;
}
