// values.yaml as Helm 4 reads it. The expectations were taken from Helm 4.2.4 itself.
import { describe, expect, test } from 'vitest';
import { plainValues } from '../../src/charts/plain-values.ts';

/** Aliases that stand for some 100,000 values. */
const BOMB = `a0: &a0 {x: y}\n${Array.from({ length: 13 }, (_, level) => `a${level + 1}: &a${level + 1} {l: *a${level}, r: *a${level}}\n`).join('')}`;

describe('values', () => {
  test.each([
    ['', {}],
    ['# nothing\n', {}],
    ['---\n---\na: 1\n---\n---\n', { a: 1 }],
    ['a: 1\n---\nb: 2\n---\na: {x: 1}\n', { a: { x: 1 }, b: 2 }],
    ['a: {x: {v: 1}, z: 1}\n---\na: {x: {w: 2}}\n---\na: {z: null}\n', { a: { x: { v: 1, w: 2 }, z: null } }],
    ['a: {x: 1}\n---\na: 1\n---\na: {z: 1}\n', { a: { z: 1 } }],
    ['a: 1.10\nb: 0x10\nc: yes\nd: 2020-01-01\n', { a: 1.1, b: 16, c: true, d: '2020-01-01' }],
    ['a: 123456789012345678\n', { a: 123456789012345680 }],
    ['a: 1\na: 2\n', { a: 2 }],
    ['y: 1\n1.5: z\n', { true: 1, '1.5': 'z' }],
    ['a: !!binary aGk=\n', { a: 'hi' }],
    ['\ufeffa: 1\n', { a: 1 }],
    ['{"a": [null, "b"]}', { a: [null, 'b'] }],
  ])('of %j are %j', (text, values) => {
    expect(plainValues(text)).toEqual({ readable: true, content: values });
  });

  test('may have keys that only objects know', () => {
    const read = plainValues('__proto__: {x: 1}\nconstructor: 2\n');
    expect(JSON.stringify(read)).toBe('{"readable":true,"content":{"__proto__":{"x":1},"constructor":2}}');
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});

test.each([
  ['a\n', 'values.yaml cannot be read: it is not a map of values'],
  ['a: b: c\n', 'values.yaml cannot be read: it is not YAML'],
  ['? [a]\n: b\n', 'keys must be texts'],
  ['!a '.repeat(340_000), 'has more than 150000'],
  ['\n'.repeat(1_000_000), 'has more than 200000 lines'],
  [`${BOMB}---\n`.repeat(100), 'comes after more YAML than is looked through'],
  [`${BOMB}b: {l: *a13, r: *a13}\n`, 'stands for more than 200000 values'],
  ['['.repeat(9000), 'nested too deeply'],
])('values that cannot be read have a reason: %#', (text, reason) => {
  expect(plainValues(text)).toEqual({ readable: false, reason: expect.stringContaining(reason) });
});

test('a reason begins with the file', () => {
  expect(plainValues('a', 'charts/a/values.yaml')).toEqual({
    readable: false,
    reason: 'charts/a/values.yaml cannot be read: it is not a map of values',
  });
});
