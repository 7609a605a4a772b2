// The secrets of robots and personal access tokens: their form, their checksum, and what is stored of them.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSecret, looksLikeSecret, parseSecret, shownSecret } from '../../src/access/secret.ts';
import { isSameSecret } from '../../src/ports/same-secret.ts';

// Computed by another program (Python's zlib and hashlib). The checksum of the second one has zeros in front.
const KNOWN = 'chr_ab12cd3400000000000000000000000006rD9U';
const KNOWN_HASH = 'ab76a8ae803cf9dad64617de94de358ec7115c90abb4e8190fb5d02f71e5ba92';
const PADDED = 'chr_ab12cd34000000000000000000005624000gAF';
const PADDED_HASH = '6aeac241ef107915dc2a7bf451ef327b3b792cf1a17952bea5b46eef7c6bb497';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

test('a new secret is what scanners look for, and is read back as the id and the hash that are stored', () => {
  for (let count = 0; count < 1_000; count += 1) {
    const { id, secret, hash } = createSecret();
    expect(secret).toMatch(/^chr_[0-9A-Za-z]{38}$/);
    expect(secret).toHaveLength(42);
    expect(secret.slice(4, 12)).toBe(id);
    expect(hash).toBe(createHash('sha256').update(secret).digest('hex'));
    expect(parseSecret(secret)).toEqual({ id, hash });
  }
});

test('no two are alike, and every character occurs at every place of what is random', () => {
  const secrets = Array.from({ length: 5_000 }, () => createSecret().secret);
  expect(new Set(secrets).size).toBe(5_000);
  for (let place = 4; place < 36; place += 1) {
    expect([...new Set(secrets.map((secret) => secret[place]))].toSorted().join('')).toBe(BASE62);
  }
});

test('id, checksum and hash are what anybody else computes', () => {
  expect(parseSecret(KNOWN)).toEqual({ id: 'ab12cd34', hash: KNOWN_HASH });
  expect(parseSecret(PADDED)).toEqual({ id: 'ab12cd34', hash: PADDED_HASH });
});

test('one wrong character anywhere, or two exchanged ones, make it no secret', () => {
  for (let place = 0; place < KNOWN.length; place += 1) {
    for (const character of [...BASE62, '_', '-', ' ', 'é']) {
      if (character === KNOWN[place]) continue;
      expect(parseSecret(`${KNOWN.slice(0, place)}${character}${KNOWN.slice(place + 1)}`)).toBeUndefined();
    }
  }
  expect(parseSecret(KNOWN.replace('ab12', 'ba12'))).toBeUndefined();
});

test.each([
  '',
  'chr_',
  'chr_ab12cd34',
  `${KNOWN}0`,
  KNOWN.slice(0, -1),
  KNOWN.slice(1),
  ` ${KNOWN}`,
  `${KNOWN} `,
  `${KNOWN}\n`,
  KNOWN.toUpperCase(),
  KNOWN.replace('chr_', 'ghp_'),
  `${'chr_'.padEnd(36, '0')}000000`,
])('%j is no secret', (text) => {
  expect(parseSecret(text)).toBeUndefined();
});

test.each([
  ['another beginning', 'ghp_ab12cd340000000000000000000000002BX5oh'],
  ['too few characters', 'chr_ab12cd34000000000000000000000003HrNnH'],
  ['too many characters', 'chr_ab12cd34000000000000000000000000042mRgq'],
  ['a character that is not base62', 'chr_ab12cd34-000000000000000000000001EQTQJ'],
])('a right checksum after %s makes no secret', (_, text) => {
  expect(parseSecret(text)).toBeUndefined();
});

test('no text makes reading fail, and a text that was not made here is none', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => parseSecret(text) === undefined));
  const form = fc.stringMatching(/^chr_[0-9A-Za-z]{38}$/);
  fc.assert(fc.property(form, (text) => parseSecret(text) === undefined));
});

test('what begins like a secret was meant to be one, right or wrong', () => {
  expect([KNOWN, `${KNOWN}0`, 'chr_'].map(looksLikeSecret)).toEqual([true, true, true]);
  expect(['', 'chr', 'CHR_x', ' chr_x', 'correct-horse-chr_'].map(looksLikeSecret)).toEqual(Array(5).fill(false));
});

test('only the same hash matches, and one of another length is only wrong', () => {
  expect(isSameSecret(KNOWN_HASH, KNOWN_HASH)).toBe(true);
  expect(isSameSecret(KNOWN_HASH, PADDED_HASH)).toBe(false);
  expect(isSameSecret(KNOWN_HASH, `${KNOWN_HASH.slice(0, -1)}3`)).toBe(false);
  for (const other of ['', KNOWN_HASH.slice(0, -1), `${KNOWN_HASH}0`, KNOWN_HASH.replace('a', 'ä')]) {
    expect(isSameSecret(KNOWN_HASH, other)).toBe(false);
    expect(isSameSecret(other, KNOWN_HASH)).toBe(false);
  }
});

test('it is shown by its id alone', () => {
  expect(shownSecret('ab12cd34')).toBe('chr_ab12cd34…');
});
