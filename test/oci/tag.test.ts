// Tags and references.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseReference, parseTag } from '../../src/oci/tag.ts';

const HEX = 'a'.repeat(64);

test('what the spec calls a tag is one', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/), (text) => {
      expect(parseTag(text)).toBe(text);
      expect(parseReference(text)).toEqual({ kind: 'tag', tag: text });
    }),
  );
});

test.each(['', '.', '-', '.a', '-a', 'a+b', 'a b', 'a/b', 'a:b', 'a\n', 'a\0', 'ü', 'a'.repeat(129)])(
  '%j is no tag',
  (text) => {
    expect(() => parseTag(text)).toThrow(expect.objectContaining({ code: 'TAG_INVALID' }));
  },
);

test('the message says how a chart’s version is written, and repeats no more than a line', () => {
  expect(() => parseTag('1.0.0+build')).toThrow('in a chart\'s tag, "+" is written "_"');
  expect(() => parseTag('+'.repeat(100_000))).toThrow(/^"\+{160}" is not a tag/);
});

test('a text with a colon is a digest or nothing', () => {
  expect(parseReference(`sha256:${HEX}`)).toEqual({ kind: 'digest', digest: `sha256:${HEX}` });
  for (const text of [':', 'a:b', `sha256:${HEX}a`, `md5:${HEX}`]) {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'DIGEST_INVALID' }));
  }
});

test('a tag that is called like a digest is a tag', () => {
  expect(parseReference(`sha256-${HEX}.sig`)).toEqual({ kind: 'tag', tag: `sha256-${HEX}.sig` });
});

test('no text makes parsing fail in another way', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      try {
        parseReference(text);
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(TAG|DIGEST)_INVALID$/) });
      }
    }),
  );
});
