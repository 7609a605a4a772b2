// The comparison of two charts as a whole: its order, its honesty about its limits, and what it says to an operator.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareCharts } from '../../../src/charts/compare/compare-charts.ts';
import { chartOfFiles } from './chart-of-files.ts';

describe('a comparison', () => {
  const files = {
    'Chart.yaml': 'name: web\n',
    'values.yaml': 'image: {tag: "1"}\n',
    'values.schema.json': '{}',
    'templates/a.yaml': 'a\n',
    'crds/a.yaml': 'kind: Other\n',
  };

  test('of a chart with itself finds nothing', () => {
    const result = compareCharts(chartOfFiles(files), chartOfFiles(files));
    expect(result).toMatchObject({ equal: true, breaking: [], files: [], cut: [] });
    expect(result).toMatchObject({ from: { name: 'web', version: '1.0.0' }, values: { compared: true, changed: [] } });
  });

  test('of different charts does not call them equal', () => {
    const other = chartOfFiles({ ...files, 'templates/a.yaml': 'b\n' });
    expect(compareCharts(chartOfFiles(files), other).equal).toBe(false);
  });

  test('names what breaks before what wants attention, in words', () => {
    const from = chartOfFiles(
      { 'values.yaml': 'tag: "1"\nlist: [a, b]\nport: 80\nold: 1\n' },
      { metadata: { version: '1.0.0' } },
    );
    const to = chartOfFiles(
      { 'values.yaml': 'tag: "2"\nlist: [a, c]\nport: "80"\n' },
      { metadata: { version: '2.0.0' } },
    );
    const { breaking, note } = compareCharts(from, to);
    expect(breaking.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      'breaking: old was removed: what you set there may be ignored',
      'breaking: port was a number and is a string: what you set there may not fit',
      'attention: 1.0.0 and 2.0.0 are different major versions, by which maintainers announce that something breaks',
      'attention: the default of tag was "1" and is "2": it changes unless you set it',
      'attention: the default of list, a list of 2, has other content: it changes unless you set it',
    ]);
    expect(note).toContain('no promise');
  });

  test('keeps its lists short, and says so', () => {
    const keys = (name: string): string => Array.from({ length: 1500 }, (_, index) => `${name}${index}: x\n`).join('');
    const result = compareCharts(
      chartOfFiles({ 'values.yaml': keys('a') }),
      chartOfFiles({ 'values.yaml': keys('b') }),
    );
    expect(result.values).toMatchObject({ added: { length: 500 }, removed: { length: 500 } });
    expect(result.breaking).toHaveLength(1000);
    expect(result.cut).toEqual([
      { part: 'breaking', message: 'the first 1000 of 1500 are shown' },
      { part: 'values.added', message: 'the first 500 of 1500 are shown' },
      { part: 'values.removed', message: 'the first 500 of 1500 are shown' },
    ]);
  });

  test('cuts what is long in a path and in a sentence', () => {
    const key = 'k'.repeat(1000);
    const from = chartOfFiles({}, { metadata: { kubeVersion: `>=1.0 ${'|| 1.x '.repeat(2000)}` } });
    const deep = (leaf: string): string =>
      Array.from({ length: 51 }, (_, level) => `${' '.repeat(level)}${level === 50 ? leaf : key}:\n`).join('');
    const result = compareCharts(
      { ...from, ...chartOfFiles({ 'values.yaml': deep('a') }), metadata: from.metadata },
      chartOfFiles({ 'values.yaml': deep('b') }, { metadata: { kubeVersion: '>=1.1' } }),
    );
    const paths = result.values.compared ? result.values.removed.map(({ path }) => path.length) : [];
    expect(paths).toEqual([1020]);
    const longest = Math.max(...result.breaking.map(({ message }) => message.length));
    expect(longest).toBe(2001);
  });

  test('of anything at all is JSON, and ends', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.jsonValue({ maxDepth: 5 }).map((value) => JSON.stringify(value)),
      fc
        .array(
          fc.constantFrom(
            'a: ',
            '- ',
            '&a ',
            '*a',
            '<<: ',
            '{',
            '}',
            '[',
            ']',
            '\n',
            ' ',
            '# ',
            '|',
            '"',
            '1',
            'b',
            ': ',
            '!x ',
          ),
          { maxLength: 80 },
        )
        .map((parts) => parts.join('')),
      fc.constantFrom(
        '{"$ref":"#"}',
        '{"properties":{"a":{"$ref":"#"}}}',
        '{"required":["__proto__"]}',
        'a: {__proto__: 1}',
      ),
    );
    const path = fc.constantFrom(
      'values.yaml',
      'values.schema.json',
      'crds/a.yaml',
      'crds/b.json',
      'templates/a',
      '__proto__',
    );
    const chart = fc.dictionary(path, text).map((contents) => chartOfFiles(contents));
    fc.assert(
      fc.property(chart, chart, (from, to) => {
        const result = compareCharts(from, to);
        expect(result).toEqual(compareCharts(from, to));
        expect(JSON.parse(JSON.stringify(result))).toMatchObject({ note: result.note });
      }),
      { numRuns: 200, seed: 5 },
    );
  });
});
