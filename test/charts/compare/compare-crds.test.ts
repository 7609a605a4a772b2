// Custom resource definitions of two versions.
import { describe, expect, test } from 'vitest';
import { type ChartComparison, compareCharts } from '../../../src/charts/compare/compare-charts.ts';
import { findCrdDifferences } from '../../../src/charts/compare/compare-crds.ts';
import { Effort } from '../../../src/charts/compare/effort.ts';
import { chartOfFiles } from './chart-of-files.ts';

interface Version {
  readonly name?: string;
  readonly served?: boolean;
  readonly storage?: boolean;
  readonly schema?: object;
}

function definition(versions: readonly Version[], scope = 'Namespaced', name = 'webs.example.org'): string {
  return JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group: 'example.org',
      names: { kind: 'Web' },
      scope,
      versions: versions.map(({ name = 'v1', served = true, storage = true, schema = {} }) => ({
        ...{ name, served, storage },
        schema: { openAPIV3Schema: schema },
      })),
    },
  });
}

function comparison(from: Readonly<Record<string, string>>, to: Readonly<Record<string, string>>): ChartComparison {
  return compareCharts(chartOfFiles(from), chartOfFiles(to));
}

function crdComparison(from: string, to: string): ChartComparison {
  return comparison({ 'crds/webs.yaml': from }, { 'crds/webs.yaml': to });
}

function risks({ breaking }: ChartComparison): readonly string[] {
  return breaking.map(({ kind, severity, path }) => `${severity} ${kind} ${path}`);
}

describe('definitions', () => {
  const web = definition([{}]);

  test('come and go, wherever they stand', () => {
    const other = definition([{}], 'Namespaced', 'others.example.org');
    const result = comparison({ 'crds/a.yaml': `${web}\n---\n${other}\n` }, { 'crds/b/c.yml': web });
    expect(result.crds).toEqual({ added: [], removed: ['others.example.org'], changed: [], unread: [] });
    expect(risks(result)).toEqual(['breaking crd-removed others.example.org']);
    const back = comparison({ 'crds/b/c.yml': web }, { 'crds/a.yaml': `${web}\n---\n${other}\n` });
    expect(back.crds.added).toEqual(['others.example.org']);
    expect(risks(back)).toEqual(['attention crd-not-upgraded ']);
  });

  test('are those of dependencies too, but no templates and no other files', () => {
    const to = (path: string): readonly string[] => comparison({}, { [path]: web }).crds.added;
    expect(to('charts/a/charts/b/crds/web.json')).toEqual(['webs.example.org']);
    expect(to('templates/web.yaml')).toEqual([]);
    expect(to('crds/web.txt')).toEqual([]);
    expect(to('files/crds/web.yaml')).toEqual([]);
    expect(
      comparison({}, { 'crds/x.yaml': 'kind: CustomResourceDefinition\nmetadata: {name: x}\n' }).crds.added,
    ).toEqual([]);
  });

  test('may stand in a list', () => {
    const list = `kind: List\nitems:\n- ${web}\n`;
    expect(comparison({}, { 'crds/x.yaml': list }).crds.added).toEqual(['webs.example.org']);
  });

  test('do not change with their descriptions, labels and order', () => {
    const older = definition([{ schema: { description: 'old', properties: { a: {}, b: {} } } }]);
    const newer = definition([{ schema: { properties: { b: {}, a: { description: 'new' } } } }]).replace(
      '"name":"webs.example.org"',
      '"labels":{"a":"b"},"name":"webs.example.org"',
    );
    expect(crdComparison(older, newer)).toMatchObject({ crds: { changed: [] }, breaking: [] });
  });
});

