// What lies between two versions of a chart, in the words of the chart API.
import { Type } from '../../json-schemas.ts';
import { FileKind } from './chart-contents-schema.ts';
import { choice, strict } from './schemas.ts';

const Texts = Type.Array(Type.String());
const OptionalText = Type.Optional(Type.String());
const ValueType = choice(['null', 'boolean', 'number', 'string', 'list', 'map'], 'What kind of value it is.');

const Value = Type.Union(
  [
    strict({ type: ValueType, value: Type.Unknown() }),
    strict({ type: ValueType, excerpt: Type.String({ description: 'The beginning of its JSON, which is long.' }) }),
  ],
  { title: 'ShownValue', description: 'A value, whole or the beginning of it.' },
);
const FieldChange = strict(
  { field: Type.String(), from: Type.Optional(Value), to: Type.Optional(Value) },
  { title: 'FieldChange', description: 'Absent is the side that does not have the field.' },
);

const Risk = strict(
  {
    kind: Type.String({
      description: 'Such as "value-removed" or "crd-version-removed"; there may be more kinds later.',
    }),
    severity: choice(
      ['breaking', 'attention'],
      'breaking: what worked may fail or be ignored; attention: it goes on working, perhaps otherwise.',
    ),
    path: Type.String({ description: 'What it is about; empty for the whole chart.' }),
    message: Type.String({ description: 'For the person who upgrades.' }),
  },
  { title: 'UpgradeRisk', description: 'Something that may break for whoever goes from one version to the other.' },
);

const Dependency = strict({
  ...{ name: Type.String(), alias: OptionalText, version: OptionalText, repository: Type.String() },
});
const Metadata = strict({
  fields: Type.Array(FieldChange),
  dependencies: strict({
    added: Type.Array(Dependency),
    removed: Type.Array(Dependency),
    changed: Type.Array(strict({ name: Type.String(), alias: OptionalText, fields: Type.Array(FieldChange) })),
  }),
});

const NotCompared = strict({ compared: Type.Literal(false), reason: Type.String() });
const addedValue = { path: Type.String(), value: Value, comment: OptionalText };
const ListChange = strict({
  ...{ added: Type.Array(Value), removed: Type.Array(Value) },
  more: Type.Integer({ description: 'Items that are not shown.' }),
  reordered: Type.Boolean(),
});
const ChangedValue = strict({
  ...{ path: Type.String(), from: Value, to: Value, fromComment: OptionalText, toComment: OptionalText },
  items: Type.Optional(ListChange),
});
const Values = Type.Union([
  NotCompared,
  strict({
    compared: Type.Literal(true),
    added: Type.Array(strict(addedValue)),
    removed: Type.Array(
      strict({
        ...addedValue,
        commentedOut: Type.Boolean({ description: 'The newer version has it in a comment, as an example.' }),
      }),
    ),
    moved: Type.Array(strict({ fromPath: Type.String(), toPath: Type.String(), value: Value, comment: OptionalText })),
    changed: Type.Array(ChangedValue),
    retyped: Type.Array(ChangedValue),
    comments: Type.Array(strict({ path: Type.String(), from: OptionalText, to: OptionalText })),
  }),
]);

const SchemaChange = strict({
  path: Type.String({ description: 'Of the value; "[]" is any item of a list, "*" any other key.' }),
  keyword: Type.String({ description: 'Of JSON Schema.' }),
  effect: Type.String({ description: 'What it does to what is allowed, such as "tightened".' }),
  ...{ from: Type.Optional(Value), to: Type.Optional(Value) },
});
const Schema = Type.Union([
  NotCompared,
  strict({
    compared: Type.Literal(true),
    change: choice(['none', 'added', 'removed', 'changed', 'equal'], '"none" when neither version has a schema.'),
    changes: Type.Array(SchemaChange),
  }),
]);

const Turn = Type.Optional(strict({ from: OptionalText, to: OptionalText }));
const CustomResources = strict({
  ...{ added: Texts, removed: Texts },
  changed: Type.Array(
    strict({
      name: Type.String(),
      ...{ addedVersions: Texts, removedVersions: Texts, noLongerServed: Texts, nowServed: Texts },
      ...{ storageVersion: Turn, scope: Turn },
      schemas: Type.Array(strict({ version: Type.String(), changes: Type.Array(SchemaChange) })),
    }),
  ),
  unread: Type.Array(strict({ path: Type.String(), reason: Type.String() })),
});

const Diff = Type.Union([
  strict({
    shown: Type.Literal(true),
    text: Type.String({ description: 'Hunks as "diff -u" writes them.' }),
    ...{ addedLines: Type.Integer(), removedLines: Type.Integer(), cutLines: Type.Integer() },
  }),
  strict({ shown: Type.Literal(false), reason: Type.String() }),
]);
const FileChange = Type.Union([
  strict({ change: choice(['added', 'removed'], ''), path: Type.String(), kind: FileKind, size: Type.Integer() }),
  strict({
    ...{ change: Type.Literal('changed'), path: Type.String(), kind: FileKind },
    ...{ fromSize: Type.Integer(), toSize: Type.Integer(), diff: Diff },
  }),
]);

const Compared = strict({ name: Type.String(), version: Type.String() });

export const ChartComparison = strict(
  {
    ...{ from: Compared, to: Compared },
    equal: Type.Boolean({ description: 'Nothing was found that differs, and nothing was left out.' }),
    breaking: Type.Array(Risk, { description: 'What may break, the worst first.' }),
    note: Type.String({ description: 'What that list is worth.' }),
    ...{ metadata: Metadata, values: Values, schema: Schema, crds: CustomResources },
    images: strict({
      ...{ added: Texts, removed: Texts },
      changed: Type.Array(strict({ repository: Type.String(), from: Type.String(), to: Type.String() })),
    }),
    files: Type.Array(FileChange, { description: 'Those that differ, templates first.' }),
    cut: Type.Array(strict({ part: Type.String(), message: Type.String() }), {
      description: 'What is left out of this answer because there is too much of it.',
    }),
  },
  { title: 'ChartComparison', description: 'What changes from one version of a chart to another.' },
);
