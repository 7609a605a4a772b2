// Holds garbage collection off while something copies what is stored.
import { runEvery } from '../lifecycle/repeated-job.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { holdCollection, releaseCollection } from '../tables/collection-holds.ts';

/** So long after a copy was cut off, bytes are taken away again: milliseconds. */
const HOLD = 15 * 60 * 1000;
const PROLONG_INTERVAL = 60 * 1000;

/** @param id one that is the same when the same copy is begun again, so that one that was cut off leaves nothing for long */
export async function whileCollectionIsHeld<Result>(
  { database, clock, id }: { readonly database: Database; readonly clock: Clock; readonly id: string },
  work: () => Promise<Result>,
): Promise<Result> {
  const hold = () => database.transaction((tx) => holdCollection(tx, id, clock.now() + HOLD));
  await hold();
  const prolonging = runEvery(PROLONG_INTERVAL, hold, () => {
    // The next one comes long before the hold ends.
  });
  try {
    return await work();
  } finally {
    await prolonging[Symbol.asyncDispose]();
    await database.transaction((tx) => releaseCollection(tx, id));
  }
}
