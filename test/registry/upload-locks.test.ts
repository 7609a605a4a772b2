// One request at a time writes to an upload, in the order in which they came.
import { expect, test } from 'vitest';
import type { UploadId } from '../../src/ports/blob-store.ts';
import { UploadLocks } from '../../src/registry/upload-locks.ts';

const ONE = 'one' as UploadId;
const OTHER = 'other' as UploadId;

test('whoever comes second waits until the first one lets go', async () => {
  const locks = new UploadLocks();
  const steps: string[] = [];
  const first = await locks.acquire(ONE);
  const second = locks.acquire(ONE).then((lock) => {
    steps.push('second has it');
    return lock;
  });
  await turns(10);
  steps.push('first lets go');
  await first[Symbol.asyncDispose]();
  await (await second)[Symbol.asyncDispose]();
  expect(steps).toEqual(['first lets go', 'second has it']);
});

test('locks of two uploads do not wait for each other', async () => {
  const locks = new UploadLocks();
  await using _one = await locks.acquire(ONE);
  await using _other = await locks.acquire(OTHER);
  expect(_one).not.toBe(_other);
});

test('of 50 at once, never two have it, all get it, and in the order in which they asked', async () => {
  const locks = new UploadLocks();
  const served: number[] = [];
  let holders = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      await using _lock = await locks.acquire(ONE);
      holders += 1;
      most = Math.max(most, holders);
      await turns(index % 5);
      served.push(index);
      holders -= 1;
    }),
  );
  expect(most).toBe(1);
  expect(served).toEqual(Array.from({ length: 50 }, (_, index) => index));
});

test('it is let go when what it protects throws', async () => {
  const locks = new UploadLocks();
  const failing = async (): Promise<void> => {
    await using _lock = await locks.acquire(ONE);
    throw new Error('the line broke');
  };
  await expect(failing()).rejects.toThrow('the line broke');
  const lock = await Promise.race([locks.acquire(ONE), turns(100).then(() => 'waits for ever')]);
  expect(lock).not.toBe('waits for ever');
});

test('who asks between the end of the first and the turn of the second is third', async () => {
  const locks = new UploadLocks();
  const served: string[] = [];
  const hold = async (name: string): Promise<void> => {
    await using _lock = await locks.acquire(ONE);
    served.push(name);
    await turns(3);
  };
  const first = await locks.acquire(ONE);
  const second = hold('second');
  const released = first[Symbol.asyncDispose]();
  const third = hold('third');
  await Promise.all([released, second, third]);
  expect(served).toEqual(['second', 'third']);
});

/** Lets everything else that is ready run. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
