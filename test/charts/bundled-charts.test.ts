// The charts in charts/, found as Helm finds them, and what lies there and is none.
import { describe, expect, test } from 'vitest';
import { type BundledCharts, bundledCharts, withInnerCharts } from '../../src/charts/bundled-charts.ts';
import { Effort } from '../../src/charts/compare/effort.ts';
import { packedSubchart, readChart } from './packed-chart.ts';

const chartYaml = (name: string): string => `name: ${name}\nversion: 2.0.0\n`;

async function find(files: Readonly<Record<string, string | Buffer>>, effort = 50_000): Promise<BundledCharts> {
  const { contents } = await readChart(files);
  return bundledCharts(contents, new Effort(effort));
}

function paths({ charts }: BundledCharts): readonly string[] {
  return withInnerCharts(charts).map(({ path, metadata }) => `${path} ${metadata.name}`);
}

describe('charts in charts/', () => {
  test('lie there as folders and packed, at any depth, with their own files', async () => {
    const inner = await packedSubchart('inner');
    const found = await find({
      'charts/a/Chart.yaml': chartYaml('alpha'),
      'charts/a/values.yaml': 'x: y\n',
      'charts/a/charts/inner-2.0.0.tgz': inner,
      'charts/b-2.0.0.tgz': await packedSubchart('b', { 'charts/c/Chart.yaml': chartYaml('c') }),
    });
    expect(paths(found)).toEqual([
      'charts/a alpha',
      'charts/a/charts/inner-2.0.0.tgz inner',
      'charts/b-2.0.0.tgz b',
      'charts/b-2.0.0.tgz/charts/c c',
    ]);
    expect(found.charts[0]?.contents.text('values.yaml')).toBe('x: y\n');
    expect(found.charts[0]?.contents.files).toHaveLength(3);
    expect(found.problems).toEqual([]);
  });

  test('are not what begins with "_" or "." or is provenance', async () => {
    const found = await find({ 'charts/_a/x': '', 'charts/.b': '', 'charts/c-1.0.0.tgz.prov': '' });
    expect(found).toEqual({ charts: [], problems: [] });
  });

  test.each([
    ['charts/README.md', '', 'charts/README.md has no Chart.yaml'],
    ['charts/a/values.yaml', '', 'charts/a has no Chart.yaml'],
    ['charts/a/Chart.yaml', 'name: a\n', 'charts/a cannot be loaded: Chart.yaml has no "version"'],
    ['charts/a/Chart.yaml', Buffer.from([0xff]), 'charts/a cannot be loaded: Chart.yaml is not text in UTF-8'],
    ['charts/a/Chart.yaml', '['.repeat(9000), 'charts/a cannot be loaded: Chart.yaml is nested too deeply'],
    ['charts/a.tgz', 'x', 'charts/a.tgz cannot be read: the chart'],
    ['charts/a.tgz/Chart.yaml', chartYaml('a'), 'charts/a.tgz is no packed chart'],
  ])('that Helm does not load are problems: %s', async (path, content, problem) => {
    const { charts, problems } = await find({ [path]: content, 'charts/ok/Chart.yaml': chartYaml('ok') });
    expect(charts.map(({ path: found }) => found)).toEqual(['charts/ok']);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  test('read the dependencies of old charts from requirements.yaml', async () => {
    const { charts } = await find({
      'charts/a/Chart.yaml': chartYaml('a'),
      'charts/a/requirements.yaml': 'dependencies: [{name: b, version: 1.x}]',
    });
    expect(charts[0]?.metadata.dependencies).toEqual([{ name: 'b', version: '1.x', repository: '' }]);
  });

  test('are looked at eight deep', async () => {
    const depths = Array.from({ length: 10 }, (_, depth) => `${'charts/c/'.repeat(depth + 1)}Chart.yaml`);
    const found = await find(Object.fromEntries(depths.map((path) => [path, chartYaml('c')])));
    expect(paths(found)).toHaveLength(8);
    expect(found.problems).toEqual([expect.stringContaining('was not looked at: it lies in 8 charts')]);
  });

  test('are looked at as long as there is effort, and the first that is not is named once', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `charts/c${String(index).padStart(2, '0')}/Chart.yaml`);
    const found = await find(Object.fromEntries(names.map((path) => [path, chartYaml('c')])), 1000);
    expect(found.charts).toHaveLength(5);
    expect(found.problems).toEqual([expect.stringContaining('charts/c05 and what follows was not looked at')]);
  });

  test('with mistakes use up the effort of many without', async () => {
    const bad = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`charts/c${index}/Chart.yaml`, 'a: b: c\n']),
    );
    const { problems } = await find(bad, 10_000);
    expect(problems.length).toBeLessThan(8);
  });
});
