// Digests: which texts are one, and that computing them in pieces makes no difference.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  algorithmOf,
  digestOf,
  encodedOf,
  finishHash,
  isDigest,
  parseDigest,
  shortDigest,
  startHash,
} from '../../src/oci/digest.ts';

const EMPTY = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const HEX = 'a'.repeat(64);

test('the digest of bytes is the known one', () => {
  expect(digestOf(Buffer.alloc(0))).toBe(EMPTY);
  expect(digestOf(Buffer.from('abc'))).toBe('sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(digestOf(Buffer.from('abc'), 'sha512')).toBe(
    'sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  );
});

test('every digest is parsed and taken apart again', () => {
  const algorithms = fc.constantFrom('sha256' as const, 'sha512' as const);
  fc.assert(
    fc.property(fc.uint8Array(), algorithms, (bytes, algorithm) => {
      const digest = digestOf(bytes, algorithm);
      expect(parseDigest(digest)).toBe(digest);
      expect(algorithmOf(digest)).toBe(algorithm);
      expect(`${algorithmOf(digest)}:${encodedOf(digest)}`).toBe(digest);
    }),
  );
});

test('bytes hashed in pieces have the digest of the whole', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (pieces) => {
      const hash = startHash('sha256');
      for (const piece of pieces) hash.update(piece);
      expect(finishHash(hash, 'sha256')).toBe(digestOf(Buffer.concat(pieces)));
    }),
  );
});

test.each([
  '',
  'sha256',
  'sha256:',
  HEX,
  `sha256:${HEX.slice(1)}`,
  `sha256:${HEX}a`,
  `sha256:${HEX.toUpperCase()}`,
  `SHA256:${HEX}`,
  `sha256:${'g'.repeat(64)}`,
  `sha512:${HEX}`,
  `sha256:${HEX}${HEX}`,
  `md5:${'a'.repeat(32)}`,
  `sha256+b64:${HEX}`,
  ` sha256:${HEX}`,
  `sha256:${HEX}\n`,
  `sha256:${HEX.slice(2)}\0\0`,
  `sha256:${'١'.repeat(64)}`,
])('%j is no digest', (text) => {
  expect(isDigest(text)).toBe(false);
  expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: 'DIGEST_INVALID' }));
});

test('no text makes parsing fail in another way', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(isDigest(text)).toBe(false);
      expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: 'DIGEST_INVALID' }));
    }),
  );
});

test('the message repeats no more than a line of what was sent', () => {
  expect(() => parseDigest('x'.repeat(100_000))).toThrow(/^"x{160}" is not a digest/);
});

test('a digest is shortened for people', () => {
  expect(shortDigest(parseDigest(EMPTY))).toBe('sha256:e3b0c44298fc…');
});
