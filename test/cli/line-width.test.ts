// How texts are fitted into lines and tables.
import { expect, test } from 'vitest';
import { columnsOf, labelled, lineWidth, shortened, wrapped } from '../../src/cli/line-width.ts';
import { table } from '../../src/cli/table.ts';

test('a line is as wide as the terminal, and 100 columns where there is none', () => {
  expect([lineWidth({ columns: 132 }), lineWidth({ columns: 20 }), lineWidth({})]).toEqual([132, 60, 100]);
});

test('signs that terminals show in two columns count as two, and what is written over others as none', () => {
  expect(['web', '図表', '한글', '🚀', 'e\u0301', 'ｗ'].map(columnsOf)).toEqual([3, 4, 4, 2, 1, 2]);
});

test('what is too long ends with a sign of it, and fits', () => {
  expect(shortened('nothing left out', 16)).toBe('nothing left out');
  expect(shortened('nothing left out', 15)).toBe('nothing left o…');
  expect(shortened('nothing left out', 9)).toBe('nothing…');
  expect(shortened('図表と図表', 7)).toBe('図表と…');
});

test('a paragraph is broken between words, and a long word stays whole', () => {
  expect(wrapped('one two\n  three oci://charts.example.com/team', 9)).toEqual([
    'one two',
    'three',
    'oci://charts.example.com/team',
  ]);
  expect(labelled('- ', 'as long as it takes to fill more lines than one', 32)).toEqual([
    '- as long as it takes to fill',
    '  more lines than one',
  ]);
});

test('a table cuts its last column where the line ends, but keeps its beginning', () => {
  const rows = [['web', 'a description that goes on and on']];
  expect(table(['CHART', 'DESCRIPTION'], rows, 33)).toEqual([
    'CHART  DESCRIPTION',
    'web    a description that goes o…',
  ]);
  expect(table(['CHART', 'DESCRIPTION'], rows, 10)).toEqual(['CHART  DESCRIPTION', 'web    a description that goes…']);
  expect(table(['CHART', 'DESCRIPTION'], rows)).toEqual(['CHART  DESCRIPTION', `web    ${rows[0]?.[1]}`]);
});

test('a cell is one line, whatever is in it, and columns stay below each other', () => {
  expect(
    table(
      ['A', 'B', 'C'],
      [
        ['図', 'x\ny\tz', ''],
        ['one', '-', 'c'],
      ],
    ),
  ).toEqual(['A    B      C', '図   x y z  -', 'one  -      c']);
});
