// The reader of values against the one of Chart.yaml: both read YAML as Helm does.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Effort } from '../../../src/charts/compare/effort.ts';
import { readValues } from '../../../src/charts/compare/values-file.ts';
import { readYaml } from '../../../src/charts/yaml-values.ts';

/** Scalars of YAML 1.1 and 1.2 on which readers differ, and words that look like them. */
const SCALARS = [
  ...['1', '1.0', '010', '0o17', '0x1F', '0b11', '1_000', '12e03', '.5', '-0.0', '+1', '08', '1:30', '1e999'],
  ...['y', 'Y', 'yes', 'NO', 'On', 'off', 'true', 'False', '~', 'null', 'Null', 'nULL', 'nope', 'yesterday', 'tRUE'],
  ...['.inf', '-.Inf', '.nan', '12345678901234567890', '18446744073709551616', '2024-01-01', '---', '.', '-a', '+'],
  ...['!!str 1', '!!int "3"', '!!int "- x"', '!!binary aGk=', '!own 5', '"1"', "'yes'", '"a\\nb"', '""', '[1, yes]'],
  ...['{y: 1}', '|\n  1\n', '>\n  a\n  b\n', 'a\n  b', '&x 1', '{}', '[]'],
];

function asJson(text: string): unknown {
  const toJson = (_key: string, value: unknown): unknown => {
    if (typeof value === 'bigint') return Number(value);
    return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
  };
  return JSON.parse(JSON.stringify(readYaml(text, 'values.yaml'), toJson));
}

function asValues(text: string): unknown {
  return JSON.parse(JSON.stringify(readValues(text, new Effort(10_000)).values));
}

test.each(SCALARS)('the value %j means what it means in Chart.yaml', (scalar) => {
  const text = `a: ${scalar}\n`;
  expect(asValues(text)).toEqual(asJson(text));
});

test.each(SCALARS.filter((scalar) => !/[[{|>\n&]/.test(scalar) && !['~', 'null', 'Null'].includes(scalar)))(
  'the key %j is called what it is called in Chart.yaml',
  (scalar) => {
    const text = `? ${scalar}\n: 1\n`;
    expect(asValues(text)).toEqual(asJson(text));
  },
);

test('any data that was written as JSON is read as it was', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (data) => {
      const expected = JSON.parse(JSON.stringify(data)) as unknown;
      expect(readValues(JSON.stringify(data), new Effort(100_000)).values).toEqual(expected);
    }),
    { numRuns: 300, seed: 5 },
  );
});
