// Repository names: the grammar of the spec, and the paths within a name.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { enclosingPaths, lastSegment, parentOf, parseRepositoryName } from '../../src/oci/repository-name.ts';

/** OCI Distribution Spec, "Pulling manifests", letter by letter. */
const SPEC = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;

function isName(text: string): boolean {
  try {
    return parseRepositoryName(text) === text;
  } catch (error) {
    expect(error).toMatchObject({ code: 'NAME_INVALID' });
    return false;
  }
}

const word = fc.stringMatching(/^[a-z0-9]{1,6}$/);
const joint = fc.constantFrom('.', '_', '__', '-', '---', '/');
const name = fc
  .tuple(word, fc.array(fc.tuple(joint, word), { maxLength: 12 }))
  .map(([first, rest]) => first + rest.map(([between, next]) => between + next).join(''));

test('what the spec calls a name is one, up to 255 characters', () => {
  fc.assert(
    fc.property(name, (text) => {
      expect(isName(text)).toBe(true);
    }),
  );
  expect(isName('a'.repeat(255))).toBe(true);
  expect(isName(`${'a/'.repeat(127)}a`)).toBe(true);
});

test('nothing else is: of all texts of its letters exactly those that the spec describes', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '0', '.', '_', '-', '/', 'A', '\n'), maxLength: 12 });
  fc.assert(
    fc.property(text, (candidate) => {
      expect(isName(candidate)).toBe(SPEC.test(candidate));
    }),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (candidate) => {
      expect(isName(candidate)).toBe(SPEC.test(candidate));
    }),
  );
});

test.each([
  '',
  '/',
  'a/',
  '/a',
  'a//b',
  '.',
  '..',
  'a/../b',
  'a..b',
  '-a',
  'a-',
  'a___b',
  'A',
  'a b',
  'a\n',
  'a\0',
  'ü',
  'a'.repeat(256),
])('%j is no name', (text) => {
  expect(isName(text)).toBe(false);
});

test('a name that cannot match is refused without trying every way that it might', () => {
  expect(isName(`${'a-'.repeat(127)}!`)).toBe(false);
  expect(isName(`a${'-'.repeat(253)}!`)).toBe(false);
  expect(isName('a/'.repeat(500_000))).toBe(false);
});

test('a name is taken apart at its last slash', () => {
  const deep = parseRepositoryName('team/charts/web');
  expect([lastSegment(deep), parentOf(deep)]).toEqual(['web', 'team/charts']);
  const flat = parseRepositoryName('web');
  expect([lastSegment(flat), parentOf(flat)]).toEqual(['web', '']);
});

test('the paths around a name go from the root to the name itself', () => {
  expect(enclosingPaths(parseRepositoryName('team/charts/web'))).toEqual([
    '',
    'team',
    'team/charts',
    'team/charts/web',
  ]);
  expect(enclosingPaths(parseRepositoryName('web'))).toEqual(['', 'web']);
  fc.assert(
    fc.property(name, (text) => {
      const paths = enclosingPaths(parseRepositoryName(text));
      expect(paths.at(-1)).toBe(text);
      expect(paths).toHaveLength(text.split('/').length + 1);
      for (const path of paths.slice(1)) expect(`${text}/`.startsWith(`${path}/`)).toBe(true);
    }),
  );
});
