// Custom resource definitions in crds/ and in templates, whatever else is in their files.
import { describe, expect, test } from 'vitest';
import { Effort } from '../../src/charts/compare/effort.ts';
import { customResourcesOf, type FoundCustomResources } from '../../src/charts/custom-resources.ts';
import { readChart } from './packed-chart.ts';

const SCHEMA = `
    schema:
      openAPIV3Schema:
        description: |
          text

          : not { even yaml
        type: object
        properties: {spec: {type: object}}`;

const definition = (kind: string, schema = SCHEMA): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: ${kind.toLowerCase()}s.example.org
spec:
  group: example.org
  names: {kind: ${kind}, plural: ${kind.toLowerCase()}s}
  scope: Namespaced
  versions:
  - name: v1${schema}
    served: true
    storage: true
  - name: v1alpha1
    served: false
    storage: false
`;

const found = (kind: string, file: string): object => ({
  group: 'example.org',
  kind,
  scope: 'Namespaced',
  versions: [
    { name: 'v1', served: true, storage: true },
    { name: 'v1alpha1', served: false, storage: false },
  ],
  file,
  place: file.startsWith('crds/') ? 'crds' : 'templates',
});

async function read(files: Readonly<Record<string, string | Buffer>>, effort = 500_000): Promise<FoundCustomResources> {
  return customResourcesOf((await readChart(files)).contents, '', new Effort(effort));
}

describe('definitions in crds/', () => {
  test('are found in files of several documents, beside other things', async () => {
    const many = `# a comment\n---\n${definition('Cert')}---\n\n---\nkind: ConfigMap\n---\n${definition('Issuer')}`;
    expect(await read({ 'crds/all.yaml': many })).toEqual({
      resources: [found('Cert', 'crds/all.yaml'), found('Issuer', 'crds/all.yaml')],
      problems: [],
      isCut: false,
    });
  });

  test('are found in JSON, in lists and in folders', async () => {
    const spec = { group: 'g', names: { kind: 'K' }, scope: 'Cluster', versions: [{ name: 'v1', served: true }] };
    const json = JSON.stringify({ kind: 'List', items: [{ kind: 'CustomResourceDefinition', spec }, 5] });
    expect((await read({ 'crds/a/b.json': json })).resources).toEqual([
      {
        group: 'g',
        kind: 'K',
        scope: 'Cluster',
        versions: [{ name: 'v1', served: true, storage: false }],
        file: 'crds/a/b.json',
        place: 'crds',
      },
    ]);
  });

  test('may have one version outside of a list, as in v1beta1', async () => {
    const old = 'kind: CustomResourceDefinition\nspec:\n  group: g\n  version: v1\n  names:\n    kind: K\n';
    expect((await read({ 'crds/a.yaml': old })).resources).toEqual([
      {
        group: 'g',
        kind: 'K',
        versions: [{ name: 'v1', served: true, storage: true }],
        file: 'crds/a.yaml',
        place: 'crds',
      },
    ]);
  });

  test('may have schemas anywhere among their fields, and keys called schema without one', async () => {
    const validation = definition('A', '').replace(
      '  scope:',
      '  validation:\n    openAPIV3Schema:\n      x: y\n  scope:',
    );
    const first = definition('A').replace('  - name: v1\n', '  -\n    name: v1\n');
    const leading = definition('A', '').replace(
      '  - name: v1\n',
      '  - schema:\n      openAPIV3Schema:\n        x: y\n    name: v1\n',
    );
    const windows = definition('A').replaceAll('\n', '\r\n');
    for (const text of [validation, first, leading, windows]) {
      expect((await read({ 'crds/a.yaml': text })).resources).toEqual([found('A', 'crds/a.yaml')]);
    }
  });

  test.each([
    ['without a group', 'kind: CustomResourceDefinition\nspec: {names: {kind: K}}\n'],
    ['without a spec', 'kind: CustomResourceDefinition\n'],
    ['that is a text', 'CustomResourceDefinition\n'],
    ['of another kind', definition('A').replace('kind: CustomR', 'kind: R')],
    ['that is empty', ''],
    [
      'with keys that only objects know',
      'kind: CustomResourceDefinition\n__proto__: {spec: {group: g, names: {kind: K}}}\n',
    ],
  ])('are not a document %s', async (_what, text) => {
    expect(await read({ 'crds/a.yaml': text })).toEqual({ resources: [], problems: [], isCut: false });
  });

  test.each([
    ['bad syntax', 'a: b: c\n', 'is not YAML'],
    ['binary content', Buffer.from([0xff]), 'is not text in UTF-8'],
    [
      'billions of values',
      `a0: &a0 [x, x]\n${Array.from({ length: 40 }, (_, level) => `a${level + 1}: &a${level + 1} [*a${level}, *a${level}]\n`).join('')}`,
      'stands for more than',
    ],
    ['an alias of itself', 'a: &a [*a]\n', 'nested deeper'],
    ['nesting without end', '['.repeat(9000), 'nested too deeply'],
  ])('in a file with %s are a problem, and other files are read', async (_what, text, problem) => {
    const { resources, problems } = await read({ 'crds/a.yaml': text, 'crds/b.yaml': definition('B') });
    expect(resources).toEqual([found('B', 'crds/b.yaml')]);
    expect(problems).toEqual([expect.stringMatching(/^crds\/a\.yaml /)]);
    expect(problems[0]).toContain(problem);
  });
});

