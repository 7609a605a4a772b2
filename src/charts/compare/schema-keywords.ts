// Which keywords of JSON Schema constrain a value, and whether a change of one admits less, more, or other values.
import {
  canonicalText,
  equalValues,
  isJsonList,
  isJsonMap,
  type JsonMap,
  type JsonValue,
  member,
} from './json-value.ts';

/** What a change does to the values that were admitted. */
export type SchemaEffect = 'tightened' | 'loosened' | 'changed';

export interface KeywordChange {
  readonly keyword: string;
  readonly effect: SchemaEffect;
  /** undefined where the keyword does not stand */
  readonly from: JsonValue | undefined;
  readonly to: JsonValue | undefined;
}

type Rule = (from: JsonMap, to: JsonMap) => KeywordChange | undefined;

/** A larger number admits less; as a boolean, which early drafts have for two of them, true does. */
const LOWER_BOUNDS = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
/** A smaller number admits less. */
const UPPER_BOUNDS = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
/** Having one admits less than having none; of two different ones nobody can say. */
const OTHERS = [
  '$dynamicRef',
  '$ref',
  'allOf',
  'anyOf',
  'contains',
  'contentEncoding',
  'dependencies',
  'dependentRequired',
  'dependentSchemas',
  'else',
  'format',
  'if',
  'multipleOf',
  'not',
  'oneOf',
  'pattern',
  'patternProperties',
  'prefixItems',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
  'uniqueItems',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-list-type',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
];
/** Having it admits more. */
const FREEDOM = 'x-kubernetes-preserve-unknown-fields';

const typeRule: Rule = (from, to) => setChange('type', typesOf(from), typesOf(to));
const choiceRule: Rule = (from, to) => setChange('enum', choicesOf(from), choicesOf(to));

/** Which rule compares the schemas in which a keyword stands. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['type', typeRule],
  ['nullable', typeRule],
  ['x-kubernetes-int-or-string', typeRule],
  ['enum', choiceRule],
  ['const', choiceRule],
  ...LOWER_BOUNDS.map((keyword) => [keyword, boundRule(keyword, (one, other) => other > one)] as const),
  ...UPPER_BOUNDS.map((keyword) => [keyword, boundRule(keyword, (one, other) => other < one)] as const),
  ...OTHERS.map((keyword): [string, Rule] => [keyword, (from, to) => presenceChange(keyword, from, to, 'tightened')]),
  [FREEDOM, (from, to) => presenceChange(FREEDOM, from, to, 'loosened')],
  ['items', (from, to) => presenceChange('items', firstItemsOf(from), firstItemsOf(to), 'tightened')],
]);

/** The changes of all keywords but those that lead to the schemas of properties and items, and `required`. */
export function keywordChanges(from: JsonMap, to: JsonMap): readonly KeywordChange[] {
  const rules = new Set<Rule>();
  for (const schema of [from, to]) {
    for (const keyword of Object.keys(schema)) {
      const rule = RULES.get(keyword);
      if (rule) rules.add(rule);
    }
  }
  return [...rules].map((rule) => rule(from, to)).filter((change) => change !== undefined);
}

/** The names of a `required` list; OpenAPI 2 and early drafts have a boolean there, which says nothing of properties. */
export function requiredOf(schema: JsonMap): ReadonlySet<string> {
  const names = member(schema, 'required');
  return new Set(isJsonList(names) ? names.filter((name) => typeof name === 'string') : []);
}

/** Undefined where any type may stand. Kubernetes and OpenAPI say null, and "integer or string", by keywords of their own. */
function typesOf(schema: JsonMap): readonly string[] | undefined {
  if (member(schema, 'x-kubernetes-int-or-string') === true) return ['integer', 'string'];
  const type = member(schema, 'type');
  const types = (isJsonList(type) ? type : [type]).filter((name) => typeof name === 'string');
  if (types.length === 0) return undefined;
  return member(schema, 'nullable') === true ? [...new Set([...types, 'null'])] : types;
}

/** Of `enum` or `const`, as canonical texts. */
function choicesOf(schema: JsonMap): readonly string[] | undefined {
  const constant = member(schema, 'const');
  if (constant !== undefined) return [canonicalText(constant)];
  const choices = member(schema, 'enum');
  return isJsonList(choices) ? choices.map(canonicalText) : undefined;
}

/** Before JSON Schema 2020-12 a list of schemas for the first items stood in `items`. */
function firstItemsOf(schema: JsonMap): JsonMap {
  const items = member(schema, 'items');
  return isJsonList(items) ? { items } : {};
}

function setChange(
  keyword: 'type' | 'enum',
  from: readonly string[] | undefined,
  to: readonly string[] | undefined,
): KeywordChange | undefined {
  const keepsAll = isWithin(from, to);
  const addsNone = isWithin(to, from);
  if (keepsAll && addsNone) return undefined;
  const effect = addsNone ? 'tightened' : keepsAll ? 'loosened' : 'changed';
  return { keyword, effect, from: shownSet(keyword, from), to: shownSet(keyword, to) };
}

/** Whether all that `names` admits, `others` admits. Every integer is a number. */
function isWithin(names: readonly string[] | undefined, others: readonly string[] | undefined): boolean {
  if (others === undefined) return true;
  if (names === undefined) return false;
  const admitted = new Set(others);
  return names.every((name) => admitted.has(name) || (name === 'integer' && admitted.has('number')));
}

function shownSet(keyword: 'type' | 'enum', names: readonly string[] | undefined): JsonValue | undefined {
  if (keyword === 'enum') return names?.map((name) => JSON.parse(name) as JsonValue);
  return names?.length === 1 ? names[0] : names;
}

function boundRule(keyword: string, isTighter: (from: number, to: number) => boolean): Rule {
  return (from, to) => {
    const before = numberAt(from, keyword);
    const after = numberAt(to, keyword);
    if (before === undefined && after === undefined) return presenceChange(keyword, from, to, 'tightened');
    if (before === after) return undefined;
    const isTightened = before === undefined || (after !== undefined && isTighter(before, after));
    return { keyword, effect: isTightened ? 'tightened' : 'loosened', from: before, to: after };
  };
}

function numberAt(schema: JsonMap, keyword: string): number | undefined {
  const value = member(schema, keyword);
  return typeof value === 'number' ? value : undefined;
}

/** False and an empty list or map are as good as nothing. */
function presenceChange(
  keyword: string,
  from: JsonMap,
  to: JsonMap,
  whenAdded: 'tightened' | 'loosened',
): KeywordChange | undefined {
  const before = effectiveMember(from, keyword);
  const after = effectiveMember(to, keyword);
  if (before === undefined && after === undefined) return undefined;
  if (before !== undefined && after !== undefined) {
    return equalValues(before, after) ? undefined : { keyword, effect: 'changed', from: before, to: after };
  }
  const isLess = (after === undefined) === (whenAdded === 'loosened');
  return { keyword, effect: isLess ? 'tightened' : 'loosened', from: before, to: after };
}

function effectiveMember(schema: JsonMap, keyword: string): JsonValue | undefined {
  const value = member(schema, keyword);
  // Here the absence of freedom is what `false` says; there it forbids.
  if (value === false && keyword !== 'unevaluatedProperties' && keyword !== 'unevaluatedItems') return undefined;
  const isEmptyList = isJsonList(value) && value.length === 0;
  const isEmptyMap = isJsonMap(value) && Object.keys(value).length === 0 && keyword !== 'not';
  return isEmptyList || isEmptyMap ? undefined : value;
}
