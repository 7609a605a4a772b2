// CRC-32 of a text from those of its halves.
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { combineCrcs, crcShiftOf } from '../../src/classic/crc32-combination.ts';

test('the sums of two texts make that of the texts joined', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5_000 }), fc.uint8Array({ maxLength: 5_000 }), (first, second) => {
      const combined = combineCrcs(crc32(first), crc32(second), crcShiftOf(second.length));
      expect(combined).toBe(crc32(Buffer.concat([first, second])));
    }),
  );
});

test('lengths add up, however long the text', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 2 ** 32 - 1 }),
      fc.maxSafeNat().map((length) => Math.floor(length / 2)),
      fc.maxSafeNat().map((length) => Math.floor(length / 2)),
      (crc, first, second) => {
        const inTwoSteps = combineCrcs(combineCrcs(crc, 0, crcShiftOf(first)), 0, crcShiftOf(second));
        expect(combineCrcs(crc, 0, crcShiftOf(first + second))).toBe(inTwoSteps);
      },
    ),
  );
});
