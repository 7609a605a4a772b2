// Reads YAML into plain values as Helm does: sigs.k8s.io/yaml 1.6 over go-yaml 2, which means the scalars of YAML 1.1.
import {
  Composer,
  type CST,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  type ParsedNode,
  Parser,
  Scalar,
  type YAMLMap,
} from 'yaml';
import { RegistryError } from '../oci/error.ts';

/**
 * Names, values, signs and white space, counted apart; a chart with a hundred dependencies has some 4,000. The package takes
 * quadratic time for some bad input (1 MiB of `!a !a !a`: four minutes), which this keeps below a second.
 */
const MAXIMUM_LEXEMES = 20_000;
/** Values, after aliases were followed, that one document may have: some hundred times what real charts have. */
const MAXIMUM_VALUES = 100_000;
/** Levels of nesting; metadata needs four. */
export const MAXIMUM_DEPTH = 100;

/** What a plain scalar means when it stands in this table (go-yaml 2, resolve.go). */
const NAMED_SCALARS: ReadonlyMap<string, boolean | number | null> = new Map<string, boolean | number | null>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((text) => [text, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((text) => [text, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((text) => [text, null] as const),
  ...['.nan', '.NaN', '.NAN'].map((text) => [text, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((text) => [text, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((text) => [text, Number.NEGATIVE_INFINITY] as const),
]);
const INTEGER = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/**
 * The first document of a YAML text: strings, booleans, nulls, arrays and objects; whole numbers as `bigint`, others as
 * `number`, since the two become different texts (see `textOfScalar`).
 * @param file named in messages, such as "Chart.yaml"
 * @throws RegistryError MANIFEST_INVALID for bad syntax, a key that stands twice, an alias bomb or nesting without end
 */
export function readYaml(text: string, file: string): unknown {
  const root = parseFirstDocument(text, file);
  const reader = new NodeReader(file);
  return reader.read(root, 0);
}

/**
 * The text that a scalar becomes in a field of type string: `1.10` becomes "1.1" and `yes` "true", because the number and the
 * boolean are read first. Undefined for what has no text: null, lists and maps.
 */
export function textOfScalar(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      return shortestSingle(value);
    default:
      return undefined;
  }
}

/** Composes one document, token by token, so that neither the rest of the text nor a flood of tokens costs anything. */
function parseFirstDocument(text: string, file: string): ParsedNode | null {
  // The failsafe schema leaves scalars alone. The package's own search for equal keys takes quadratic time, so it is off and
  // `NodeReader` looks for them.
  const composer = new Composer({ schema: 'failsafe', uniqueKeys: false });
  try {
    for (const { contents, errors } of composer.compose(tokensOf(text, file))) {
      const error = errors[0];
      if (!error) return contents;
      if (error.message.startsWith('Maximum call stack')) throw invalid(file, 'is nested too deeply');
      const line = text.slice(0, error.pos[0]).split('\n').length;
      throw invalid(file, `is not YAML: ${error.message.slice(0, 200)} (line ${line})`);
    }
    return null;
  } catch (cause) {
    if (cause instanceof RegistryError) throw cause;
    // An overflow of the stack is reported above or, where the package does not look for it, thrown.
    throw new RegistryError('MANIFEST_INVALID', `${file} is nested too deeply`, { cause });
  }
}

function* tokensOf(text: string, file: string): Generator<CST.Token> {
  const parser = new Parser();
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1;
    if (lexemes > MAXIMUM_LEXEMES) {
      throw invalid(
        file,
        `has more than ${MAXIMUM_LEXEMES} names, values and signs: that is no description of a chart`,
      );
    }
    yield* parser.next(lexeme);
  }
  yield* parser.end();
}

/** Turns syntax nodes into values and counts them, so that a few aliases cannot stand for billions of values. */
class NodeReader {
  readonly #file: string;
  readonly #anchors = new Map<string, Node>();
  #values = 0;

  constructor(file: string) {
    this.#file = file;
  }

  read(node: unknown, depth: number): unknown {
    this.#values += 1;
    if (this.#values > MAXIMUM_VALUES) {
      throw invalid(this.#file, `stands for more than ${MAXIMUM_VALUES} values once its aliases are followed`);
    }
    if (depth > MAXIMUM_DEPTH) throw invalid(this.#file, `is nested deeper than ${MAXIMUM_DEPTH} levels`);
    if (isAlias(node)) return this.read(this.#target(node.source), depth + 1);
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return scalarValue(node);
    if (isSeq(node)) return node.items.map((item) => this.read(item, depth + 1));
    if (isMap(node)) return Object.fromEntries(this.#entries(node, depth));
    return null;
  }

  #target(anchor: string): Node {
    const target = this.#anchors.get(anchor);
    if (target === undefined)
      throw invalid(this.#file, `uses the alias "*${anchor}", but no anchor "&${anchor}" precedes it`);
    return target;
  }

  /** go-yaml 2 takes keys and merges in the order in which they stand: a later one overrides an earlier one. */
  #entries(map: YAMLMap, depth: number): ReadonlyMap<string, unknown> {
    const entries = new Map<string, unknown>();
    const own = new Set<string>();
    for (const { key: keyNode, value } of map.items) {
      if (isScalar(keyNode) && keyNode.type === Scalar.PLAIN && keyNode.source === '<<') {
        for (const [name, merged] of this.#merged(value, depth)) entries.set(name, merged);
        continue;
      }
      const key = textOfScalar(this.read(keyNode, depth + 1));
      if (key === undefined) throw invalid(this.#file, 'has a key that is empty, a list or a map: keys must be texts');
      if (own.has(key))
        throw invalid(this.#file, `has the key "${key.slice(0, 80)}" twice in one map: keep one of them`);
      own.add(key);
      entries.set(key, this.read(value, depth + 1));
    }
    return entries;
  }

  /** Of several maps the first has the last word. */
  #merged(node: unknown, depth: number): readonly (readonly [string, unknown])[] {
    const value = this.read(node, depth + 1);
    const maps = Array.isArray(value) ? value.toReversed() : [value];
    return maps.flatMap((map: unknown) => {
      if (typeof map !== 'object' || map === null || Array.isArray(map)) {
        throw invalid(this.#file, 'has a merge key "<<" whose value is not a map or a list of maps');
      }
      return Object.entries(map);
    });
  }
}

function scalarValue(scalar: Scalar): unknown {
  const text = scalar.source ?? '';
  if (scalar.tag === undefined) return scalar.type === Scalar.PLAIN ? resolvePlain(text) : text;
  if (scalar.tag === 'tag:yaml.org,2002:binary') return Buffer.from(text, 'base64').toString();
  return /^tag:yaml\.org,2002:(?:bool|int|float|null)$/.test(scalar.tag) ? resolvePlain(text) : text;
}

/** What a scalar without quotes means. Timestamps stay texts, as go-yaml keeps them when no type is asked for. */
function resolvePlain(text: string): unknown {
  const named = NAMED_SCALARS.get(text);
  if (named !== undefined) return named;
  if (!/^[-+.0-9]/.test(text)) return text;
  // Underscores group digits, except behind a leading point.
  const plain = text.startsWith('.') ? text : text.replaceAll('_', '');
  const integer = INTEGER.test(plain) ? integerValue(plain) : undefined;
  if (integer !== undefined) return integer;
  const float = FLOAT.test(plain) ? Number(plain) : Number.NaN;
  return Number.isFinite(float) ? float : text;
}

/** Undefined beyond 64 bits, where go-yaml goes on to read a float. A leading zero means octal. */
function integerValue(plain: string): bigint | undefined {
  const digits = plain.replace(/^[-+]/, '');
  const magnitude = BigInt(/^0[0-7]/.test(digits) ? `0o${digits}` : digits);
  const value = plain.startsWith('-') ? -magnitude : magnitude;
  const largest = plain.startsWith('+') ? 2n ** 63n - 1n : 2n ** 64n - 1n;
  return value >= -(2n ** 63n) && value <= largest ? value : undefined;
}

/** Go's `FormatFloat(value, 'g', -1, 32)`: the fewest digits that name the nearest single-precision number. */
function shortestSingle(value: number): string {
  const single = Math.fround(value);
  if (Number.isNaN(single)) return 'NaN';
  if (!Number.isFinite(single)) return single > 0 ? '+Inf' : '-Inf';
  if (Object.is(single, -0)) return '-0';
  let digits = 1;
  while (Math.fround(Number(single.toPrecision(digits))) !== single) digits += 1;
  const [mantissa = '', power = '0'] = single.toExponential(digits - 1).split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6)
    return Number(single.toPrecision(digits)).toFixed(Math.max(0, digits - 1 - exponent));
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function invalid(file: string, why: string): RegistryError {
  return new RegistryError('MANIFEST_INVALID', `${file} ${why}`);
}