describe('a definition', () => {
  test('gets and loses versions', () => {
    const older = definition([{ name: 'v1alpha1', storage: false }, { name: 'v1beta1' }]);
    const newer = definition([{ name: 'v1beta1', served: false, storage: false }, { name: 'v1' }]);
    const result = crdComparison(older, newer);
    expect(result.crds.changed).toEqual([
      {
        name: 'webs.example.org',
        addedVersions: ['v1'],
        removedVersions: ['v1alpha1'],
        noLongerServed: ['v1beta1'],
        nowServed: [],
        storageVersion: { from: 'v1beta1', to: 'v1' },
        scope: undefined,
        schemas: [],
      },
    ]);
    expect(risks(result)).toEqual([
      'breaking crd-version-removed webs.example.org',
      'breaking crd-version-not-served webs.example.org',
      'breaking crd-storage-version-changed webs.example.org',
      'attention crd-not-upgraded ',
    ]);
    expect(crdComparison(newer, older).crds.changed).toMatchObject([{ noLongerServed: [], nowServed: ['v1beta1'] }]);
  });

  test('gets another scope', () => {
    const result = crdComparison(definition([{}]), definition([{}], 'Cluster'));
    expect(result.crds.changed).toMatchObject([{ scope: { from: 'Namespaced', to: 'Cluster' } }]);
    expect(risks(result)).toContain('breaking crd-scope-changed webs.example.org');
  });

  test('loses properties, requires others, and refuses what it admitted', () => {
    const schema = (spec: object): string => definition([{ schema: { properties: { spec } } }]);
    const result = crdComparison(
      schema({ properties: { gone: {}, size: { type: 'integer' }, name: { type: 'string' } }, required: ['size'] }),
      schema({
        properties: { size: { type: 'integer', maximum: 5 }, name: { type: 'string', pattern: 'a' }, new: {} },
        required: ['name'],
      }),
    );
    expect(result.crds.changed[0]?.schemas).toMatchObject([
      {
        version: 'v1',
        changes: [
          { path: 'spec.gone', keyword: 'properties', effect: 'removed' },
          { path: 'spec.size', keyword: 'maximum', effect: 'tightened', to: { value: 5 } },
          { path: 'spec.name', keyword: 'pattern', effect: 'tightened' },
          { path: 'spec.new', keyword: 'properties', effect: 'added' },
          { path: 'spec.name', keyword: 'required', effect: 'tightened' },
          { path: 'spec.size', keyword: 'required', effect: 'loosened' },
        ],
      },
    ]);
    expect(risks(result)).toEqual([
      'breaking crd-schema-tightened webs.example.org v1 spec.gone',
      'breaking crd-schema-tightened webs.example.org v1 spec.size',
      'breaking crd-schema-tightened webs.example.org v1 spec.name',
      'breaking crd-schema-tightened webs.example.org v1 spec.name',
      'attention crd-not-upgraded ',
    ]);
  });

  test('of the old form has one schema for all its versions', () => {
    const old = (type: string): string =>
      `apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\nmetadata: {name: webs.example.org}\nspec:\n  version: v1\n  validation: {openAPIV3Schema: {properties: {a: {type: ${type}}}}}\n`;
    const listed = (type: string): string => old(type).replace('version: v1\n', 'versions: [{name: v1}, {name: v2}]\n');
    expect(crdComparison(listed('string'), listed('integer')).crds.changed[0]?.schemas).toHaveLength(2);
    expect(crdComparison(old('string'), old('integer')).crds.changed[0]?.schemas).toMatchObject([
      { version: 'v1', changes: [{ path: 'a', keyword: 'type', effect: 'changed' }] },
    ]);
    expect(
      crdComparison(old('string'), definition([{ schema: { properties: { a: { type: 'string' } } } }])).crds.changed,
    ).toMatchObject([{ removedVersions: [], schemas: [], storageVersion: undefined }]);
  });
});

describe('files that cannot be read', () => {
  const web = definition([{}]);

  test('say why, and nothing is said to be gone that may be in them', () => {
    const result = comparison({ 'crds/a.yaml': web }, { 'crds/a.yaml': 'a: b: c\n', 'crds/b.yaml': '' });
    expect(result.crds).toMatchObject({ added: [], removed: [], changed: [] });
    expect(result.crds.unread).toEqual([
      { path: 'crds/a.yaml', reason: expect.stringMatching(/^crds\/a\.yaml of 1\.0\.0 is not YAML: /) },
    ]);
    expect(risks(result)).toEqual(['attention not-compared ']);
    expect(comparison({ 'crds/a.yaml': 'a: b: c\n' }, { 'crds/a.yaml': web }).crds.added).toEqual([]);
  });

  test('are those that come after more YAML than is read, and none of them is forgotten', () => {
    const many = (text: string): ReturnType<typeof chartOfFiles> =>
      chartOfFiles(Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`crds/${index}.yaml`, text])));
    const [from, to] = [many('a:\n  b: c\n'.repeat(50)), many('a:\n  b: d\n'.repeat(50))];
    const { unread } = findCrdDifferences(from, to, new Effort(20_000));
    const read = 60 - new Set(unread.map(({ path }) => path)).size;
    expect(read).toBeGreaterThan(3);
    expect(read).toBeLessThan(30);
    expect(unread.at(-1)).toMatchObject({ reason: expect.stringContaining('more YAML than') });
    expect(findCrdDifferences(from, to, new Effort(1_000_000)).unread).toEqual([]);
  });

  test('are no matter when they are equal', () => {
    expect(comparison({ 'crds/a.yaml': 'a: b: c\n' }, { 'crds/a.yaml': 'a: b: c\n' }).crds.unread).toEqual([]);
  });

  test('are one thing to attend to, however many they are', () => {
    const bad = (end: string): Readonly<Record<string, string>> => ({
      'crds/a.yaml': `a: b: ${end}`,
      'crds/b.yaml': `[${end}`,
    });
    expect(comparison(bad('c'), bad('d')).breaking).toMatchObject([
      { kind: 'not-compared', message: expect.stringMatching(/, and 3 more files$/) },
    ]);
  });
});
