// values.schema.json of two versions: which changes admit less, and which of them may break an installation.
import { describe, expect, test } from 'vitest';
import { type ChartComparison, compareCharts } from '../../../src/charts/compare/compare-charts.ts';
import type { SchemaComparison } from '../../../src/charts/compare/compare-schemas.ts';
import { chartOfFiles } from './chart-of-files.ts';

/** JSON or the text of a file; undefined for none */
type Schema = object | boolean | string | undefined;

function comparison(from: Schema, to: Schema, values = ''): ChartComparison {
  const [older, newer] = [from, to].map((schema) => {
    const text = typeof schema === 'string' ? schema : JSON.stringify(schema);
    return chartOfFiles({ 'values.yaml': values, ...(schema === undefined ? {} : { 'values.schema.json': text }) });
  });
  if (!older || !newer) throw new Error('there are two');
  return compareCharts(older, newer);
}

function changes(from: Schema, to: Schema): readonly string[] {
  const { schema } = comparison(from, to);
  if (!schema.compared) throw new Error(schema.reason);
  return schema.changes.map(({ path, keyword, effect }) => `${path}: ${keyword} ${effect}`);
}

function property(name: string, schema: object): object {
  return { properties: { [name]: schema } };
}

/** The severities of what may break, by kind and path. */
function risks(from: Schema, to: Schema, values = ''): readonly string[] {
  return comparison(from, to, values).breaking.map(({ kind, severity, path }) => `${severity} ${kind} ${path}`);
}

describe('a keyword', () => {
  test.each([
    [{ type: 'string' }, { type: 'number' }, 'type changed'],
    [{ type: 'number' }, { type: 'integer' }, 'type tightened'],
    [{ type: 'integer' }, { type: 'number' }, 'type loosened'],
    [{ type: ['string', 'null'] }, { type: 'string' }, 'type tightened'],
    [{ type: 'string' }, { type: ['null', 'string'] }, 'type loosened'],
    [{}, { type: 'string' }, 'type tightened'],
    [{ type: 'string', nullable: true }, { type: 'string' }, 'type tightened'],
    [{ 'x-kubernetes-int-or-string': true }, { type: 'integer' }, 'type tightened'],
    [{ enum: ['a', 'b'] }, { enum: ['a'] }, 'enum tightened'],
    [{ enum: ['a'] }, { enum: ['b', 'a'] }, 'enum loosened'],
    [{ enum: ['a', 'b'] }, { enum: ['a', 'c'] }, 'enum changed'],
    [{ enum: [{ a: 1, b: 2 }, 1] }, { const: 1 }, 'enum tightened'],
    [{ minimum: 1 }, { minimum: 2 }, 'minimum tightened'],
    [{ minimum: 2 }, { minimum: 1 }, 'minimum loosened'],
    [{ minimum: 2 }, {}, 'minimum loosened'],
    [{}, { maximum: 2 }, 'maximum tightened'],
    [{ maximum: 2 }, { maximum: 1 }, 'maximum tightened'],
    [{ maxLength: 1 }, { maxLength: 2 }, 'maxLength loosened'],
    [{ exclusiveMinimum: false }, { exclusiveMinimum: true }, 'exclusiveMinimum tightened'],
    [{ exclusiveMinimum: 1 }, { exclusiveMinimum: 2 }, 'exclusiveMinimum tightened'],
    [{}, { pattern: '^a' }, 'pattern tightened'],
    [{ pattern: '^a' }, { pattern: '^b' }, 'pattern changed'],
    [{ pattern: '^a' }, {}, 'pattern loosened'],
    [{ uniqueItems: false }, { uniqueItems: true }, 'uniqueItems tightened'],
    [{ anyOf: [{ type: 'string' }] }, { anyOf: [{ type: 'number' }] }, 'anyOf changed'],
    [{ additionalProperties: {} }, { additionalProperties: false }, 'additionalProperties tightened'],
    [{ additionalProperties: false }, {}, 'additionalProperties loosened'],
    [{ additionalProperties: true }, { additionalProperties: { type: 'string' } }, 'additionalProperties tightened'],
    [{ items: [{ type: 'string' }] }, { items: [{ type: 'number' }] }, 'items changed'],
    [{ 'x-kubernetes-preserve-unknown-fields': true }, {}, 'x-kubernetes-preserve-unknown-fields tightened'],
  ])('%j → %j is: %s', (from, to, change) => {
    expect(changes(property('a', from), property('a', to)).map((text) => text.replace(/^a(\[\])?: /, ''))).toEqual([
      change,
    ]);
  });

  test.each([
    [{ type: ['a', 'b'] }, { type: ['b', 'a'] }],
    [{ type: 'string' }, { type: ['string'] }],
    [{ 'x-kubernetes-int-or-string': true }, { type: ['string', 'integer'] }],
    [{ enum: ['a'] }, { const: 'a' }],
    [{ description: 'x', default: 1, title: 'x', examples: [1] }, {}],
    [{ additionalProperties: true }, {}],
    [{ additionalProperties: {} }, {}],
    [{ items: {}, required: [], allOf: [], patternProperties: {} }, {}],
    [{ exclusiveMaximum: false, uniqueItems: false }, {}],
    [true, {}],
    [false, { not: {} }],
  ])('%j and %j mean the same', (from, to) => {
    expect(changes(property('a', from as object), property('a', to))).toEqual([]);
  });
});

