// The order of versions as texts, against SemVer 2.0.0, section 11, written down plainly.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ChartVersion, parseChartVersion } from '../../src/charts/version.ts';
import { precedenceKeyOf, sortKeyOf, sortPrefixOf } from '../../src/charts/version-order.ts';

const ASCENDING = [
  '0.0.0-0 0.0.0 0.0.1 0.9.0 0.10.0 1.0.0-0 1.0.0-1 1.0.0-2 1.0.0-10 1.0.0-18446744073709551615',
  '1.0.0-- 1.0.0-0a 1.0.0-18446744073709551616 1.0.0-99999999999999999999 1.0.0-A 1.0.0-alpha 1.0.0-alpha.1',
  '1.0.0-alpha.beta 1.0.0-alpha- 1.0.0-alpha0 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1 2.0.0',
  '10.0.0 9999999999.0.0 18446744073709551614.9.9 18446744073709551615.0.0-x 18446744073709551615.0.0',
].flatMap((line) => line.split(' '));

const number = fc.oneof(fc.bigInt(0n, 12n), fc.bigInt(0n, 2n ** 64n - 1n)).map(String);
const identifier = fc
  .oneof(number, fc.string({ unit: fc.constantFrom(...'0159AZaz-'), minLength: 1, maxLength: 4 }))
  .filter((text) => !/^0[0-9]+$/.test(text));
const identifiers = fc.array(identifier, { minLength: 1, maxLength: 3 }).map((list) => list.join('.'));
const version = fc
  .tuple(
    fc.constantFrom('', '', '', 'v'),
    fc.oneof(fc.constant(['1', '0', '0']), fc.array(number, { minLength: 1, maxLength: 3 })),
    fc.option(identifiers),
    fc.option(identifiers),
  )
  .map(([prefix, numbers, prerelease, build]) =>
    parsed(`${prefix}${numbers.join('.')}${prerelease ? `-${prerelease}` : ''}${build ? `+${build}` : ''}`),
  );

test('sort keys are in the order of the versions', () => {
  const keys = ASCENDING.map((text) => sortKeyOf(parsed(text)));
  expect(keys.toSorted(bytewise)).toEqual(keys);
  expect(new Set(keys).size).toBe(ASCENDING.length);
});

test('the bytes of a sort key are ordered by the precedence of SemVer, whatever the versions', () => {
  fc.assert(
    fc.property(version, version, (one, other) => {
      const precedence = comparePrecedence(one, other);
      expect(bytewise(precedenceKeyOf(one), precedenceKeyOf(other))).toBe(precedence);
      const order = bytewise(sortKeyOf(one), sortKeyOf(other));
      if (precedence !== 0) expect(order).toBe(precedence);
      else expect(order === 0).toBe(one.text === other.text);
    }),
    { numRuns: 5_000 },
  );
});

test('a sort key is printable ASCII without a space', () => {
  fc.assert(
    fc.property(version, (any) => {
      expect(sortKeyOf(any)).toMatch(/^[!-~]+$/);
    }),
  );
});

test('versions of equal precedence have one order: by build, the lenient spelling before the strict one', () => {
  const texts = ['v1.0.0', '1.0.0', '1.0.0+2', '1.0.0+10', 'v1.0.0+a', '1.0.0+a'];
  const keys = texts.map((text) => sortKeyOf(parsed(text)));
  expect(keys.toSorted(bytewise)).toEqual(keys);
});

test('a sort key has the form in which it is stored: in another one, the stored keys would have to be written anew', () => {
  expect(sortKeyOf(parsed('1.12.345'))).toBe('a1b12c345~!11.12.345');
  expect(sortKeyOf(parsed('v1.0-rc.10+b.07'))).toBe('a1a0a0-1rc!0b10!1b!107!!0v1.0-rc.10+b.07');
});

test('all versions of a major, a minor or a patch begin alike, and no others', () => {
  const texts = ['1.0.0', '1.2.0-rc.1', '1.2.3', 'v1.2', '1.20.0', '10.2.3', '11.0.0', '2.1.2'];
  const beginning = (...numbers: bigint[]) =>
    texts.filter((text) => sortKeyOf(parsed(text)).startsWith(sortPrefixOf(...numbers)));
  expect(beginning(1n)).toEqual(['1.0.0', '1.2.0-rc.1', '1.2.3', 'v1.2', '1.20.0']);
  expect(beginning(1n, 2n)).toEqual(['1.2.0-rc.1', '1.2.3', 'v1.2']);
  expect(beginning(1n, 2n, 0n)).toEqual(['1.2.0-rc.1', 'v1.2']);
});

test('versions that begin alike lie between that beginning and the same with "~~" behind it', () => {
  fc.assert(
    fc.property(version, version, fc.integer({ min: 1, max: 3 }), (one, other, count) => {
      const prefix = sortPrefixOf(...one.numbers.slice(0, count));
      const key = sortKeyOf(other);
      expect(key > prefix && key < `${prefix}~~`).toBe(key.startsWith(prefix));
      expect(key.startsWith(prefix)).toBe(one.numbers.slice(0, count).every((part, at) => part === other.numbers[at]));
    }),
  );
});

function comparePrecedence(one: ChartVersion, other: ChartVersion): number {
  for (const [at, number] of one.numbers.entries()) {
    const against = other.numbers[at] ?? 0n;
    if (number !== against) return number < against ? -1 : 1;
  }
  if (one.prerelease !== other.prerelease) return one.prerelease ? -1 : 1;
  const length = Math.max(one.prereleaseIdentifiers.length, other.prereleaseIdentifiers.length);
  for (let at = 0; at < length; at += 1) {
    const order = compareIdentifiers(one.prereleaseIdentifiers[at], other.prereleaseIdentifiers[at]);
    if (order !== 0) return order;
  }
  return 0;
}

function compareIdentifiers(one: string | undefined, other: string | undefined): number {
  if (one === other) return 0;
  if (one === undefined) return -1;
  if (other === undefined) return 1;
  const areNumbers = [one, other].map((text) => /^[0-9]+$/.test(text));
  if (areNumbers[0] && areNumbers[1]) return BigInt(one) < BigInt(other) ? -1 : 1;
  if (areNumbers[0] || areNumbers[1]) return areNumbers[0] ? -1 : 1;
  return bytewise(one, other);
}

function bytewise(one: string, other: string): number {
  return Math.sign(Buffer.compare(Buffer.from(one), Buffer.from(other)));
}

function parsed(text: string): ChartVersion {
  const version = parseChartVersion(text);
  if (version === undefined) throw new Error(`"${text}" should be a version`);
  return version;
}
