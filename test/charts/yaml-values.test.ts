// How YAML scalars become texts, with the expectations taken from Helm 4.2.4 itself.
import { describe, expect, test } from 'vitest';
import { parseChartYaml } from '../../src/charts/chart-yaml.ts';
import { readYaml } from '../../src/charts/yaml-values.ts';

function appVersion(scalar: string): string | undefined {
  return parseChartYaml(Buffer.from(`name: web\nversion: 1.2.3\nappVersion: ${scalar}\n`)).appVersion;
}

describe('YAML scalars', () => {
  test.each([
    ['1.10', '1.1'],
    ['1.0', '1'],
    ['"1.10"', '1.10'],
    ['yes', 'true'],
    ['Off', 'false'],
    ['tRUE', 'tRUE'],
    ['0x1F', '31'],
    ['010', '8'],
    ['08', '8'],
    ['0o17', '15'],
    ['-0b11', '-3'],
    ['1_000', '1000'],
    ['12e03', '12000'],
    ['1234567.0', '1.234567e+06'],
    ['1.23456789', '1.2345679'],
    ['0.00001', '1e-05'],
    ['-0.0', '-0'],
    ['18446744073709551615', '18446744073709551615'],
    ['18446744073709551616', '1.8446744e+19'],
    ['.5', '0.5'],
    ['.inf', '+Inf'],
    ['1e39', '+Inf'],
    ['.nan', 'NaN'],
    ['2024-01-01', '2024-01-01'],
    ['1:30', '1:30'],
    ['!!str 1.0', '1.0'],
    ['!!int "3"', '3'],
    ['!!binary aGk=', 'hi'],
    ['~', undefined],
    ['""', undefined],
  ])('the text field "%s" is read as %j', (scalar, text) => {
    expect(appVersion(scalar)).toBe(text);
  });

  test('only the first document counts', () => {
    expect(readYaml('---\na: b\n---\n{{{', 'x')).toEqual({ a: 'b' });
  });

  test('a merge overrides what stands before it, and of several maps the first wins', () => {
    expect(readYaml('a: own\n<<: {a: merged}\n', 'x')).toEqual({ a: 'merged' });
    expect(readYaml('<<: {a: merged}\na: own\n', 'x')).toEqual({ a: 'own' });
    expect(readYaml('<<: [{a: first}, {a: second}]\n', 'x')).toEqual({ a: 'first' });
  });

  test('an alias stands for what its anchor names', () => {
    expect(readYaml('a: &x [y]\nb: *x\n', 'x')).toEqual({ a: [true], b: [true] });
  });
});

describe('YAML that is refused', () => {
  const bomb = `a0: &a0 [x, x]\n${Array.from({ length: 40 }, (_, level) => `a${level + 1}: &a${level + 1} [*a${level}, *a${level}]\n`).join('')}`;
  test.each([
    ['an alias bomb', bomb, 'more than 100000 values'],
    ['an alias of itself', 'a: &a [*a]', 'nested deeper than 100 levels'],
    ['an alias without an anchor', 'a: *b', 'no anchor "&b"'],
    ['deep nesting', '['.repeat(9000), 'nested'],
    ['a flood of tags', '!a '.repeat(340_000), 'more than 20000'],
    ['a flood of keys', 'a:\n'.repeat(300_000), 'more than 20000'],
    ['a key that stands twice', 'a: 1\nb: 2\na: 3\n', 'the key "a" twice'],
    ['a key that is a list', '? [a]\n: b\n', 'keys must be texts'],
    ['a merge of no map', '<<: 3\n', 'merge key'],
    ['bad syntax', 'a: b: c\n', 'is not YAML'],
  ])('%s gets a clear answer', (_what, text, message) => {
    expect(() => readYaml(text, 'Chart.yaml')).toThrow(expect.objectContaining({ code: 'MANIFEST_INVALID' }));
    expect(() => readYaml(text, 'Chart.yaml')).toThrow(message);
  });
});
