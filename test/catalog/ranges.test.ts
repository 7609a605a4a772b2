// Ranges as queries name them, with pre-releases or without.
import { describe, expect, test } from 'vitest';
import { rangeAdmits, readRange } from '../../src/catalog/ranges.ts';
import { parseChartVersion } from '../../src/charts/version.ts';

const VERSIONS = ['0.9.0', '1.0.0', '1.2.0-rc.1', '1.2.0', '1.4.0', '1.5.0-beta', '2.0.0-alpha', '2.0.0'];

function admitted(text: string, withPrereleases: boolean): readonly string[] {
  const range = readRange(text, withPrereleases);
  return VERSIONS.filter((version) => {
    const parsed = parseChartVersion(version);
    return parsed !== undefined && range.admits(parsed);
  });
}

describe('with pre-releases a range admits what lies in it, be it one or not', () => {
  test.each([
    ['^1', ['1.0.0', '1.2.0', '1.4.0'], ['1.0.0', '1.2.0-rc.1', '1.2.0', '1.4.0', '1.5.0-beta']],
    // A pre-release comes before its release, and so does not lie in what begins there.
    ['~1.2', ['1.2.0'], ['1.2.0']],
    ['*', ['0.9.0', '1.0.0', '1.2.0', '1.4.0', '2.0.0'], VERSIONS],
    ['1.0 - 1.4', ['1.0.0', '1.2.0', '1.4.0'], ['1.0.0', '1.2.0-rc.1', '1.2.0', '1.4.0']],
    ['~1.4 || ~0.9', ['0.9.0', '1.4.0'], ['0.9.0', '1.4.0']],
    ['>=1.4 <2 || ~0.9', ['0.9.0', '1.4.0'], ['0.9.0', '1.4.0', '1.5.0-beta', '2.0.0-alpha']],
    ['>1.4', ['2.0.0'], ['1.5.0-beta', '2.0.0-alpha', '2.0.0']],
    ['>=1.2.0-0 <1.4', ['1.2.0-rc.1', '1.2.0'], ['1.2.0-rc.1', '1.2.0']],
    ['!=1.2.0,<1.5', ['0.9.0', '1.0.0', '1.4.0'], ['0.9.0', '1.0.0', '1.2.0-rc.1', '1.4.0', '1.5.0-beta']],
  ])('%s', (text, without, including) => {
    expect(admitted(text, false)).toEqual(without);
    expect(admitted(text, true)).toEqual(including);
  });
});

test.each(['', ' ', 'latest', '^^1', '1.2.3.4', '>', '||', '1 ||', 'a'.repeat(1000), '\u0000'])(
  'what is no range is refused, with examples: %j',
  (text) => {
    expect(() => readRange(text)).toThrow(/is no range of versions: write it like/);
    expect(() => readRange(text, true)).toThrow(/is no range of versions/);
  },
);

test.each([
  ['^1', '1.5.0', true],
  ['^1', '2.0.0', false],
  ['^1', '1.5.0-rc.1', false],
  ['1.5.0-rc.1', '1.5.0-rc.1', true],
  ['latest', 'latest', true],
  ['latest', '1.0.0', false],
  ['^1', 'latest', false],
])('%s admits %s: %s', (range, version, expected) => {
  expect(rangeAdmits(range, version)).toBe(expected);
});
