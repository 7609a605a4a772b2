// Small blobs in memory: what is asked for again, and no more than a few MiB of it.
import { expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { SmallBlobs } from '../../src/registry/small-blobs.ts';

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