describe('definitions in templates', () => {
  test('are found as far as nothing must be filled in', async () => {
    const template = `{{- /*
Copyright: nobody
*/}}
{{- if .Values.crds }}
${definition('Cert').replace('metadata:\n', 'metadata:\n  labels:\n    {{- include "x" . | nindent 4 }}\n')}
{{- end }}`;
    expect((await read({ 'templates/crds.yaml': template })).resources).toEqual([found('Cert', 'templates/crds.yaml')]);
  });

  test('are left out where what remains is no YAML or says too little, which is no problem', async () => {
    const files = {
      'templates/a.yaml': `kind: CustomResourceDefinition\nx: y: {{ .z }}\n a: b: c\n`,
      'templates/b.yaml': definition('B').replace('group: example.org', 'group: {{ .Values.group }}'),
      'templates/b2.yaml':
        'kind: CustomResourceDefinition\nspec:\n  names: {kind: K}\n  group: half.{{ .Values.domain }}\n',
      'templates/c.yaml': `${definition('C')}{{ unfinished`,
      'templates/d.txt': Buffer.concat([Buffer.from(definition('D')), Buffer.from([0xff])]),
    };
    expect(await read(files)).toEqual({ resources: [found('C', 'templates/c.yaml')], problems: [], isCut: false });
  });
});

describe('limits', () => {
  test('of many definitions the first 500 are listed', async () => {
    const text = Array.from(
      { length: 600 },
      (_, index) => `---\nkind: CustomResourceDefinition\nspec: {group: g, names: {kind: K${index}}}\n`,
    );
    const { resources, isCut } = await read({ 'crds/a.yaml': text.join('') });
    expect(resources).toHaveLength(500);
    expect(isCut).toBe(true);
  });

  test('of many versions the first twenty, and of long names the first 253 characters', async () => {
    const versions = Array.from({ length: 30 }, () => ({ name: 'v'.repeat(300) }));
    const spec = { group: 'g', names: { kind: 'K' }, versions };
    const { resources } = await read({ 'crds/a.json': JSON.stringify({ kind: 'CustomResourceDefinition', spec }) });
    expect(resources[0]?.versions).toHaveLength(20);
    expect(resources[0]?.versions[0]?.name).toHaveLength(253);
  });

  test.each([
    ['lines', 'crds/a.yaml', '\n'.repeat(1_000_000)],
    ['lines of a schema', 'crds/a.yaml', `spec:\n  schema:\n${'    a\n'.repeat(500_000)}`],
    ['values', 'crds/a.yaml', 'a: b\n'.repeat(20_000)],
    ['braces', 'templates/a.yaml', `CustomResourceDefinition\n${'{{}}\n'.repeat(500_000)}`],
  ])('too many %s end the search', async (_what, path, text) => {
    const { resources, isCut } = await read({ [path]: text, 'templates/z.yaml': definition('Z') }, 20_000);
    expect(resources).toEqual([]);
    expect(isCut).toBe(true);
  });
});
