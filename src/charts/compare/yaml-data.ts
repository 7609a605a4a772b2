// Turns syntax nodes of YAML into plain data as Helm reads values: of equal keys the last counts, numbers are 64-bit floats.
import { isAlias, isMap, isScalar, isSeq, type Node, type ParsedNode, Scalar, type YAMLMap } from 'yaml';
import { MAXIMUM_DEPTH, textOfScalar } from '../yaml-values.ts';
import { isJsonList, isJsonMap, type JsonMap, type JsonValue } from './json-value.ts';
import { UnreadableFile } from './unreadable-file.ts';
import type { ScalarReader } from './yaml-scalar.ts';

/** Values and keys, after aliases were followed. */
const MAXIMUM_VALUES = 200_000;
/** Of all texts, after aliases were followed: an alias may stand for a long one. */
const MAXIMUM_CHARACTERS = 16 * 1024 * 1024;

/**
 * The data of one document; null when it is empty.
 * @throws UnreadableFile for an alias bomb, an alias without anchor, nesting without end, a key that is no text
 */
export function dataOf(root: ParsedNode | null, scalars: ScalarReader): JsonValue {
  return new DataReader(scalars).read(root, 0);
}

/** The text of a key, as JSON has it: `y` is "true". Undefined for what cannot be a key of JSON. */
export function keyOf(node: unknown, scalars: ScalarReader): string | undefined {
  return isScalar(node) ? textOfScalar(scalars.read(node)) : undefined;
}

export function isMergeKey(node: unknown): boolean {
  return isScalar(node) && node.type === Scalar.PLAIN && node.source === '<<';
}

class DataReader {
  readonly #scalars: ScalarReader;
  readonly #anchors = new Map<string, Node>();
  #values = 0;
  #characters = 0;

  constructor(scalars: ScalarReader) {
    this.#scalars = scalars;
  }

  read(node: unknown, depth: number): JsonValue {
    this.#count(depth);
    if (isAlias(node)) return this.read(this.#target(node.source), depth + 1);
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return this.#scalar(node);
    if (isSeq(node)) return node.items.map((item) => this.read(item, depth + 1));
    if (isMap(node)) return this.#map(node, depth);
    return null;
  }

  #count(depth: number): void {
    this.#values += 1;
    if (this.#values > MAXIMUM_VALUES) throw new UnreadableFile(`stands for more than ${MAXIMUM_VALUES} values`);
    if (depth > MAXIMUM_DEPTH) throw new UnreadableFile(`is nested deeper than ${MAXIMUM_DEPTH} levels`);
  }

  #target(anchor: string): Node {
    const target = this.#anchors.get(anchor);
    if (target) return target;
    throw new UnreadableFile(`uses the alias "*${anchor.slice(0, 80)}", but no anchor of that name precedes it`);
  }

  /** JSON has no infinite number and no NaN; Helm refuses a chart that has one among its values. */
  #scalar(scalar: Scalar): JsonValue {
    const value = this.#scalars.read(scalar);
    switch (typeof value) {
      case 'bigint':
        return Number(value);
      case 'number':
        return Number.isFinite(value) ? value : String(value);
      case 'string':
        this.#characters += value.length;
        if (this.#characters <= MAXIMUM_CHARACTERS) return value;
        throw new UnreadableFile(`stands for more than ${MAXIMUM_CHARACTERS} characters`);
      case 'boolean':
        return value;
      default:
        return null;
    }
  }

  /** Keys and merges count in the order in which they stand: a later one overrides an earlier one. */
  #map(map: YAMLMap, depth: number): JsonMap {
    const entries: (readonly [string, JsonValue])[] = [];
    for (const { key: keyNode, value } of map.items) {
      if (isMergeKey(keyNode)) for (const merged of this.#merged(value, depth)) entries.push(merged);
      else entries.push([this.#key(keyNode, depth), this.read(value, depth + 1)]);
    }
    return Object.fromEntries(entries);
  }

  #key(node: unknown, depth: number): string {
    this.#count(depth);
    if (isScalar(node) && node.anchor) this.#anchors.set(node.anchor, node);
    const key = keyOf(isAlias(node) ? this.#target(node.source) : node, this.#scalars);
    if (key !== undefined) return key;
    throw new UnreadableFile('has a key that is empty, a list or a map: keys must be texts');
  }

  /** Of several maps the first has the last word. */
  #merged(node: unknown, depth: number): readonly (readonly [string, JsonValue])[] {
    const value = this.read(node, depth + 1);
    const maps = isJsonList(value) ? value.toReversed() : [value];
    return maps.flatMap((map) => {
      if (isJsonMap(map)) return Object.entries(map);
      throw new UnreadableFile('has a merge key "<<" whose value is not a map or a list of maps');
    });
  }
}
