// Chart.yaml and images of two versions.
import { describe, expect, test } from 'vitest';
import type { ChartDependency, ChartMetadata } from '../../../src/charts/chart-yaml.ts';
import { type ChartComparison, compareCharts } from '../../../src/charts/compare/compare-charts.ts';
import { compareImages } from '../../../src/charts/compare/image-changes.ts';
import { chartOfFiles } from './chart-of-files.ts';

function comparison(from: Partial<ChartMetadata>, to: Partial<ChartMetadata>): ChartComparison {
  return compareCharts(chartOfFiles({}, { metadata: from }), chartOfFiles({}, { metadata: to }));
}

function risks(from: Partial<ChartMetadata>, to: Partial<ChartMetadata>): readonly string[] {
  return comparison(from, to).breaking.map(({ kind, severity, path }) => `${severity} ${kind} ${path}`);
}

function redis(changes: Partial<ChartDependency> = {}): Partial<ChartMetadata> {
  return { dependencies: [{ name: 'redis', version: '^1.2', repository: 'https://example.org', ...changes }] };
}

describe('fields', () => {
  test('that differ have both values, in the order of Chart.yaml', () => {
    const { metadata } = comparison(
      { version: '1.0.0', keywords: ['a'], annotations: { 'a.b/c': '1', same: 'x' }, home: 'https://example.org' },
      { version: '1.1.0', keywords: ['a', 'b'], annotations: { same: 'x', 'a.b/c': '2' }, appVersion: '3' },
    );
    expect(metadata.fields).toEqual([
      { field: 'version', from: { type: 'string', value: '1.0.0' }, to: { type: 'string', value: '1.1.0' } },
      { field: 'appVersion', from: undefined, to: { type: 'string', value: '3' } },
      { field: 'home', from: { type: 'string', value: 'https://example.org' }, to: undefined },
      { field: 'keywords', from: { type: 'list', value: ['a'] }, to: { type: 'list', value: ['a', 'b'] } },
      { field: 'annotations."a.b/c"', from: { type: 'string', value: '1' }, to: { type: 'string', value: '2' } },
    ]);
  });

  test('may hold annotations called like what objects have', () => {
    const annotations = JSON.parse('{"__proto__": "x", "constructor": "x"}') as Record<string, string>;
    expect(comparison({}, { annotations }).metadata.fields.map(({ field }) => field)).toEqual([
      'annotations.__proto__',
      'annotations.constructor',
    ]);
  });
});

describe('dependencies', () => {
  test('come, go and change field by field', () => {
    const from = { dependencies: [...(redis().dependencies ?? []), { name: 'old', repository: '' }] };
    const to = {
      dependencies: [
        { name: 'new', version: '1', repository: '' },
        ...(redis({ version: '^1.3', condition: 'redis.on' }).dependencies ?? []),
      ],
    };
    expect(comparison(from, to).metadata.dependencies).toEqual({
      added: [{ name: 'new', alias: undefined, version: '1', repository: '' }],
      removed: [{ name: 'old', alias: undefined, version: undefined, repository: '' }],
      changed: [
        {
          name: 'redis',
          alias: undefined,
          fields: [
            { field: 'version', from: { type: 'string', value: '^1.2' }, to: { type: 'string', value: '^1.3' } },
            { field: 'condition', from: undefined, to: { type: 'string', value: 'redis.on' } },
          ],
        },
      ],
    });
  });

  test('of one name are told apart by their aliases', () => {
    const twice = (one: string, other: string): Partial<ChartMetadata> => ({
      dependencies: [
        { name: 'redis', alias: 'one', version: one, repository: '' },
        { name: 'redis', alias: 'other', version: other, repository: '' },
      ],
    });
    expect(comparison(twice('1', '2'), twice('1', '3')).metadata.dependencies.changed).toMatchObject([
      { alias: 'other' },
    ]);
  });

  test('may have whole numbers in what they import', () => {
    const from = redis({ 'import-values': [{ child: 'a', parent: 1n }] });
    const { changed } = comparison(from, redis({ 'import-values': [{ child: 'a', parent: 2n }] })).metadata
      .dependencies;
    expect(changed).toMatchObject([
      { fields: [{ field: 'import-values', to: { value: [{ child: 'a', parent: 2 }] } }] },
    ]);
  });

  test.each([
    ['^1.2', '^1.9', []],
    ['1.2.3', '1.9.9', []],
    ['^1.2', '>=1.5 <2', []],
    ['^1', '^1 || ^2', ['breaking dependency-changed dependencies.redis']],
    ['^1.2', '^2', ['breaking dependency-changed dependencies.redis']],
    ['^1.2', '>=1.2', ['breaking dependency-changed dependencies.redis']],
    ['1.2.3', '2.0.0-rc.1', ['breaking dependency-changed dependencies.redis']],
    ['2.x.x', '1.x.x', ['breaking dependency-changed dependencies.redis']],
    ['>=1', '^2', []],
    ['^1', '>2.0.0 <3', ['breaking dependency-changed dependencies.redis']],
  ])('from %s to %s: another major version is %j', (from, to, expected) => {
    expect(risks(redis({ version: from }), redis({ version: to }))).toEqual(expected);
  });

  test('break when they go or get another alias, and want attention when their switch or place changes', () => {
    expect(risks(redis(), {})).toEqual(['breaking dependency-removed dependencies.redis']);
    expect(risks({}, redis())).toEqual([]);
    expect(risks(redis(), redis({ alias: 'cache' }))).toEqual(['breaking dependency-changed dependencies.cache']);
    expect(risks(redis(), redis({ condition: 'on', repository: 'oci://example.org' }))).toEqual([
      'attention dependency-changed dependencies.redis',
      'attention dependency-changed dependencies.redis',
    ]);
  });

  test('have values whose defaults go without being lost', () => {
    const older = chartOfFiles(
      { 'values.yaml': 'redis: {a: 1, b: 2}\nweb: {a: 1, b: 2, c: 3}\n' },
      { metadata: redis() },
    );
    const newer = chartOfFiles({ 'values.yaml': 'redis: {a: 1}\nweb: {a: 1, b: 2}\n' }, { metadata: redis() });
    expect(compareCharts(older, newer).breaking.map(({ severity, path }) => `${severity} ${path}`)).toEqual([
      'breaking web.c',
      'attention redis.b',
    ]);
  });
});

