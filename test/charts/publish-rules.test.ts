// Where a chart may be published, and which tags a pattern covers.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChartMetadata } from '../../src/charts/chart-yaml.ts';
import {
  matchesPatterns,
  repositoryWithoutRepeatedName,
  requireMatchingRepository,
  requireMatchingTag,
} from '../../src/charts/publish-rules.ts';
import type { RegistryAddress } from '../../src/oci/registry-address.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { parseTag } from '../../src/oci/tag.ts';

const WEB: ChartMetadata = { apiVersion: 'v2', name: 'web', version: '1.2.0+b.1' };
const ADDRESS: RegistryAddress = { host: 'charts.example', isPlainHttp: false };

describe('the repository of a chart', () => {
  test('ends in its name', () => {
    for (const name of ['web', 'team/web']) requireMatchingRepository(parseRepositoryName(name), WEB, ADDRESS);
  });

  test.each([
    ['team/charts', 'helm push web-1.2.0+b.1.tgz oci://charts.example/team'],
    ['web/site', 'helm push web-1.2.0+b.1.tgz oci://charts.example/web'],
    ['site', 'helm push web-1.2.0+b.1.tgz oci://charts.example/'],
  ])('is not %s, and the refusal says how to push', (name, command) => {
    const push = () => requireMatchingRepository(parseRepositoryName(name), WEB, ADDRESS);
    expect(push).toThrow(expect.objectContaining({ code: 'WRONG_REPOSITORY' }));
    expect(push).toThrow(`repository "${name}" ends in`);
    expect(push).toThrow(`the chart is called "web": run "${command}"`);
  });

  test('that has the name twice was probably meant to have it once', () => {
    expect(repositoryWithoutRepeatedName(parseRepositoryName('team/web/web'), WEB)).toBe('team/web');
    expect(repositoryWithoutRepeatedName(parseRepositoryName('web/web'), WEB)).toBe('web');
    for (const name of ['web', 'team/web', 'web/team/web', 'team/db/db']) {
      expect(repositoryWithoutRepeatedName(parseRepositoryName(name), WEB)).toBeUndefined();
    }
  });
});

describe('the tag of a chart', () => {
  test('is its version with "_" for "+"', () => {
    requireMatchingTag(parseTag('1.2.0_b.1'), WEB);
  });

  test.each(['latest', '1.2.0', 'v1.2.0_b.1', '1.2'])('is not %s', (tag) => {
    const push = () => requireMatchingTag(parseTag(tag), WEB);
    expect(push).toThrow(expect.objectContaining({ code: 'TAG_INVALID' }));
    expect(push).toThrow(
      `tag "${tag}" is not the version of this chart: Chart.yaml says web 1.2.0+b.1, so its tag is "1.2.0_b.1"`,
    );
  });
});

describe('tag patterns', () => {
  test('have "*" for any characters and "?" for one', () => {
    expect(matchesPatterns('1.2.0-dev.7', ['*-dev.*'])).toBe(true);
    expect(matchesPatterns('1.2.0', ['1.?.0'])).toBe(true);
    expect(matchesPatterns('1.12.0', ['1.?.0'])).toBe(false);
    expect(matchesPatterns('1x2', ['1.2'])).toBe(false);
    expect(matchesPatterns('anything', [])).toBe(false);
  });

  test('let the last one that fits decide', () => {
    expect(matchesPatterns('1.0.0', ['*', '!1.*'])).toBe(false);
    expect(matchesPatterns('2.0.0', ['*', '!1.*'])).toBe(true);
    expect(matchesPatterns('1.0.0', ['*', '!1.*', '1.0.0'])).toBe(true);
    expect(matchesPatterns('2.0.0', ['!1.*'])).toBe(false);
  });

  test('fit exactly what the same regular expression fits', () => {
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 8 });
    const tag = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 12 });
    fc.assert(
      fc.property(tag, glob, (text, pattern) => {
        const oracle = new RegExp(`^${pattern.replaceAll('.', '\\.').replace(/\*+/g, '.*').replaceAll('?', '.')}$`);
        expect(matchesPatterns(text, [pattern])).toBe(oracle.test(text));
      }),
      { numRuns: 2000 },
    );
  });

  test('end on patterns that would keep a regular expression busy for ever', () => {
    expect(matchesPatterns('a'.repeat(128), [`${'*a'.repeat(60)}*b`])).toBe(false);
  });
});
