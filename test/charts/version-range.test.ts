// Ranges of versions; every line of the tables is what Masterminds semver 3.5.0 answers, which Helm 3.21 and 4.2 use.
import { expect, test } from 'vitest';
import { type ChartVersion, parseChartVersion } from '../../src/charts/version.ts';
import { parseVersionRange } from '../../src/charts/version-range.ts';

/** range, versions that it admits, versions that it does not */
const RANGES: readonly (readonly [string, string, string])[] = [
  ['*', '0.0.0 1.2.3 99.0.0 v1.2 1.0.0+b', '1.0.0-rc.1 0.0.0-0'],
  ['x', '0.0.0 7.0.0', '7.0.0-0'],
  ['>0.0.0-0', '0.0.0-1 0.0.0 1.0.0-rc.1 1.2.3', '0.0.0-0'],
  ['>=0', '0.0.0 1.2.3', '1.0.0-rc.1'],
  ['1.2.3', '1.2.3 v1.2.3 1.2.3+b', '1.2.4 1.2.3-rc.1'],
  ['1.2.3-rc.0', '1.2.3-rc.0', '1.2.3-rc.1 1.2.3'],
  ['=1.2.3-rc.1', '1.2.3-rc.1 1.2.3-rc.1+b', '1.2.3 1.2.3-rc.10'],
  ['v1', '1.0.0 1.9.9', '2.0.0 0.9.0'],
  ['1.2', '1.2.0 1.2.9', '1.3.0 1.1.9'],
  ['1.X', '1.0.0 1.9.0', '2.0.0'],
  ['1.x.9', '1.0.0 1.9.0', '2.0.0'],
  ['!=1.2.3', '1.2.4 0.0.1', '1.2.3 1.2.3+b 1.2.4-rc.1'],
  ['!=1', '0.9.0 2.0.0', '1.0.0 1.9.9'],
  ['!=1.2', '1.1.0 2.2.0', '1.2.0 1.2.9'],
  ['!=1.2.x-rc', '1.2.0-a 1.2.0 1.3.0', '1.2.9-rc'],
  ['!=1.2.x-rc.1', '1.2.0-rc.2 1.2.0-rc', '1.2.9-rc.1'],
  ['!=*', '1.0.0 0.1.0 0.0.1', '0.0.0'],
  ['>1.2.3', '1.2.4 2.0.0', '1.2.3 1.2.3+b 1.2.4-rc.1'],
  ['>11', '12.0.0', '11.0.0 11.9.9 10.0.0'],
  ['>11.1', '11.2.0 12.0.0', '11.1.9 10.2.0'],
  ['>*', '0.0.1 1.0.0', '0.0.0'],
  ['<1.2.3', '1.2.2 0.0.0', '1.2.3 1.2.3-rc.1'],
  ['<1.2', '1.1.9', '1.2.0 1.2.1'],
  ['>=1.2.3-beta', '1.2.3-beta 1.2.3-rc 1.2.3 2.0.0-0', '1.2.3-alpha 1.2.3-1'],
  ['=>1.2', '1.2.0 2.0.0', '1.1.9'],
  ['<=1.2.3', '1.2.3 1.2.3+b 0.1.0', '1.2.4'],
  ['<=11', '11.0.0 11.9.9', '12.0.0'],
  ['=<11.1', '11.1.9 10.9.9', '11.2.0'],
  ['<=*', '0.0.0 0.0.9', '0.1.0 1.0.0'],
  ['~1.2.3', '1.2.3 1.2.9', '1.2.2 1.3.0'],
  ['~1.2.0', '1.2.0 1.2.9', '1.3.0 2.0.0'],
  ['~> 1', '1.0.0 1.9.0', '2.0.0 0.9.0'],
  ['~0.0.0', '0.0.0 1.2.3', '1.0.0-0'],
  ['~0.0.0-0', '0.0.0-0 0.0.0 5.0.0-rc', ''],
  ['~0.0', '0.0.0 0.0.9', '0.1.0 1.0.0'],
  ['~0', '0.0.0 0.9.0', '1.0.0'],
  ['~1.2.3-beta', '1.2.3-beta 1.2.4-alpha 1.2.9', '1.2.3-alpha 1.3.0-alpha'],
  ['^1.2.3', '1.2.3 1.9.0', '1.2.2 2.0.0 1.9.0-rc.1'],
  ['^1.2.3-0', '1.2.3-0 1.9.0-rc.1 1.9.0', '2.0.0-0 2.0.0'],
  ['^1', '1.0.0 1.9.9', '2.0.0 1.0.0-rc.1'],
  ['^0.2.3', '0.2.3 0.2.9', '0.3.0 0.2.2 1.0.0'],
  ['^0.2', '0.2.0 0.2.9', '0.3.0'],
  ['^0.0.3', '0.0.3', '0.0.4 0.0.2 0.1.3'],
  ['^0.0', '0.0.0 0.0.9', '0.1.0'],
  ['^0', '0.0.0 0.9.9', '1.0.0'],
  ['^*', '0.0.0', '0.0.1 0.1.0 1.0.0'],
  ['>=1 <2', '1.0.0 1.9.9', '2.0.0 0.9.9'],
  ['>=1.0.0,<2.0.0', '1.0.0', '2.0.0'],
  [' >= 1.0 , < 2 ', '1.0.0', '2.0.0'],
  ['>=1.0.0-0 <2', '1.0.0-rc.1 1.5.0-rc.1 1.5.0 2.0.0-rc.1', '2.0.0'],
  ['1.x || 3.x', '1.5.0 3.0.0', '2.0.0'],
  ['^1.0.0-0||^3', '1.5.0-rc.1 3.5.0', '3.5.0-rc.1'],
  ['1.2 - 3', '1.2.0 3.9.9', '1.1.9 4.0.0'],
  ['1.2.3 - 1.5.0', '1.2.3 1.5.0', '1.2.2 1.5.1'],
  ['1 - 2 || 5 - 6', '1.0.0 2.9.0 5.0.0 6.1.0', '3.0.0 7.0.0'],
  ['01.2', '1.2.0', '1.3.0'],
  ['>=18446744073709551615', '18446744073709551615.0.0', '18446744073709551614.0.0'],
  ['>1.0.0-9', '1.0.0-10 1.0.0-a', '1.0.0-9 1.0.0-1'],
];

