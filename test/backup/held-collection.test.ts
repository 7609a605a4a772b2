// A hold on garbage collection: as long as the copy takes, and not for long after one that was cut off.
import { afterEach, expect, test, vi } from 'vitest';
import { whileCollectionIsHeld } from '../../src/backup/held-collection.ts';
import type { Database } from '../../src/ports/database.ts';
import { StorageUnusable } from '../../src/ports/storage-unusable.ts';
import { isCollectionHeld } from '../../src/tables/collection-holds.ts';
import { DATABASES, openMigrated } from '../contract/databases.ts';
import { TestClock } from '../support/clock.ts';

const MINUTE = 60_000;

afterEach(() => void vi.useRealTimers());

test('it is prolonged while the copy runs, and released with its end, also when that is a failure', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const [sqlite] = DATABASES;
  if (!sqlite) throw new Error('there is no database');
  await using opened = await openMigrated(sqlite);
  const { database } = opened;
  const clock = new TestClock('2026-11-23T10:00:00Z');
  const isHeld = (minutes: number) => isCollectionHeld(database, clock.now() + minutes * MINUTE);
  await whileCollectionIsHeld({ database, clock, id: 'copy' }, async () => {
    expect([await isHeld(14), await isHeld(16)]).toEqual([true, false]);
    clock.advance(60 * MINUTE);
    await vi.advanceTimersByTimeAsync(MINUTE);
    await vi.waitFor(async () => expect([await isHeld(14), await isHeld(16)]).toEqual([true, false]));
  });
  expect(await isHeld(0)).toBe(false);
  const failing = whileCollectionIsHeld({ database, clock, id: 'copy' }, async () => {
    throw new Error('cut off');
  });
  await expect(failing).rejects.toThrow('cut off');
  expect(await isHeld(0)).toBe(false);
});

test('it is written once at the beginning; one that cannot be prolonged for a reason that no disk has is told of', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const [sqlite] = DATABASES;
  if (!sqlite) throw new Error('there is no database');
  await using opened = await openMigrated(sqlite);
  const clock = new TestClock('2026-11-23T10:00:00Z');
  let written = 0;
  let problem: Error | undefined;
  const transaction: Database['transaction'] = async (work) => {
    if (problem) throw problem;
    written += 1;
    return await opened.database.transaction(work);
  };
  const held = { database: { ...opened.database, transaction }, clock, id: 'copy' };
  const prolongWith = (error: Error) =>
    whileCollectionIsHeld(held, async () => {
      const atFirst = written;
      problem = error;
      await vi.advanceTimersByTimeAsync(MINUTE);
      problem = undefined;
      return atFirst;
    });
  expect(await prolongWith(new StorageUnusable('it is locked', { trouble: 'busy' }))).toBe(1);
  await expect(prolongWith(new Error('a defect'))).rejects.toThrow('a defect');
});
