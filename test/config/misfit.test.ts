// The check of settings' values: TypeBox, which knows all of JSON Schema, finds the same.
import fc from 'fast-check';
import { Check, Errors } from 'typebox/value';
import { expect, test } from 'vitest';
import { findMisfit, fits } from '../../src/config/misfit.ts';
import { ConfigSchema, SETTINGS } from '../../src/config/schema.ts';
import { Type } from '../../src/json-schemas.ts';

const TEXTS = [
  ...['', ' ', '~', 'a', '*', '!dev-*', 'true', '5', 'accounts', 'info', 'localhost', '127.0.0.1', '::1', '10.0.0.0/8'],
  ...['https://charts.example.com', 'https://charts.example.com/path', 'ldaps://directory.example.com', './data'],
  ...['cn=x,dc=example,dc=com', '(uid={name})', '(member={dn})', 'line\nbreak', 'openid', 'a b', 'http://a:b@c'],
];
const text = fc.oneof(fc.constantFrom(...TEXTS), fc.string());
const scalar = fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null));
const value = fc.oneof(scalar, fc.array(text), fc.array(scalar), fc.object());

test.each(SETTINGS.map((setting) => [setting.key, setting] as const))('%s', (_key, { schema }) => {
  fc.assert(
    fc.property(value, (given) => {
      const [error] = Errors(schema, given);
      const item = /^\/(\d+)/.exec(error?.instancePath ?? '')?.[1];
      const expected = error && { item: item === undefined ? undefined : Number(item) };
      expect(findMisfit(schema, given)).toEqual(expected);
      expect(fits(schema, given)).toBe(Check(schema, given));
    }),
    { seed: 7, numRuns: 300 },
  );
});

test('every default fits', () => {
  const defaults = Object.fromEntries(SETTINGS.map((setting) => [setting.key, setting.default]));
  expect([...Errors(ConfigSchema, defaults)]).toEqual([]);
});

test('a kind of schema that no setting has is not taken for one that everything fits', () => {
  expect(() => fits(Type.Object({}), {})).toThrow('cannot be checked');
});
