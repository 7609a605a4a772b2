// YAML in block style, as it is read by the two versions of YAML.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { jsonText, yamlFields, yamlItem, yamlText } from '../../src/classic/block-yaml.ts';

function readings(text: string): readonly unknown[] {
  const options = { strict: true, uniqueKeys: true, maxAliasCount: 0 } as const;
  return [parse(text, { ...options, version: '1.1' }), parse(text, { ...options, version: '1.2' })];
}

const ODD_CHARACTERS = '\\`\n\t\u0000\u007f\u0085\u2028\ufeff\uffff';
const text = fc.oneof(
  fc.string({ unit: 'binary' }).filter((value) => value.isWellFormed()),
  fc.string({ unit: fc.constantFrom(...`aeny01.:#-?/"' &*!|>%@{}[],=~<${ODD_CHARACTERS}`) }),
  fc.constantFrom(
    'y',
    'No',
    'TRUE',
    'null',
    '~',
    '',
    '0x1f',
    'e1',
    'E-12',
    '1e3',
    '.inf',
    '2026-01-01',
    '<<',
    '---',
    '12:30:45',
    '- a',
    'a: b',
  ),
);
const scalar = fc.oneof(
  text,
  fc.boolean(),
  fc.constant(null),
  fc.integer(),
  fc.double({ noDefaultInfinity: true, noNaN: true, noInteger: true, min: -1e9, max: 1e9 }),
);
// Objects in a test must not get a prototype from a key.
const key = text.filter((name) => name !== '__proto__' && name !== '<<');
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const fields = fc.dictionary(key, value, { minKeys: 1, maxKeys: 5, noNullPrototype: true });

test('maps are read as they were written', () => {
  fc.assert(
    fc.property(fields, (map) => {
      for (const reading of readings(yamlFields(map, ''))) expect(reading).toEqual(map);
    }),
    { numRuns: 1_000 },
  );
});

test('an item goes on behind its dash, whatever it is', () => {
  fc.assert(
    fc.property(value, value, (one, other) => {
      for (const reading of readings(yamlItem(one, '  ') + yamlItem(other, '  ')))
        expect(reading).toEqual([one, other]);
    }),
  );
});

test('a chart is written as a person would write it', () => {
  const chart = {
    name: 'web',
    version: '1.2.0',
    maintainers: [{ name: 'ann', email: 'ann@example.com' }, { name: 'no' }],
    keywords: [],
    urls: ['charts/web-1.2.0.tgz'],
    deprecated: true,
  };
  expect(yamlItem(chart, '  ')).toBe(
    [
      '  - name: web',
      '    version: "1.2.0"',
      '    maintainers:',
      '      - name: ann',
      '        email: "ann@example.com"',
      '      - name: "no"',
      '    keywords: []',
      '    urls:',
      '      - charts/web-1.2.0.tgz',
      '    deprecated: true',
      '',
    ].join('\n'),
  );
});

test('JSON has no character that YAML does not let through', () => {
  const text = '"\\u0000\\u007f\\u0085\\u2028\\ufeff\\uffff 😀 é"';
  const odd: string = JSON.parse(text);
  expect(jsonText({ [odd]: odd })).toBe(`{${text}:${text}}`);
  expect(yamlText(odd)).toBe(text);
});

test('half of a character becomes the character that stands for unknown ones', () => {
  expect(jsonText(['\ud83d', '\ude00', '\\ud83d', '\\\ud83d', '😀'])).toBe(
    String.raw`["\ufffd","\ufffd","\\ud83d","\\\ufffd","😀"]`,
  );
});
