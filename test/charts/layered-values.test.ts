// Values of several charts looked at as one, as Helm 4.2.4 merges them.
import { describe, expect, test } from 'vitest';
import type { JsonMap, JsonValue } from '../../src/charts/compare/json-value.ts';
import { LayeredValues } from '../../src/charts/layered-values.ts';

function layered(...layers: readonly JsonMap[]): LayeredValues {
  return new LayeredValues(layers.map((values, index) => ({ values, file: `${index}.yaml`, path: '' })));
}

/** All of it, merged. */
function plain(value: ReturnType<LayeredValues['get']>): JsonValue | undefined {
  if (!(value instanceof LayeredValues)) return value;
  const entries = [...value.keys()].map((key) => [key, plain(value.get(key))] as const);
  return Object.fromEntries(entries.flatMap(([key, item]) => (item === undefined ? [] : [[key, item]])));
}

describe('of several layers', () => {
  const cases: readonly [string, readonly JsonMap[], JsonMap][] = [
    ['maps are merged', [{ a: { x: 1 } }, { a: { x: 2, y: 3 }, b: 4 }], { a: { x: 1, y: 3 }, b: 4 }],
    ['lists are replaced', [{ a: [1] }, { a: [2, 3] }], { a: [1] }],
    ['a value replaces a map', [{ a: 1 }, { a: { x: 1 } }], { a: 1 }],
    ['a map replaces a value', [{ a: { x: 1 } }, { a: 2 }], { a: { x: 1 } }],
    [
      'a null is nothing',
      [
        { a: null, b: { x: null }, c: null },
        { a: 1, b: { x: 1, y: 2 } },
      ],
      { a: 1, b: { x: 1, y: 2 } },
    ],
    ['a value hides maps below it from maps above it', [{ a: { x: 1 } }, { a: 2 }, { a: { y: 3 } }], { a: { x: 1 } }],
    [
      'what is empty or false counts',
      [
        { a: '', b: false, c: 0 },
        { a: 'x', b: true, c: 1 },
      ],
      { a: '', b: false, c: 0 },
    ],
  ];
  test.each(cases)('%s', (_what, layers, merged) => {
    expect(plain(layered(...layers))).toEqual(merged);
  });
});

test('a subchart sees its values below those around it, and global ones of all', () => {
  const outer = layered({ global: { a: 1 }, sub: { x: 1, global: { a: 2, b: 2 } } });
  const defaults = { values: { x: 3, y: 3, global: { a: 3, b: 3, c: 3 } }, file: 'sub.yaml', path: '' };
  expect(plain(outer.ofSubchart('sub', defaults))).toEqual({ x: 1, y: 3, global: { a: 1, b: 2, c: 3 } });
  expect(plain(outer.around('sub', defaults))).toEqual({ x: 1, y: 3, global: { a: 2, b: 2, c: 3 } });
  expect(plain(layered({ sub: 'no map', global: 5 }).ofSubchart('sub', defaults))).toEqual(defaults.values);
});

test('values say where they stand', () => {
  const values = layered({ a: { x: 1 } }, { a: { y: { z: 2 } } });
  expect(values.map('a')?.origin(['y'])).toEqual({ file: '1.yaml', path: 'a' });
  expect(values.map('a')?.map('y')?.origin(['z'])).toEqual({ file: '1.yaml', path: 'a.y' });
  expect(values.origin(['nope'])).toBeUndefined();
  const inner = layered({ global: { g: { v: 1 } } }).ofSubchart('sub', { values: {}, file: '', path: '' });
  expect(inner.map('global')?.map('g')?.origin(['v'])).toEqual({ file: '0.yaml', path: 'global.g' });
});

test('a path leads to a value, not through what is no map', () => {
  const values = layered({ a: { b: { c: true } }, d: [1], 'e.f': true });
  expect(values.at('a.b.c')).toBe(true);
  for (const path of ['', 'a.b.c.d', 'a.x.c', 'd.0', 'e.f', 'constructor', 'a.__proto__']) {
    expect(values.at(path)).toBeUndefined();
  }
});
