// Compares values.schema.json of two charts.
import { type ComparedChart, labelOf, requireText } from './compared-chart.ts';
import type { Cuts } from './cuts.ts';
import { parseSchema, SchemaDocument } from './json-schema.ts';
import { type JsonMap, type JsonValue, type ShownValue, shownValue } from './json-value.ts';
import { type SchemaDifference, type SchemaDifferences, schemaDifferences } from './schema-differences.ts';
import { attempt, type Readable } from './unreadable-file.ts';
import { pathText } from './value-path.ts';

export type SchemaComparison =
  | { readonly compared: false; readonly reason: string }
  | {
      readonly compared: true;
      /** `none`: neither version has a schema */
      readonly change: 'none' | 'added' | 'removed' | 'changed' | 'equal';
      /** When the schema is new or gone, only the values that it requires. */
      readonly changes: readonly ShownSchemaChange[];
    };

export interface ShownSchemaChange {
  /** of the value; empty for the document, `[]` for any item of a list, `*` for any other key */
  readonly path: string;
  readonly keyword: string;
  readonly effect: SchemaDifference['effect'];
  readonly from?: ShownValue | undefined;
  readonly to?: ShownValue | undefined;
}

export interface SchemaFindings extends SchemaDifferences {
  readonly change: 'none' | 'added' | 'removed' | 'changed' | 'equal';
}

const SCHEMA_FILE = 'values.schema.json';
const MAXIMUM_CHANGES = 500;

export function findSchemaDifferences(from: ComparedChart, to: ComparedChart): Readable<SchemaFindings> {
  const older = readSchema(from);
  const newer = readSchema(to);
  if (!older.readable) return older;
  if (!newer.readable) return newer;
  return { readable: true, content: findingsOf(older.content, newer.content) };
}

function findingsOf(from: SchemaFile, to: SchemaFile): SchemaFindings {
  if (from.text === to.text) {
    return { change: from.text === undefined ? 'none' : 'equal', differences: [], complete: true };
  }
  const { differences, complete } = schemaDifferences(from, to);
  if (from.text !== undefined && to.text !== undefined) return { change: 'changed', differences, complete };
  return {
    change: from.text === undefined ? 'added' : 'removed',
    differences: differences.filter(({ steps, keyword }) => keyword === 'required' && steps.length === 1),
    complete,
  };
}

interface SchemaFile {
  /** undefined when the chart has none, which admits all values */
  readonly text: string | undefined;
  readonly schema: JsonMap;
  readonly document: SchemaDocument;
}

function readSchema(chart: ComparedChart): Readable<SchemaFile> {
  return attempt(`${SCHEMA_FILE} of ${labelOf(chart)}`, () => {
    const text = requireText(chart, SCHEMA_FILE);
    const schema = text === undefined ? {} : parseSchema(text);
    return { text, schema, document: new SchemaDocument(schema) };
  });
}

export function showSchema(findings: Readable<SchemaFindings>, cuts: Cuts): SchemaComparison {
  if (!findings.readable) return { compared: false, reason: findings.reason };
  const { change, differences, complete } = findings.content;
  if (!complete) cuts.note('schema.changes', 'the schemas have more places than were compared');
  return {
    compared: true,
    change,
    changes: cuts.first('schema.changes', differences, MAXIMUM_CHANGES).map(showSchemaChange),
  };
}

export function showSchemaChange({ steps, keyword, effect, from, to }: SchemaDifference): ShownSchemaChange {
  return { path: pathText(steps), keyword, effect, from: shownOrNone(from), to: shownOrNone(to) };
}

function shownOrNone(value: JsonValue | undefined): ShownValue | undefined {
  return value === undefined ? undefined : shownValue(value);
}
