// What is stored about the contents of a chart: everything that is in it, within bounds, whatever the archive.
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ChartMetadata } from '../../src/charts/chart-yaml.ts';
import { readChartContents } from '../../src/charts/contents.ts';
import {
  type ContentsDescription,
  DESCRIPTION_REVISION,
  describeContents,
} from '../../src/charts/describe-contents.ts';
import { packTar } from '../support/chart-builder.ts';
import { packedSubchart, readChart, streamOf } from './packed-chart.ts';

async function describeChart(
  files: Readonly<Record<string, string | Buffer>>,
  metadata: Partial<ChartMetadata> = {},
): Promise<ContentsDescription> {
  const chart = await readChart(files, { metadata });
  return describeContents(chart.metadata, chart.contents);
}

function bytesOf(description: ContentsDescription): number {
  return Buffer.byteLength(JSON.stringify(description));
}

const CRD = 'kind: CustomResourceDefinition\nspec: {group: g, names: {kind: K}, scope: Cluster, version: v1}\n';

test('a chart is described with its files, CRDs, images and subcharts', async () => {
  const description = await describeChart({
    'README.md': '# web',
    'values.yaml': 'image: org/web:1\n',
    'templates/a.yaml': '',
    'templates/NOTES.txt': '',
    'crds/k.yaml': CRD,
    'charts/sub-2.0.0.tgz': await packedSubchart('sub', {
      'crds/k.yaml': CRD,
      'templates/a.yaml': 'image: org/sub:1\n',
    }),
  });
  expect(JSON.parse(JSON.stringify(description))).toEqual({
    revision: DESCRIPTION_REVISION,
    files: [
      { path: 'Chart.yaml', size: 40, kind: 'metadata' },
      { path: 'README.md', size: 5, kind: 'readme' },
      { path: 'charts/sub-2.0.0.tgz', size: expect.any(Number), kind: 'subchart' },
      { path: 'crds/k.yaml', size: CRD.length, kind: 'crd' },
      { path: 'templates/NOTES.txt', size: 0, kind: 'notes' },
      { path: 'templates/a.yaml', size: 0, kind: 'template' },
      { path: 'values.yaml', size: 17, kind: 'values' },
    ],
    fileCount: 7,
    fileBytes: expect.any(Number),
    templateCount: 2,
    known: { readme: 'README.md', values: 'values.yaml', notes: 'templates/NOTES.txt' },
    customResources: [
      { group: 'g', kind: 'K', scope: 'Cluster', versions: [expect.anything()], file: 'crds/k.yaml', place: 'crds' },
      expect.objectContaining({ file: 'charts/sub-2.0.0.tgz/crds/k.yaml' }),
    ],
    images: [expect.objectContaining({ image: 'org/sub:1' }), expect.objectContaining({ image: 'org/web:1' })],
    subcharts: [{ name: 'sub', version: '2.0.0', path: 'charts/sub-2.0.0.tgz' }],
    problems: [],
    cut: [],
  });
});

test('the same contents have the same description', async () => {
  const files = { 'values.yaml': 'image: a:1\n', 'crds/a.yaml': CRD, 'charts/x': '' };
  expect(await describeChart(files)).toEqual(await describeChart(files));
});

describe('problems', () => {
  test.each([
    [{ 'values.yaml': 'a: b: c' }, 'values.yaml cannot be read: it is not YAML'],
    [{ 'values.yaml': Buffer.from([0x00, 0xff]) }, 'values.yaml cannot be read: it is not text in UTF-8'],
    [{ 'values.schema.json': '{' }, 'values.schema.json is not JSON'],
    [{ 'values.schema.json': Buffer.from([0xff]) }, 'values.schema.json is not text in UTF-8'],
    [
      { 'values.schema.json': `"${'x'.repeat(3_000_000)}"` },
      'values.schema.json was not looked at: it has 3000002 bytes',
    ],
    [{ 'crds/a.yaml': 'a: b: c' }, 'crds/a.yaml is not YAML'],
    [{ 'charts/a.tgz': '' }, 'charts/a.tgz cannot be read'],
    [{ 'charts/a/x': '' }, 'charts/a has no Chart.yaml'],
    [
      { 'charts/a/Chart.yaml': 'name: a\nversion: 1.0.0', 'charts/a/values.yaml': '- a' },
      'charts/a/values.yaml cannot be read',
    ],
    [{ 'Chart.lock': '', 'requirements.lock': '' }, 'both Chart.lock and requirements.lock'],
  ])('are named: %j', async (files, problem) => {
    expect((await describeChart(files)).problems).toEqual([expect.stringContaining(problem)]);
  });

  test('are dependencies that are not there, by name', async () => {
    const dependencies = [
      { name: 'common', version: '2.x.x', repository: 'oci://charts.example' },
      { name: 'sub', version: '^9', repository: '' },
    ];
    const { problems } = await describeChart(
      { 'charts/s/Chart.yaml': 'name: sub\nversion: 1.0.0\n' },
      { dependencies },
    );
    expect(problems).toEqual([expect.stringContaining('charts/ has no chart "common" for the dependency on 2.x.x')]);
  });

  test('are not schemas that recurse, or that refer to other places', async () => {
    const schema = JSON.stringify({
      $ref: '#',
      $defs: { a: { $ref: '#/$defs/a' }, b: { $ref: 'https://example.org/x' } },
    });
    expect((await describeChart({ 'values.schema.json': schema })).problems).toEqual([]);
  });
});