describe('places', () => {
  test('of properties, items and other keys have the path of the value', () => {
    const schema = (type: string): object =>
      property('a.b', {
        ...property('c', { items: { items: { type } } }),
        additionalProperties: { type },
      });
    expect(changes(schema('string'), schema('number'))).toEqual(['"a.b".c[][]: type changed', '"a.b".*: type changed']);
  });

  test('of properties that come and go are named', () => {
    expect(changes(property('a', {}), property('b', { type: 'string' }))).toEqual([
      'a: properties removed',
      'b: properties added',
    ]);
  });

  test('are named by their own keys only', () => {
    expect(changes({ properties: {} }, { properties: { constructor: {} }, required: ['toString'] })).toEqual([
      'constructor: properties added',
      'toString: required tightened',
    ]);
  });
});

test('what is required in both is no change', () => {
  expect(changes({ required: ['a', 'b'] }, { required: ['c', 'a'] })).toEqual([
    'c: required tightened',
    'b: required loosened',
  ]);
});

describe('references', () => {
  const referring = (definition: object): object => ({
    definitions: { 'a/b c': definition },
    properties: { one: { $ref: '#/definitions/a~1b%20c', description: 'x' }, two: { $ref: '#/definitions/a~1b%20c' } },
  });

  test('within the document are followed, wherever they stand', () => {
    expect(changes(referring({ type: 'string' }), referring({ type: 'number' }))).toEqual([
      'one: type changed',
      'two: type changed',
    ]);
    expect(
      changes(referring({ type: 'string' }), { properties: { one: { type: 'string' }, two: { type: 'string' } } }),
    ).toEqual([]);
  });

  test('have what stands beside them added', () => {
    const beside = (extra: object): object => ({
      $defs: { a: { minimum: 1 } },
      ...property('x', { $ref: '#/$defs/a', ...extra }),
    });
    expect(changes(beside({}), beside({ maximum: 5 }))).toEqual(['x: maximum tightened']);
    expect(changes(beside({ maximum: 5 }), property('x', { minimum: 1, maximum: 5 }))).toEqual([]);
  });

  test('to elsewhere are compared as they are', () => {
    const elsewhere = (url: string): object => property('x', { $ref: url });
    expect(changes(elsewhere('https://example.org/a.json'), elsewhere('https://example.org/b.json'))).toEqual([
      'x: $ref changed',
    ]);
    expect(changes(elsewhere('#/nowhere'), elsewhere('#/nowhere'))).toEqual([]);
  });

  test('that lead in circles end', () => {
    const tree = (type: string): object => ({
      type: 'object',
      properties: { children: { items: { $ref: '#' } }, name: { type }, self: { $ref: '#/properties/self' } },
    });
    expect(changes(tree('string'), tree('number'))).toEqual(['name: type changed']);
    const chain = (type: string): object => ({
      $defs: { a: { $ref: '#/$defs/b', title: 'x' }, b: { $ref: '#/$defs/a', minimum: 1 } },
      properties: { x: { $ref: '#/$defs/a' }, name: { type } },
    });
    expect(changes(chain('string'), chain('number'))).toEqual(['name: type changed']);
  });

  test('that lead deeper than any value are given up', () => {
    const chain = (bound: number): object => ({
      $ref: '#/$defs/0',
      $defs: Array.from({ length: 20_000 }, (_, index) => property('a', { $ref: `#/$defs/${index + 1}` })).concat({
        minimum: bound,
      }),
    });
    expect(comparison(chain(1), chain(2)).schema).toMatchObject({ compared: true, changes: [] });
  });

  test('that multiply without end are given up, and that is said', () => {
    const names = Array.from({ length: 40 }, (_, index) => `d${index}`);
    const multiplying = (bound: number): object => ({
      $ref: '#/$defs/d0',
      $defs: Object.fromEntries(
        names.map((name) => [
          name,
          {
            minimum: bound,
            properties: Object.fromEntries(names.map((other) => [other, { $ref: `#/$defs/${other}` }])),
          },
        ]),
      ),
    });
    const { schema, cut } = comparison(multiplying(1), multiplying(2));
    expect(schema).toMatchObject({ compared: true, changes: { length: 500 } });
    expect(cut).toContainEqual({ part: 'schema.changes', message: 'the schemas have more places than were compared' });
    expect(comparison(multiplying(1), `${JSON.stringify(multiplying(1))}\n`).cut).toEqual([]);
  });
});