describe('a chart', () => {
  test.each<[Partial<ChartMetadata>, Partial<ChartMetadata>, readonly string[]]>([
    [{ name: 'web' }, { name: 'site' }, ['breaking chart-renamed name']],
    [{}, { type: 'application' }, []],
    [{}, { type: 'library' }, ['breaking chart-type-changed type']],
    [{}, { deprecated: true }, ['attention chart-deprecated deprecated']],
    [{ deprecated: true }, {}, []],
    [{ version: '1.9.0' }, { version: '2.0.0-rc.1' }, ['attention new-major-version version']],
    [{ version: 'v1.9' }, { version: '1.10.0' }, []],
    [{ kubeVersion: '>=1.20' }, {}, []],
    [{ kubeVersion: '>=1.20' }, { kubeVersion: '>=1.19' }, ['attention kubernetes-range-changed kubeVersion']],
    [{ kubeVersion: '>=1.20.0-0' }, { kubeVersion: '>=1.25.0-0' }, ['breaking kubernetes-range-changed kubeVersion']],
    [{}, { kubeVersion: '<1.30' }, ['breaking kubernetes-range-changed kubeVersion']],
  ])('from %j to %j: %j', (from, to, expected) => {
    expect(risks(from, to)).toEqual(expected);
  });

  test('says which versions of Kubernetes it refuses now', () => {
    const message = (from: string, to: string): string | undefined =>
      comparison({ kubeVersion: from }, { kubeVersion: to }).breaking[0]?.message;
    expect(message('>=1.20', '>=1.25')).toMatch(/: 1\.20 to 1\.24 are refused$/);
    expect(message('>=1.20', '>=1.21')).toMatch(/: 1\.20 is refused$/);
    expect(message('>=1.20 <1.25', '1.20.x || 1.22.x')).toMatch(/: 1\.21, 1\.23, 1\.24 are refused$/);
  });
});

describe('images', () => {
  test('come, go and get another tag', () => {
    const from = ['localhost:5000/web:1', 'nginx:1.0', 'example.org/gone@sha256:abc', 'same:1'];
    const to = ['localhost:5000/web:2', 'docker.io/library/nginx:1.1', 'example.org/new', 'docker.io/library/same:1'];
    expect(compareImages(from, to)).toEqual({
      added: ['example.org/new'],
      removed: ['example.org/gone@sha256:abc'],
      changed: [
        { repository: 'docker.io/library/nginx', from: 'nginx:1.0', to: 'docker.io/library/nginx:1.1' },
        { repository: 'localhost:5000/web', from: 'localhost:5000/web:1', to: 'localhost:5000/web:2' },
      ],
    });
  });

  test('have the name that the newer version gives them', () => {
    const { changed } = compareImages(['docker.io/library/nginx:1'], ['nginx:2']);
    expect(changed).toEqual([{ repository: 'nginx', from: 'docker.io/library/nginx:1', to: 'nginx:2' }]);
  });

  test('of one repository with several tags came and went', () => {
    expect(compareImages(['a:1', 'a:2'], ['a:3', 'a:2', 'a:4'])).toEqual({
      added: ['a:3', 'a:4'],
      removed: ['a:1'],
      changed: [],
    });
    expect(compareImages(['a:1', 'a:2'], ['a:2', 'a:3'])).toMatchObject({ changed: [{ from: 'a:1', to: 'a:3' }] });
  });
});
