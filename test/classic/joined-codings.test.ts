// gzip members and Zstandard frames put together from parts.
import { crc32, gunzipSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deflateBlocks, GZIP_HEADER, gzipTrailer } from '../../src/classic/gzip-member.ts';
import {
  BLANKS,
  RESTORE_OFFSETS,
  rawZstdBlock,
  ZSTD_END,
  zstdBlocks,
  zstdHeader,
} from '../../src/classic/zstd-frame.ts';

/** Many repetitions near their beginnings, at the distances that zstd begins with and at others. */
const repetitive = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(...'ab '), minLength: 1, maxLength: 9 }),
    fc.integer({ min: 1, max: 60 }),
    fc.string(),
  )
  .map(([text, count, rest]) => Buffer.from(text.repeat(count) + rest));
const long = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.integer({ min: 1, max: 300_000 }))
  .map(([bytes, count]) => Buffer.concat(Array.from({ length: count }, () => bytes)));
const random = fc.uint8Array({ minLength: 1, maxLength: 200_000, size: 'max' }).map((bytes) => Buffer.from(bytes));
const texts = fc.array(fc.oneof({ weight: 5, arbitrary: repetitive }, long, random), { minLength: 1, maxLength: 6 });

test('deflate blocks of several texts make one gzip member', () => {
  fc.assert(
    fc.property(texts, (parts) => {
      const whole = Buffer.concat(parts);
      const member = Buffer.concat([GZIP_HEADER, ...parts.map(deflateBlocks), gzipTrailer(crc32(whole), whole.length)]);
      expect(gunzipSync(member).equals(whole)).toBe(true);
    }),
  );
});

test('blocks of several texts make one Zstandard frame when the offsets are restored between them', () => {
  fc.assert(
    fc.property(texts, (parts) => {
      const whole = Buffer.concat(parts.flatMap((part) => [Buffer.from(`,${BLANKS}`), part]));
      const blocks = parts.flatMap((part) => [rawZstdBlock(Buffer.from(',')), RESTORE_OFFSETS, zstdBlocks(part)]);
      // Node reads one frame and no more.
      expect(zstdDecompressSync(Buffer.concat([zstdHeader(whole.length), ...blocks, ZSTD_END])).equals(whole)).toBe(
        true,
      );
    }),
  );
});

test('without restored offsets the second text would come out as another one', () => {
  const parts = [Buffer.from('xyz'.repeat(50)), Buffer.from('a'.repeat(40))];
  const whole = Buffer.concat(parts);
  const frame = Buffer.concat([zstdHeader(whole.length), ...parts.map(zstdBlocks), ZSTD_END]);
  expect(zstdDecompressSync(frame).equals(whole)).toBe(false);
});
