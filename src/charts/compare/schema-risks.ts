// Which changes of a schema may break an installation: values that were admitted and are refused, and new required ones.
import type { SchemaFindings } from './compare-schemas.ts';
import { isJsonMap, type JsonMap, type JsonValue, jsonExcerpt, member } from './json-value.ts';
import type { Risk } from './risk.ts';
import type { SchemaDifference } from './schema-differences.ts';
import { type PathStep, pathText } from './value-path.ts';

/** Keywords of which one more certainly refuses what was admitted; others may come with an alternative beside them. */
const CERTAIN = new Set([
  'additionalProperties',
  'enum',
  'exclusiveMaximum',
  'exclusiveMinimum',
  'items',
  'maxItems',
  'maxLength',
  'maxProperties',
  'maximum',
  'minItems',
  'minLength',
  'minProperties',
  'minimum',
  'multipleOf',
  'pattern',
  'properties',
  'type',
  'unevaluatedProperties',
  'uniqueItems',
]);

/** @param defaults of the newer version, which Helm checks together with what is set; undefined when they are unknown */
export function schemaRisks(findings: SchemaFindings, defaults: JsonMap | undefined): readonly Risk[] {
  const isNew = findings.change === 'added';
  return [
    ...(isNew ? [newSchemaRisk()] : []),
    ...findings.differences.flatMap((difference) =>
      difference.keyword === 'required' ? requiredRisks(difference, defaults) : keywordRisks(difference),
    ),
  ];
}

/** Undefined for a change that refuses nothing. */
export function severityOf({ keyword, effect, from, to }: SchemaDifference): Risk['severity'] | undefined {
  switch (effect) {
    case 'tightened':
      // A type where none was asked for mostly is the one that everybody has used.
      return CERTAIN.has(keyword) && !(keyword === 'type' && from === undefined) ? 'breaking' : 'attention';
    case 'changed':
      return (keyword === 'type' || keyword === 'enum') && to !== undefined ? 'breaking' : 'attention';
    case 'added':
    case 'removed':
    case 'loosened':
      return undefined;
  }
}

/** What is refused now, as the end of a sentence. */
export function restrictionOf({ keyword, effect, from, to }: SchemaDifference): string {
  if (keyword === 'properties') return 'is no longer known, and unknown ones are refused';
  if (keyword === 'additionalProperties' && to === false) return 'refuses keys that it does not know now';
  if (from === undefined) return `must fit ${keyword} ${inWords(to)} now`;
  const verb = effect === 'tightened' ? 'admits less' : 'admits other values';
  return `${verb}: ${keyword} was ${inWords(from)} and is ${inWords(to)}`;
}

function newSchemaRisk(): Risk {
  const message = 'the chart has a schema now: Helm refuses values that do not fit it, which were never checked before';
  return { kind: 'schema-added', severity: 'attention', path: '', message };
}

function keywordRisks(difference: SchemaDifference): readonly Risk[] {
  const severity = severityOf(difference);
  if (severity === undefined) return [];
  const path = pathText(difference.steps);
  const kind = difference.effect === 'tightened' ? 'schema-tightened' : 'schema-changed';
  const subject = path === '' ? 'the schema of the values' : path;
  return [{ kind, severity, path, message: `${subject} ${restrictionOf(difference)}` }];
}

/** A default fulfils what is required; where the map around it is not there by default, only who sets that is asked. */
function requiredRisks({ steps, effect }: SchemaDifference, defaults: JsonMap | undefined): readonly Risk[] {
  if (effect !== 'tightened') return [];
  const path = pathText(steps);
  const risk = (severity: Risk['severity'], message: string): Risk => ({
    kind: 'value-required',
    severity,
    path,
    message,
  });
  if (defaults === undefined) return [risk('attention', `${path} is required now, and its default is not known`)];
  const around = valueAt(defaults, steps.slice(0, -1));
  if (!isJsonMap(around)) return [risk('attention', `${path} is required now wherever what it belongs to is set`)];
  const value = valueAt(defaults, steps);
  if (value !== undefined && value !== null) return [];
  return [risk('breaking', `${path} is required now and has no default: set it, or Helm refuses the values`)];
}

function valueAt(defaults: JsonMap, steps: readonly PathStep[]): JsonValue | undefined {
  let value: JsonValue | undefined = defaults;
  for (const step of steps) value = typeof step === 'string' && isJsonMap(value) ? member(value, step) : undefined;
  return value;
}

function inWords(value: JsonValue | undefined): string {
  return value === undefined ? 'not set' : jsonExcerpt(value, 120);
}
