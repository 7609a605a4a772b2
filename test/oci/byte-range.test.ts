// Byte ranges: of a blob that is read, and of a chunk that is pushed.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseContentRange, parseRange } from '../../src/oci/byte-range.ts';

describe('a Range', () => {
  const size = fc.integer({ min: 1, max: 1_000 });
  const position = fc.integer({ min: 0, max: 2_000 });

  test('selects what a slice would', () => {
    fc.assert(
      fc.property(size, position, position, (length, first, more) => {
        const bytes = Array.from({ length }, (_, index) => index);
        const select = (header: string): readonly number[] | 'beyond' | undefined => {
          try {
            const range = parseRange(header, length);
            return range && bytes.slice(range.from, range.to);
          } catch (error) {
            expect(error).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE', size: length });
            return 'beyond';
          }
        };
        const isThere = first < length;
        expect(select(`bytes=${first}-${first + more}`)).toEqual(
          isThere ? bytes.slice(first, first + more + 1) : 'beyond',
        );
        expect(select(`bytes=${first}-`)).toEqual(isThere ? bytes.slice(first) : 'beyond');
        expect(select(`bytes=-${more}`)).toEqual(more > 0 ? bytes.slice(-more) : 'beyond');
      }),
    );
  });

  test('is never outside the blob, whatever is asked', () => {
    const number = fc.oneof(fc.constant(''), fc.bigInt({ min: 0n, max: 10n ** 40n }).map(String));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000 }), number, number, (length, first, last) => {
        try {
          const range = parseRange(`bytes=${first}-${last}`, length);
          if (range) expect(0 <= range.from && range.from < range.to && range.to <= length).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE' });
        }
      }),
    );
  });

  test.each([
    undefined,
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=1-0',
    'bytes=0-1,2-3',
    'lines=0-1',
    'bytes=0x0-1',
    'bytes=+0-1',
    'bytes=0-1-2',
    '0-1',
    'bytes 0-1',
  ])('that is %j is ignored', (header) => {
    expect(parseRange(header, 10)).toBe(undefined);
  });

  test('of nothing cannot be', () => {
    for (const header of ['bytes=0-', 'bytes=0-0', 'bytes=-1', 'bytes=-0']) {
      expect(() => parseRange(header, 0)).toThrow(expect.objectContaining({ code: 'RANGE_NOT_SATISFIABLE' }));
    }
  });

  test('may have spaces around it, and its unit in any case', () => {
    expect(parseRange('  Bytes=2-3 ', 10)).toEqual({ from: 2, to: 4 });
  });
});

describe('a Content-Range', () => {
  test('names both its ends, in the form of the spec and of RFC 9110', () => {
    const position = fc.integer({ min: 0, max: 10 ** 15 - 1 });
    fc.assert(
      fc.property(position, position, (one, other) => {
        const [first, last] = [Math.min(one, other), Math.max(one, other)];
        const expected = { from: first, to: last + 1 };
        for (const header of [
          `${first}-${last}`,
          ` ${first}-${last} `,
          `bytes ${first}-${last}/*`,
          `bytes ${first}-${last}/${last + 1}`,
          `bytes=${first}-${last}`,
        ]) {
          expect(parseContentRange(header)).toEqual(expected);
        }
        if (first < last) expect(() => parseContentRange(`${last}-${first}`)).toThrow();
      }),
    );
  });

  test('need not be there', () => {
    expect(parseContentRange(undefined)).toBe(undefined);
  });

  test.each([
    '',
    '-',
    '0',
    '0-',
    '-1',
    '1-0',
    '-1--1',
    'a-b',
    '0-1,2-3',
    '0 - 1',
    '0.0-1.0',
    '0-1e3',
    '0x0-0x1',
    `0-${'9'.repeat(16)}`,
    '0-1/',
    '0-1/x',
    'bytes */10',
  ])('that is %j is refused', (header) => {
    expect(() => parseContentRange(header)).toThrow(expect.objectContaining({ code: 'BLOB_UPLOAD_INVALID' }));
  });

  test('that is any other text is refused in the same way', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (header) => {
        expect(() => parseContentRange(header)).toThrow(expect.objectContaining({ code: 'BLOB_UPLOAD_INVALID' }));
      }),
    );
  });
});
