// The bytes of an index on their way to those who read them.
import { randomBytes } from 'node:crypto';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bodiesOf } from '../../src/classic/index-body.ts';
import { PackedText } from '../../src/classic/packed-text.ts';

const [opening, between, closing] = ['opening\n', '\n', 'closing\n'].map((text) => new PackedText(Buffer.from(text)));

/** Of groups that hardly become shorter when they are compressed. */
function indexOf(groups: number) {
  if (!opening || !between || !closing) throw new Error('there are three texts');
  const texts = Array.from({ length: groups }, () => randomBytes(50_000).toString('base64'));
  const packed = texts.map((text) => new PackedText(Buffer.from(text)));
  return {
    bodies: bodiesOf({ opening, groups: packed, between, closing }),
    text: `opening\n${texts.join('\n')}closing\n`,
  };
}

test.each([
  ['none', 0],
  ['one group', 1],
  ['a chunk or two', 6],
  ['many chunks', 40],
])('an index of %s is the same in every coding, as long as it says, and so each time', (_what, groups) => {
  const { bodies, text } = indexOf(groups);
  for (let time = 0; time < 2; time += 1) {
    const [identity, gzip, zstd] = [bodies.identity, bodies.gzip, bodies.zstd].map((body) => {
      const bytes = Buffer.concat([...body.chunks()]);
      expect(bytes).toHaveLength(body.length);
      return bytes;
    });
    expect(identity?.toString()).toBe(text);
    expect(gunzipSync(gzip ?? '').toString()).toBe(text);
    expect(zstdDecompressSync(zstd ?? '').toString()).toBe(text);
  }
});

test('those who read a short index at a time share its bytes', () => {
  const { bodies } = indexOf(6);
  for (const body of [bodies.gzip, bodies.zstd]) {
    const [first, second] = [[...body.chunks()], [...body.chunks()]];
    expect(first.every((chunk, index) => chunk === second[index])).toBe(true);
  }
});

test('a long index is joined as it is read, so that a slow reader does not hold all of it', () => {
  const { bodies } = indexOf(40);
  for (const body of [bodies.gzip, bodies.zstd]) {
    const [first, second] = [body.chunks()[Symbol.iterator]().next(), body.chunks()[Symbol.iterator]().next()];
    expect(first.value).toEqual(second.value);
    expect(first.value).not.toBe(second.value);
    expect(first.value?.length).toBeLessThan(512 * 1024);
  }
});
