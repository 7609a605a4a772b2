// Small blobs in memory: what is asked for again, and no more than a few MiB of it.
import { expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { CopiedBytes, SmallBlobs } from '../../src/registry/small-blobs.ts';

function blob(seed: number, size = 10) {
  const bytes = Buffer.alloc(size, seed);
  bytes.writeUInt32LE(seed);
  return { bytes, digest: digestOf(bytes) };
}

test('a blob is kept when it is asked for a second time, as a copy', () => {
  const small = new SmallBlobs();
  const { bytes, digest } = blob(1);
  small.note(digest, bytes);
  expect(small.find(digest)).toBeUndefined();
  small.note(digest, bytes);
  const before = Buffer.from(bytes);
  bytes.fill(0);
  expect(small.find(digest)).toEqual(before);
});

test('one of more than 64 KiB is not kept', () => {
  const small = new SmallBlobs();
  const [largest, larger] = [blob(1, 64 * 1024), blob(2, 64 * 1024 + 1)];
  for (const { digest, bytes } of [largest, larger, largest, larger]) small.note(digest, bytes);
  expect(small.find(largest.digest)).toEqual(largest.bytes);
  expect(small.find(larger.digest)).toBeUndefined();
});

test('of more than 128 the least recently used goes', () => {
  const small = new SmallBlobs();
  const blobs = Array.from({ length: 129 }, (_, index) => blob(index));
  const keep = ({ digest, bytes }: ReturnType<typeof blob>) => {
    small.note(digest, bytes);
    small.note(digest, bytes);
  };
  const [first, second] = blobs;
  for (const each of blobs.slice(0, 128)) keep(each);
  if (!first || !second) throw new Error('there are none');
  expect(small.find(first.digest)).toBeDefined();
  for (const each of blobs.slice(128)) keep(each);
  expect(small.find(second.digest)).toBeUndefined();
  expect(small.find(first.digest)).toBeDefined();
});

test('what was asked for once does not drive out what is asked for again', () => {
  const small = new SmallBlobs();
  const { bytes, digest } = blob(1);
  small.note(digest, bytes);
  small.note(digest, bytes);
  for (let seed = 2; seed < 5_000; seed += 1) {
    const other = blob(seed);
    small.note(other.digest, other.bytes);
  }
  expect(small.find(digest)).toEqual(bytes);
});

test('what is damaged in the store is forgotten, and has to be asked for twice once more', () => {
  const small = new SmallBlobs();
  const { bytes, digest } = blob(1);
  small.note(digest, bytes);
  small.note(digest, bytes);
  small.forget(digest);
  expect(small.find(digest)).toBeUndefined();
  small.note(digest, bytes);
  expect(small.find(digest)).toBeUndefined();
});

test('what was just pushed is found at once by who pushes, until 64 others were, and drives out nothing that is asked for again', () => {
  const small = new SmallBlobs();
  const [asked, pushed, other] = [blob(1), blob(2), blob(3)];
  for (let time = 0; time < 2; time += 1) small.note(asked.digest, asked.bytes);
  small.notePushed(pushed.digest, pushed.bytes);
  expect(small.findPushed(pushed.digest)).toEqual(pushed.bytes);
  expect(small.find(pushed.digest)).toBeUndefined();
  for (let seed = 10; seed < 74; seed += 1) {
    const { digest, bytes } = blob(seed);
    small.notePushed(digest, bytes);
  }
  expect(small.findPushed(pushed.digest)).toBeUndefined();
  expect(small.find(asked.digest)).toEqual(asked.bytes);
  small.notePushed(other.digest, other.bytes);
  small.forget(other.digest);
  expect(small.findPushed(other.digest)).toBeUndefined();
});

test.each([
  { what: 'all of it', announced: 30, sizes: [10, 20], size: 30, isWhole: true },
  {
    what: 'all of it, byte by byte',
    announced: 300,
    sizes: Array.from({ length: 300 }, () => 1),
    size: 300,
    isWhole: true,
  },
  { what: '64 KiB', announced: 64 * 1024, sizes: [32 * 1024, 32 * 1024], size: 64 * 1024, isWhole: true },
  { what: 'more than 64 KiB', announced: 64 * 1024 + 1, sizes: [64 * 1024, 1], size: 64 * 1024 + 1, isWhole: false },
  { what: 'some of it, while the rest came before', announced: 10, sizes: [10], size: 30, isWhole: false },
  { what: 'more than was announced', announced: 10, sizes: [10, 10], size: 20, isWhole: false },
  { what: 'what was not announced', announced: undefined, sizes: [10], size: 10, isWhole: false },
])('of bytes that pass there is a copy: $what', async ({ announced, sizes, size, isWhole }) => {
  const copied = new CopiedBytes(announced);
  const sent: Buffer[] = [];
  async function* body() {
    for (const length of sizes) {
      const piece = Buffer.alloc(length, length);
      sent.push(Buffer.from(piece));
      yield piece;
      // Its memory may be used for something else as soon as the next one is asked for.
      piece.fill(0);
    }
  }
  const passed: Buffer[] = [];
  for await (const piece of copied.pass(body())) passed.push(Buffer.from(piece));
  expect(passed).toEqual(sent);
  expect(copied.whole(size)).toEqual(isWhole ? Buffer.concat(sent) : undefined);
});
