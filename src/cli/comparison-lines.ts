// What changed from one version of a chart to another, as lines: "+" is new, "-" is gone, "~" is different.

import type {
  ChangedValue,
  ComparedDependency,
  Comparison,
  CrdChange,
  FieldChange,
  FileChange,
  SchemaChange,
  ShownValue,
} from './comparison-answer.ts';
import { columnsOf, labelled, lineWidth, oneLine, shortened } from './line-width.ts';
import { shownSize } from './words.ts';

const INDENT = '  ';

/** What may break stands first, and below it what that list is worth. */
export function riskLines({ breaking, note }: Comparison): readonly string[] {
  const width = lineWidth();
  const risks = breaking.flatMap(({ severity, message }) =>
    labelled(`${INDENT}${severity.padEnd(9)}  `, message, width),
  );
  const lines = risks.length === 0 ? [`${INDENT}nothing was found`] : risks;
  return ['What may break:', ...lines, '', ...labelled(INDENT, note, width)];
}

export function changeLines(comparison: Comparison): readonly string[] {
  const { metadata, values, schema, crds, images, files, cut } = comparison;
  return [
    ...section('Chart.yaml', metadata.fields.flatMap(fieldLines)),
    ...section('Dependencies', dependencyLines(metadata.dependencies)),
    ...section('Values', values.compared ? valueLines(values) : notCompared(values.reason)),
    ...section(
      'Schema of the values',
      schema.compared ? schema.changes.flatMap(schemaLines) : notCompared(schema.reason),
    ),
    ...section('CRDs', [
      ...crds.added.map((name) => `+ ${name}`),
      ...crds.removed.map((name) => `- ${name}`),
      ...crds.changed.flatMap(crdLines),
      ...crds.unread.map(({ path, reason }) => `? ${path}: ${reason}`),
    ]),
    ...section('Images', [
      ...images.added.map((image) => `+ ${image}`),
      ...images.removed.map((image) => `- ${image}`),
      ...images.changed.flatMap(({ from, to }) => [`- ${from}`, `+ ${to}`]),
    ]),
    ...section('Files', files.map(fileLine)),
    ...section(
      'Left out',
      cut.map(({ part, message }) => `${part}: ${message}`),
    ),
  ];
}

/** As "diff -u" writes them, of all files that have a diff. */
export function diffLines({ files, from, to }: Comparison): readonly string[] {
  return files.flatMap((file) => {
    if (file.change !== 'changed') return [];
    const { path, diff } = file;
    if (!diff.shown) return ['', `${oneLine(path)}: ${oneLine(diff.reason)}`];
    const cut = diff.cutLines === 0 ? [] : [`(${diff.cutLines} more lines)`];
    const names = [`--- ${oneLine(path)}  ${from.version}`, `+++ ${oneLine(path)}  ${to.version}`];
    return ['', ...names, ...diff.text.trimEnd().split(/\r?\n/), ...cut];
  });
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `${INDENT}${oneLineKeepingIndent(line)}`)];
}

function oneLineKeepingIndent(line: string): string {
  const [indent = ''] = /^ */.exec(line) ?? [];
  return shortened(`${indent}${oneLine(line)}`, Math.max(lineWidth() - INDENT.length, 60));
}

function notCompared(reason: string): readonly string[] {
  return [`? not compared: ${reason}`];
}

function valueLines(values: Extract<Comparison['values'], { compared: true }>): readonly string[] {
  return [
    ...values.retyped.flatMap(changedLines),
    ...values.removed.map(({ path, value }) => `- ${path}: ${shown(value)}`),
    ...values.moved.map(({ fromPath, toPath }) => `~ ${fromPath} is now ${toPath}`),
    ...values.changed.flatMap(changedLines),
    ...values.added.map(({ path, value, comment }) => `+ ${path}: ${shown(value)}${comment ? `  # ${comment}` : ''}`),
  ];
}

function changedLines({ path, from, to }: ChangedValue): readonly string[] {
  return turn(path, from, to);
}

function fieldLines({ field, from, to }: FieldChange): readonly string[] {
  return turn(field, from, to);
}

function schemaLines({ path, keyword, effect, from, to }: SchemaChange): readonly string[] {
  return turn(`${path === '' ? '' : `${path} `}${keyword} (${effect})`, from, to);
}

function crdLines({ name, addedVersions, removedVersions, noLongerServed, schemas }: CrdChange): readonly string[] {
  const parts = [
    ...addedVersions.map((version) => `+${version}`),
    ...removedVersions.map((version) => `-${version}`),
    ...noLongerServed.map((version) => `${version} is not served any more`),
    ...schemas.map(({ version, changes }) => `${version}: ${changes.length} changes of its schema`),
  ];
  return [`~ ${name}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`];
}

function dependencyLines({ added, removed, changed }: Comparison['metadata']['dependencies']): readonly string[] {
  return [
    ...added.map((dependency) => `+ ${shownDependency(dependency)}`),
    ...removed.map((dependency) => `- ${shownDependency(dependency)}`),
    ...changed.flatMap(({ name, fields }) =>
      fields.flatMap(({ field, from, to }) => turn(`${name} ${field}`, from, to)),
    ),
  ];
}

function shownDependency({ name, version = '', repository }: ComparedDependency): string {
  return [name, version, repository].filter((part) => part !== '').join('  ');
}

function fileLine(file: FileChange): string {
  if (file.change !== 'changed') return `${file.change === 'added' ? '+' : '-'} ${file.path}  ${shownSize(file.size)}`;
  const { path, diff } = file;
  return `~ ${path}  ${diff.shown ? `+${diff.addedLines} -${diff.removedLines}` : diff.reason}`;
}

/** In one line, or where that is too long in three. */
function turn(name: string, from: ShownValue | undefined, to: ShownValue | undefined): readonly string[] {
  if (!from) return to ? [`+ ${name}: ${shown(to)}`] : [`~ ${name}`];
  if (!to) return [`- ${name}: ${shown(from)}`];
  const line = `~ ${name}: ${shown(from)} -> ${shown(to)}`;
  if (columnsOf(line) <= lineWidth() - INDENT.length) return [line];
  return [`~ ${name}:`, `    - ${shown(from)}`, `    + ${shown(to)}`];
}

function shown({ value, excerpt }: ShownValue): string {
  return excerpt === undefined ? JSON.stringify(value) : `${excerpt}…`;
}