const REFUSED = [
  ...[
    '',
    ' ',
    '||',
    '1||',
    '||1',
    ',1',
    '1,',
    '1,,2',
    '1;2',
    'latest',
    'stable',
    '>=',
    '> =1',
    '>=>1',
    '==1',
    '!1',
    '-1',
  ],
  ...[
    '1.2.3.4',
    '1.',
    '.1',
    '1.2.',
    '1-',
    '1-rc..1',
    '1.0.0-rc.01',
    '1+',
    '1 - 2 - 3',
    '1 - 2||5 - 6',
    '>=1 - 2',
    '1 -2',
    '1|2',
    '1.xx',
  ],
  ...['18446744073709551616', '１', '1\v2', '1\u00a02', 'V1', '1.0.0-é', '^1.0.0 and ^2'],
  ...[`${'1 '.repeat(256)}1`, Array.from({ length: 33 }, () => '1').join('||'), `1.0.0-${'a'.repeat(251)}`],
];

test.each(RANGES)('%j admits %s but not %s', (range, admitted, refused) => {
  const { admits } = bound(range);
  expect(versions(admitted).filter((version) => !admits(version))).toEqual([]);
  expect(versions(refused).filter((version) => admits(version))).toEqual([]);
});

test.each(REFUSED)('%j is not a range', (text) => {
  expect(parseVersionRange(text)).toBeUndefined();
});

test('the longest text and the most groups that Helm takes are taken', () => {
  expect(parseVersionRange('1 '.repeat(256))?.text).toBe('1 '.repeat(256));
  expect(parseVersionRange(Array.from({ length: 32 }, () => '1').join('||'))).toBeDefined();
  expect(parseVersionRange(`^1.0.0-${'a'.repeat(250)}`)).toBeDefined();
});

test.each([
  '1   '.repeat(127),
  `1${' '.repeat(510)}`,
  '1 - 2 '.repeat(85),
  `1-${'a.'.repeat(250)}a`,
  '1 ,'.repeat(170),
])('a text that is no range only at its end is refused without trying all ways to read it: %j', (text) => {
  expect(parseVersionRange(`${text}!`.slice(-512))).toBeUndefined();
});

function bound(text: string): { readonly admits: (version: ChartVersion) => boolean } {
  const range = parseVersionRange(text);
  if (range === undefined) throw new Error(`"${text}" should be a range`);
  return { admits: (version) => range.admits(version) };
}

function versions(texts: string): readonly ChartVersion[] {
  return texts.split(' ').flatMap((text) => (text === '' ? [] : [version(text)]));
}

function version(text: string): ChartVersion {
  const result = parseChartVersion(text);
  if (result === undefined) throw new Error(`"${text}" should be a version`);
  return result;
}
