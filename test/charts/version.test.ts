// Chart versions, against the tables of Masterminds semver 3.5.0 (version_test.go), which Helm 3.21 and 4.2 use.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseChartVersion, tagOfVersion, versionOfTag } from '../../src/charts/version.ts';

const STRICT = [
  ...['1.2.3', '1.2.3+test.01', '1.2.3-alpha.-1', '1.2.0-x.Y.0+metadata', '1.2.0-x.Y.0+metadata-width-hypen'],
  ...['1.2.3-rc1-with-hypen', '1.2.3-0abc123', '1.2.2147483648', '1.2147483648.3', '2147483648.3.0'],
  ...['18446744073709551615.0.0', '0.0.0', '1.0.0--', '1.0.0-0', `1.0.0-${'a'.repeat(250)}`],
];
const LENIENT = [
  ...['v1.2.3', '1.0', 'v1.0', '1', 'v1', '1.2-5', 'v1.2-5', '1.2-beta.5', 'v1.2-beta.5', 'v1.2.0-x.Y.0+metadata'],
  ...[
    'v1.2.3-rc1-with-hypen',
    '20221209-update-renovatejson-v4',
    '01.1.1',
    '1.01.1',
    '1.1.01',
    '2024-01-01',
    'v1.15.0',
  ],
];
const REFUSED = [
  ...[
    '1.2.3-alpha.01',
    '1.2.beta',
    'v1.2.beta',
    'foo',
    '\n1.2',
    '\nv1.2',
    '1.2\n',
    '1.2.3-beta.01',
    '1.2.3.4',
    'v1.2.3.4',
  ],
  ...['12.3.4.1234', '1.1.2+.123', '1.0.0-alpha_beta', '1.0.0-alpha..', '1.0.0-alpha..1', '9.8.7+meta+meta'],
  ...['1.2.31----RC-SNAPSHOT.12.09.1--.12+788', '1.2.3-0123', '1.2.3-0123.0123', '+invalid', '-invalid', 'alpha+beta'],
  ...[
    '',
    'v',
    'V1.0.0',
    ' 1.0.0',
    '1..0',
    '1.0.0-',
    '1.0.0+',
    '18446744073709551616.0.0',
    'banana',
    'latest',
    '１.０.０',
  ],
  `1.0.0-${'a'.repeat(251)}`,
];

describe('chart versions', () => {
  test.each(STRICT)('%j is strict SemVer', (text) => {
    expect(parseChartVersion(text)).toMatchObject({ text, strict: true, strictForm: text });
  });

  test.each(LENIENT)('%j is accepted, but is not strict', (text) => {
    expect(parseChartVersion(text)).toMatchObject({ text, strict: false });
  });

  test.each(REFUSED)('%j is not a version', (text) => {
    expect(parseChartVersion(text)).toBeUndefined();
  });

  test('a lenient version names the strict one that Helm orders it as', () => {
    expect(parseChartVersion('v1.15')?.strictForm).toBe('1.15.0');
    expect(parseChartVersion('01.2-rc.1+b')?.strictForm).toBe('1.2.0-rc.1+b');
    expect(parseChartVersion(parseChartVersion('v07')?.strictForm ?? '')?.strict).toBe(true);
  });

  test('a pre-release is told from a build', () => {
    expect(parseChartVersion('1.0.0-rc.1+7')?.prerelease).toBe(true);
    expect(parseChartVersion('1.0.0+rc-1')?.prerelease).toBe(false);
  });

  test('a version is told apart into its numbers and identifiers', () => {
    expect(parseChartVersion('v1.02-rc.1.x-y+7.b')).toMatchObject({
      numbers: [1n, 2n, 0n],
      prereleaseIdentifiers: ['rc', '1', 'x-y'],
      buildIdentifiers: ['7', 'b'],
    });
    expect(parseChartVersion('1.2.3')).toMatchObject({ prereleaseIdentifiers: [], buildIdentifiers: [] });
  });

  test('a version survives the way into a tag and back', () => {
    expect(tagOfVersion('1.2.3-rc.1+build.4')).toBe('1.2.3-rc.1_build.4');
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123.-+abv') }), (text) => {
        fc.pre(parseChartVersion(text) !== undefined);
        expect(versionOfTag(tagOfVersion(text))).toBe(text);
      }),
    );
  });
});