test('files that stand twice are a problem', async () => {
  const entries = ['Chart.yaml', 'values.yaml', 'values.yaml'].map((path) => ({ name: `web/${path}`, content: '' }));
  const contents = await readChartContents(streamOf(gzipSync(await packTar(entries))));
  const metadata = { apiVersion: 'v2', name: 'web', version: '1.0.0' };
  expect(describeContents(metadata, contents).problems).toEqual(['values.yaml stands in the archive more than once']);
});

describe('a description says what was not looked through', () => {
  test('among templates', async () => {
    expect((await describeChart({ 'templates/a.yaml': 'image: a:1\n'.repeat(60_000) })).cut).toEqual(['images']);
  });

  test('among CRDs', async () => {
    const files = { 'crds/a.yaml': 'a: b\n'.repeat(40_000), 'crds/b.yaml': CRD };
    expect((await describeChart(files)).cut).toEqual(['customResources']);
  });
});

describe('a description is short', () => {
  test('with a problem that would be long', async () => {
    const { problems } = await describeChart({ [`charts/${'x'.repeat(700)}/y`]: '' });
    expect(problems.map((problem) => problem.length)).toEqual([400]);
  });

  test('with 5,000 templates, of which it lists the first', async () => {
    const files = Array.from({ length: 5000 }, (_, index) => [
      `templates/${String(index).padStart(40, '0')}.yaml`,
      'a: b\n',
    ]);
    const description = await describeChart(Object.fromEntries(files));
    expect(description.templateCount).toBe(5000);
    expect(description.fileCount).toBe(5002);
    expect(description.files.length).toBeGreaterThan(1000);
    expect(description.cut).toEqual(['files']);
    expect(bytesOf(description)).toBeLessThan(256 * 1024);
  });

  test('with everything that can be much, in letters of four bytes', async () => {
    const name = '🚢'.repeat(150);
    const numbers = Array.from({ length: 1000 }, (_, index) => String(index).padStart(4, '0'));
    const description = await describeChart({
      'values.yaml': numbers.map((n) => `"${name}${n}": {image: "registry.example/${'x'.repeat(60)}:${n}"}\n`).join(''),
      ...Object.fromEntries(numbers.map((n) => [`charts/${name}${n}/Chart.yaml`, `name: ${name}\nversion: 1.0.0\n`])),
      ...Object.fromEntries(numbers.map((n) => [`crds/${name}${n}.yaml`, CRD])),
      ...Object.fromEntries(numbers.map((n) => [`charts/bad${n}${name}/x`, ''])),
    });
    expect(description.cut.toSorted()).toEqual(['customResources', 'files', 'images', 'problems', 'subcharts']);
    for (const list of description.cut) expect(description[list].length).toBeGreaterThan(5);
    expect(bytesOf(description)).toBeLessThan(256 * 1024);
  });

  test('with a README of 5 MiB, which only counts', async () => {
    const description = await describeChart({ 'README.md': '#'.repeat(5 * 1024 * 1024) });
    expect(description.files).toContainEqual({ path: 'README.md', size: 5 * 1024 * 1024, kind: 'readme' });
    expect(description.cut).toEqual([]);
  });

  test('one entry beyond measure is left out and hides no other', async () => {
    const long = `charts/${'🚢'.repeat(450)}`;
    const path = `${long}/charts/${'a'.repeat(80)}`;
    const inner = await packedSubchart('inner', { [`crds/${'🚢'.repeat(480)}.yaml`]: CRD, 'crds/z.yaml': CRD });
    const middle = await packedSubchart('middle', { [`charts/${'🚢'.repeat(480)}.tgz`]: inner });
    const outer = await packedSubchart('outer', { [`charts/${'🚢'.repeat(480)}.tgz`]: middle });
    const description = await describeChart({
      [`${path}.tgz`]: outer,
      [`${long}/Chart.yaml`]: 'name: l\nversion: 1.0.0\n',
      'crds/z.yaml': CRD,
    });
    expect(description.cut).toEqual(['customResources', 'subcharts']);
    expect(description.customResources.map(({ file }) => file)).toEqual(['crds/z.yaml']);
    expect(description.subcharts.map(({ name }) => name)).toEqual(['l', 'outer', 'middle']);
  });
});
