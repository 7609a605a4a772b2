// Files of two versions, and how their differences are shown.
import { applyPatch } from 'diff';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareCharts } from '../../../src/charts/compare/compare-charts.ts';
import { Effort } from '../../../src/charts/compare/effort.ts';
import { diffLines } from '../../../src/charts/compare/line-diff.ts';
import { chartOfFiles } from './chart-of-files.ts';

function numbered(count: number, prefix = 'line '): string {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}\n`).join('');
}

describe('files', () => {
  test('are listed when they differ, templates first', () => {
    const from = chartOfFiles({
      'README.md': 'a\n',
      'templates/b.yaml': 'b\n',
      'charts/x/Chart.yaml': 'x\n',
      same: 's\n',
    });
    const to = chartOfFiles({
      'README.md': 'b\n',
      'templates/a.yaml': 'a\n',
      'charts/x/Chart.yaml': 'y\n',
      same: 's\n',
    });
    const { files } = compareCharts(from, to);
    expect(files.map(({ path, kind, change }) => [path, kind, change])).toEqual([
      ['templates/a.yaml', 'template', 'added'],
      ['templates/b.yaml', 'template', 'removed'],
      ['README.md', 'readme', 'changed'],
      ['charts/x/Chart.yaml', 'subchart', 'changed'],
    ]);
    expect(files[2]).toEqual({
      ...{ change: 'changed', path: 'README.md', kind: 'readme', fromSize: 2, toSize: 2 },
      diff: { shown: true, text: '@@ -1,1 +1,1 @@\n-a\n+b', addedLines: 1, removedLines: 1, cutLines: 0 },
    });
  });

  test('that are no text differ by their size or their digest', () => {
    const withIcon = (size: number, digest: string): ReturnType<typeof chartOfFiles> =>
      chartOfFiles({}, { binaries: { 'icon.png': { size, digest } } });
    expect(compareCharts(withIcon(3, 'x'), withIcon(3, 'x')).files).toEqual([]);
    expect(compareCharts(withIcon(3, 'x'), withIcon(4, 'x')).files).toHaveLength(1);
    expect(compareCharts(withIcon(3, 'x'), withIcon(3, 'y')).files).toMatchObject([
      { diff: { shown: false, reason: 'it is no text in UTF-8' } },
    ]);
  });

  test('are cut, and what was cut is said', () => {
    const many = (text: string): ReturnType<typeof chartOfFiles> =>
      chartOfFiles(Object.fromEntries(Array.from({ length: 2100 }, (_, index) => [`templates/${index}`, `${text}\n`])));
    const { files, cut } = compareCharts(many('x'.repeat(350)), many('z'.repeat(350)));
    expect(files).toHaveLength(2000);
    expect(cut).toEqual([
      { part: 'files', message: 'the first 2000 of 2100 are shown' },
      { part: 'files', message: expect.stringMatching(/^the diffs of \d+ files are not shown$/) },
    ]);
    const shown = files.flatMap((file) => (file.change === 'changed' && file.diff.shown ? [file.diff.text] : []));
    expect(shown.join('').length).toBeGreaterThan(500_000);
    expect(shown.join('').length).toBeLessThan(530_000);
  });

  test('that are large have no diff, and say why', () => {
    const to = { lines: '\n'.repeat(100_001), long: 'x'.repeat(2 * 1024 * 1024 + 1) };
    const { files } = compareCharts(chartOfFiles({ lines: '', long: '' }), chartOfFiles(to));
    expect(files).toMatchObject([
      { path: 'lines', diff: { shown: false, reason: 'it has more than 100000 lines' } },
      { path: 'long', diff: { shown: false, reason: 'it has more than 2097152 characters' } },
    ]);
  });
});

describe('a diff by lines', () => {
  const diff = (from: string, to: string, effort = 1_000_000): string =>
    diffLines(from, to, new Effort(effort))?.text ?? 'none';

  test('has three lines around each change, and joins changes that are near', () => {
    const text = numbered(30);
    expect(diff(text, text.replace('line 9\n', '').replace('line 20\n', 'new\n'))).toBe(
      [
        ...['@@ -7,7 +7,6 @@', ' line 6', ' line 7', ' line 8', '-line 9', ' line 10', ' line 11', ' line 12'],
        ...[
          '@@ -18,7 +17,7 @@',
          ' line 17',
          ' line 18',
          ' line 19',
          '-line 20',
          '+new',
          ' line 21',
          ' line 22',
          ' line 23',
        ],
      ].join('\n'),
    );
    expect(diff(text, text.replace('line 9\n', '').replace('line 16\n', '')).match(/@@ /g)).toHaveLength(1);
    expect(diff(text, text.replace('line 9\n', '').replace('line 17\n', '')).match(/@@ /g)).toHaveLength(2);
  });

  test('tells a last line with a line break from one without', () => {
    expect(diff('a\nb\n', 'a\nb')).toBe('@@ -1,2 +1,2 @@\n a\n-b\n+b\n\\ No newline at end of file');
    expect(diff('', 'a\n')).toBe('@@ -0,0 +1,1 @@\n+a');
    expect(diff('a', '')).toBe('@@ -1,1 +0,0 @@\n-a\n\\ No newline at end of file');
  });

  test('finds what was repeated', () => {
    expect(diff('a\nb\n', 'a\nb\na\nb\n')).toBe('@@ -1,2 +1,4 @@\n a\n b\n+a\n+b');
    expect(diff('a\na\n', 'a\n')).toBe('@@ -1,2 +1,1 @@\n a\n-a');
  });

  test('turns the one text into the other', () => {
    const lines = fc.array(fc.constantFrom('a\n', 'b\n', 'c\n', '\n', 'd\r\n', '-x\n', '@@\n'), { maxLength: 60 });
    const text = fc.tuple(lines, fc.constantFrom('', 'end', '\\')).map(([all, end]) => `${all.join('')}${end}`);
    fc.assert(
      fc.property(text, text, fc.constantFrom(0, 50, 100_000), (from, to, effort) => {
        const patch = `--- a\n+++ a\n${diff(from, to, effort)}\n`;
        expect(from === to ? to : applyPatch(from, patch, { autoConvertLineEndings: false })).toBe(to);
      }),
      { numRuns: 500, seed: 5 },
    );
  });

  test('that would cost too much shows all between the first and the last change as replaced', () => {
    expect(diff('a\nb\nc\nd\n', 'a\nx\nc\nz\n', 8)).toBe('@@ -1,4 +1,4 @@\n a\n-b\n-c\n-d\n+x\n+c\n+z');
    expect(diff('a\nb\nc\nd\n', 'a\nx\nc\nz\n')).toBe('@@ -1,4 +1,4 @@\n a\n-b\n+x\n c\n-d\n+z');
    const effort = new Effort(1_000_000);
    const different = diffLines(numbered(5000, 'a'), numbered(5000, 'b'), effort);
    expect(different).toMatchObject({ addedLines: 5000, removedLines: 5000 });
    expect(effort.left).toBeLessThan(990_000);
  });

  test('shows 400 lines, each as far as one reads, and counts the others', () => {
    const result = diffLines('', `${'x'.repeat(1000)}\n${numbered(999)}`, new Effort(1_000_000));
    const [header, first, ...others] = result?.text.split('\n') ?? [];
    expect(header).toBe('@@ -0,0 +1,1000 @@');
    expect(first).toBe(`+${'x'.repeat(400)}…`);
    expect(others).toHaveLength(398);
    expect(result).toMatchObject({ addedLines: 1000, removedLines: 0, cutLines: 601 });
  });
});
