// Goes through two JSON Schemas side by side and finds what each place of a document may hold now and could not before.

import { Effort } from './effort.ts';
import type { SchemaDocument } from './json-schema.ts';
import { isJsonMap, type JsonMap, type JsonValue, member } from './json-value.ts';
import { type KeywordChange, keywordChanges, requiredOf, type SchemaEffect } from './schema-keywords.ts';
import { ANY_ITEM, ANY_KEY, type PathStep } from './value-path.ts';

export interface SchemaDifference {
  readonly steps: readonly PathStep[];
  /** `properties` for a property that came or went, `required` for one that must be there */
  readonly keyword: string;
  /** A property that went is `tightened` where others than the named ones are refused. */
  readonly effect: SchemaEffect | 'added' | 'removed';
  /** absent where the keyword is, and for properties */
  readonly from?: JsonValue | undefined;
  readonly to?: JsonValue | undefined;
}

export interface SchemaDifferences {
  readonly differences: readonly SchemaDifference[];
  /** false when the search was ended early */
  readonly complete: boolean;
}

/** Places and names that are looked at, again for each reference that leads there: about a microsecond each. */
const MAXIMUM_STEPS = 200_000;
const MAXIMUM_DIFFERENCES = 2_000;
const MAXIMUM_DEPTH = 100;

interface Side {
  readonly document: SchemaDocument;
  readonly schema: JsonValue | undefined;
}

export function schemaDifferences(from: Side, to: Side): SchemaDifferences {
  const walk = new SchemaWalk(from.document, to.document);
  walk.compare(from.schema, to.schema, []);
  return { differences: walk.differences, complete: walk.complete };
}

/** Two schemas that were found at the same place. */
interface Pair {
  /** looked for once: a schema that many refer to may hold a list of thousands of values */
  readonly changes: readonly KeywordChange[];
  /** It is being compared, or was and is without a difference: a schema that recurses leads back to it. */
  settled: boolean;
}

class SchemaWalk {
  readonly #from: SchemaDocument;
  readonly #to: SchemaDocument;
  readonly #pairs = new Map<JsonMap, Map<JsonMap, Pair>>();
  readonly #effort = new Effort(MAXIMUM_STEPS);
  readonly differences: SchemaDifference[] = [];
  complete = true;

  constructor(from: SchemaDocument, to: SchemaDocument) {
    this.#from = from;
    this.#to = to;
  }

  compare(fromPlace: JsonValue | undefined, toPlace: JsonValue | undefined, steps: readonly PathStep[]): void {
    const from = this.#from.resolve(fromPlace, this.#effort);
    const to = this.#to.resolve(toPlace, this.#effort);
    const pair = this.#pairOf(from, to);
    this.#effort.spend(1);
    if (pair.settled) return;
    if (this.#effort.left === 0 || steps.length > MAXIMUM_DEPTH) {
      this.complete = false;
      return;
    }
    pair.settled = true;
    const found = this.differences.length;
    for (const change of pair.changes) this.#note({ ...change, steps });
    this.#properties(from, to, steps);
    this.#required(from, to, steps);
    this.#additionalProperties(from, to, steps);
    this.#items(from, to, steps);
    // Where the same pair stands elsewhere, its differences are told again.
    pair.settled = this.differences.length === found;
  }

  #pairOf(from: JsonMap, to: JsonMap): Pair {
    const partners = this.#pairs.get(from) ?? new Map<JsonMap, Pair>();
    const pair = partners.get(to) ?? { changes: keywordChanges(from, to), settled: false };
    this.#pairs.set(from, partners.set(to, pair));
    return pair;
  }

  #properties(from: JsonMap, to: JsonMap, steps: readonly PathStep[]): void {
    const before = propertiesOf(from);
    const after = propertiesOf(to);
    const effect = member(to, 'additionalProperties') === false ? 'tightened' : 'removed';
    for (const name of Object.keys(before)) {
      if (!Object.hasOwn(after, name)) this.#note({ steps: [...steps, name], keyword: 'properties', effect });
    }
    for (const [name, schema] of Object.entries(after)) {
      const earlier = member(before, name);
      const place = [...steps, name];
      if (earlier === undefined) this.#note({ steps: place, keyword: 'properties', effect: 'added' });
      else this.compare(earlier, schema, place);
    }
  }

  #required(from: JsonMap, to: JsonMap, steps: readonly PathStep[]): void {
    const before = requiredOf(from);
    const after = requiredOf(to);
    this.#effort.spend(before.size + after.size);
    const keyword = 'required';
    for (const name of after) {
      if (before.has(name)) continue;
      this.#note({ steps: [...steps, name], keyword, effect: 'tightened', from: false, to: true });
    }
    for (const name of before) {
      if (after.has(name)) continue;
      this.#note({ steps: [...steps, name], keyword, effect: 'loosened', from: true, to: false });
    }
  }

  #additionalProperties(from: JsonMap, to: JsonMap, steps: readonly PathStep[]): void {
    const keyword = 'additionalProperties';
    const before = freedomOf(from, keyword);
    const after = freedomOf(to, keyword);
    if (isJsonMap(before) && isJsonMap(after)) {
      this.compare(before, after, [...steps, ANY_KEY]);
    } else if (before !== after) {
      const effect = after === false || before === true ? 'tightened' : 'loosened';
      this.#note({ steps, keyword, effect, from: before, to: after });
    }
  }

  #items(from: JsonMap, to: JsonMap, steps: readonly PathStep[]): void {
    const keyword = 'items';
    const before = freedomOf(from, keyword);
    const after = freedomOf(to, keyword);
    if (isJsonMap(before) && isJsonMap(after)) {
      this.compare(before, after, [...steps, ANY_ITEM]);
    } else if (before !== after) {
      const effect = after === false || before === true ? 'tightened' : 'loosened';
      this.#note({ steps: [...steps, ANY_ITEM], keyword, effect, from: before, to: after });
    }
  }

  #note(difference: SchemaDifference): void {
    if (this.differences.length < MAXIMUM_DIFFERENCES) this.differences.push(difference);
    else this.complete = false;
  }
}

function propertiesOf(schema: JsonMap): JsonMap {
  const properties = member(schema, 'properties');
  return isJsonMap(properties) ? properties : {};
}

/** A schema, false where nothing may stand, or true for all: the keyword is absent, empty, or a list for the first items. */
function freedomOf(schema: JsonMap, keyword: 'additionalProperties' | 'items'): JsonMap | boolean {
  const value = member(schema, keyword);
  if (value === false) return false;
  return isJsonMap(value) && Object.keys(value).length > 0 ? value : true;
}
