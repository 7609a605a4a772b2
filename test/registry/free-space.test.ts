// How much room is left, and what for.
import { expect, test } from 'vitest';
import type { StorageSpace } from '../../src/ports/blob-store.ts';
import { FreeSpace } from '../../src/registry/free-space.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

test.each<[string, StorageSpace, string]>([
  ['a large disk', { freeBytes: 2 * GIB, totalBytes: 100 * GIB, freeFiles: undefined }, 'ample'],
  ['a large disk with less than a GiB', { freeBytes: GIB - 1, totalBytes: 100 * GIB, freeFiles: undefined }, 'low'],
  ['a large disk with 256 MiB', { freeBytes: 256 * MIB, totalBytes: 100 * GIB, freeFiles: undefined }, 'low'],
  ['a large disk with less', { freeBytes: 256 * MIB - 1, totalBytes: 100 * GIB, freeFiles: undefined }, 'reserved'],
  ['a small disk with a fifth', { freeBytes: 20 * MIB, totalBytes: 100 * MIB, freeFiles: undefined }, 'ample'],
  ['a small disk with 5 percent', { freeBytes: 5 * MIB, totalBytes: 100 * MIB, freeFiles: undefined }, 'low'],
  ['a small disk with less', { freeBytes: 5 * MIB - 1, totalBytes: 100 * MIB, freeFiles: undefined }, 'reserved'],
  ['few more files', { freeBytes: GIB, totalBytes: GIB, freeFiles: 3_999 }, 'low'],
  ['hardly any more files', { freeBytes: GIB, totalBytes: GIB, freeFiles: 999 }, 'reserved'],
])('%s', async (_what, found, room) => {
  const space = new FreeSpace({ space: async () => found });
  await space.check();
  expect(space.room).toBe(room);
});

test('before it is known how much room there is, there is room for everything', () => {
  const space = new FreeSpace({ space: () => Promise.reject(new Error('never asked')) });
  space.require(1e15);
  expect([space.room, space.freeBytes, space.totalBytes, space.reservedBytes]).toEqual([
    'ample',
    undefined,
    undefined,
    undefined,
  ]);
});

test('what is taken has no room for others until the next look, which finds out how much it really was', async () => {
  let freeBytes = 15 * MIB;
  const space = new FreeSpace({ space: async () => ({ freeBytes, totalBytes: 100 * MIB, freeFiles: undefined }) });
  await space.check();
  space.take(6 * MIB);
  expect(() => space.require(5 * MIB)).toThrow(expect.objectContaining({ code: 'STORAGE_FULL' }));
  expect(() => space.take(5 * MIB)).toThrow(expect.objectContaining({ code: 'STORAGE_FULL' }));
  space.take(4 * MIB);
  expect(space.freeBytes).toBe(5 * MIB);
  freeBytes = 14 * MIB;
  await space.check();
  expect(space.freeBytes).toBe(14 * MIB);
});

test('looks that overlap, as those of many uploads that find no room, make neither room nor lack of it', async () => {
  let freeBytes = 60 * MIB;
  const looks: (() => void)[] = [];
  const look = async (): Promise<StorageSpace> => {
    const found = { freeBytes, totalBytes: 1000 * MIB, freeFiles: undefined };
    await new Promise<void>((resolve) => looks.push(resolve));
    return found;
  };
  const space = new FreeSpace({ space: look });
  const check = async (times: number) => {
    const checks = Array.from({ length: times }, () => space.check());
    for (const end of looks.splice(0)) end();
    await Promise.all(checks);
  };
  await check(1);
  space.take(8 * MIB);
  freeBytes -= 8 * MIB;
  for (const times of [50, 3, 2]) {
    await check(times);
    expect(space.freeBytes).toBe(52 * MIB);
  }
});

test('what is taken while it looks counts as long as it may not have been seen', async () => {
  const looking = Promise.withResolvers<StorageSpace>();
  const space = new FreeSpace({ space: () => looking.promise });
  const checked = space.check();
  space.take(MIB);
  looking.resolve({ freeBytes: 50 * MIB, totalBytes: 100 * MIB, freeFiles: undefined });
  await checked;
  expect(space.freeBytes).toBe(49 * MIB);
});