describe('what may break', () => {
  test('is a tightened schema, not a loosened one', () => {
    expect(risks(property('a', {}), property('a', { minimum: 1 }))).toEqual(['breaking schema-tightened a']);
    expect(risks(property('a', { minimum: 1 }), property('a', {}))).toEqual([]);
    expect(risks(property('a', {}), { properties: { a: {}, b: { minimum: 1 } } })).toEqual([]);
  });

  test('is a property that went where unknown ones are refused', () => {
    const open = { properties: { a: {}, b: {} } };
    expect(risks(open, property('a', {}))).toEqual([]);
    expect(
      risks({ ...open, additionalProperties: false }, { ...property('a', {}), additionalProperties: false }),
    ).toEqual(['breaking schema-tightened b']);
    expect(risks(open, { ...open, additionalProperties: false })).toEqual(['breaking schema-tightened ']);
  });

  test('is what nobody can compare, or hardly anybody has done otherwise, only for attention', () => {
    expect(risks(property('a', { pattern: 'x' }), property('a', { pattern: 'y' }))).toEqual([
      'attention schema-changed a',
    ]);
    expect(risks(property('a', {}), property('a', { anyOf: [{ type: 'string' }] }))).toEqual([
      'attention schema-tightened a',
    ]);
    expect(risks(property('a', {}), property('a', { type: 'string' }))).toEqual(['attention schema-tightened a']);
    expect(risks(property('a', { type: 'number' }), property('a', { type: 'string' }))).toEqual([
      'breaking schema-changed a',
    ]);
  });

  test.each([
    ['has no default', '', 'breaking value-required password'],
    ['has null as its default', 'password:\n', 'breaking value-required password'],
    ['has a default', 'password: ""\n', undefined],
  ])('is a value that is required now and %s', (_what, values, risk) => {
    expect(risks({}, { required: ['password'] }, values)).toEqual(risk === undefined ? [] : [risk]);
  });

  test('is a required value inside of what is not set by default, only for attention', () => {
    const to = property('auth', { required: ['password'] });
    expect(risks(property('auth', {}), to)).toEqual(['attention value-required auth.password']);
    expect(risks(property('auth', {}), to, 'auth: {}\n')).toEqual(['breaking value-required auth.password']);
    const items = (required: readonly string[]): object => property('hosts', { items: { required } });
    expect(risks(items([]), items(['name']), 'hosts: [{}]\n')).toEqual(['attention value-required hosts[].name']);
  });

  test('is the first schema of a chart, with what it requires', () => {
    const schema = { required: ['a', 'b'], additionalProperties: false, properties: { a: { minimum: 1 } } };
    expect(risks(undefined, schema, 'a: 1\n')).toEqual(['breaking value-required b', 'attention schema-added ']);
    expect(risks(schema, undefined)).toEqual([]);
  });
});

describe('a schema file', () => {
  const changeOf = (from: Schema, to: Schema): Partial<Extract<SchemaComparison, { compared: true }>>['change'] => {
    const { schema } = comparison(from, to);
    return schema.compared ? schema.change : undefined;
  };

  test('may be missing, come, go, change and stay', () => {
    expect(changeOf(undefined, undefined)).toBe('none');
    expect(changeOf(undefined, {})).toBe('added');
    expect(changeOf({}, undefined)).toBe('removed');
    expect(changeOf({}, {})).toBe('equal');
    expect(changeOf({}, { type: 'object' })).toBe('changed');
  });

  test.each([
    ['{', 'is not JSON'],
    ['[]', 'must be an object'],
    [`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`, 'nested deeper than 100 levels'],
    [`${'['.repeat(500_000)}${']'.repeat(500_000)}`, 'nested deeper than 100 levels'],
  ])('that is no schema says why', (text, reason) => {
    const { schema, breaking } = comparison({}, text);
    expect(schema).toMatchObject({ compared: false, reason: expect.stringContaining(reason) });
    expect(schema).toMatchObject({ reason: expect.stringMatching(/^values\.schema\.json of 1\.0\.0 /) });
    expect(breaking).toMatchObject([{ kind: 'not-compared' }]);
  });
});
