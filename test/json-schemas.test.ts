// The builders of schemas: what they make is what TypeBox makes, also what of it is hidden.
import { Type as TypeBox } from 'typebox';
import { expect, test } from 'vitest';
import { Type } from '../src/json-schemas.ts';

test.each<[string, (build: typeof Type) => object]>([
  ['a text', (build) => build.String({ minLength: 1, pattern: '^a', description: 'a text' })],
  ['a whole number', (build) => build.Integer({ minimum: 1, default: 5 })],
  ['true or false', (build) => build.Boolean()],
  ['nothing', (build) => build.Null()],
  ['anything', (build) => build.Unknown({ description: 'anything' })],
  ['one value', (build) => build.Literal('v1')],
  ['one number', (build) => build.Literal(5, { description: 'five' })],
  ['some values', (build) => build.Enum(['a', 'b'], { type: 'string', default: 'a' })],
  ['a list', (build) => build.Array(build.String(), { minItems: 1 })],
  ['alternatives', (build) => build.Union([build.String(), build.Null()], { default: null })],
  ['texts by text', (build) => build.Record(build.String(), build.String(), { maxProperties: 5 })],
  [
    'an object',
    (build) => build.Object({ a: build.String(), b: build.Optional(build.Integer({ minimum: 1 })) }, { title: 'It' }),
  ],
  ['an object that needs nothing', (build) => build.Object({ a: build.Optional(build.Null()) })],
  ['an object in another one', (build) => build.Object({ a: build.Optional(build.Object({ b: build.Boolean() })) })],
])('%s is as TypeBox makes it', (_what, make) => {
  expect(membersOf(make(Type))).toEqual(membersOf(make(TypeBox)));
});

test('what a schema asks for beside its keywords stays with it, in its order', () => {
  const isShort = (text: string) => text.length < 5;
  const isLower = (text: string) => text === text.toLowerCase();
  const make = (build: typeof Type) => build.Refine(build.Refine(build.String({ title: 'It' }), isShort), isLower);
  const [ours, theirs] = [Type, TypeBox].map((build) => make(build) as { '~refine'?: readonly { check: unknown }[] });
  expect(ours?.['~refine']?.map(({ check }) => check)).toEqual([isShort, isLower]);
  expect(ours?.['~refine']?.map(({ check }) => check)).toEqual(theirs?.['~refine']?.map(({ check }) => check));
  expect(Object.keys(ours ?? {})).toEqual(Object.keys(theirs ?? {}));
});

/** All members of a schema and of those in it, in the order in which they are listed, and then what is not. */
function membersOf(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  const members = Object.entries(Object.getOwnPropertyDescriptors(schema));
  return [true, false].map((isListed) =>
    members
      .filter(([, { enumerable }]) => enumerable === isListed)
      .map(([name, member]) => [name, membersOf(member.value)]),
  );
}
