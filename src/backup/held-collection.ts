// Holds garbage collection off while something copies what is stored.
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { runEvery } from '../ports/repeated-job.ts';
import { isForLackOfRoom, StorageUnusable } from '../ports/storage-unusable.ts';
import { holdCollection, releaseCollection } from '../tables/collection-holds.ts';

/** So long after a copy was cut off, bytes are taken away again: milliseconds. */
const HOLD = 15 * 60 * 1000;
const PROLONG_INTERVAL = 60 * 1000;

/**
 * Where there is no room for a hold, the work is done without one: a copy is wanted most when a disk is full. Garbage collection has
 * hardly room to record what it takes then; whoever copies looks whether it has taken something all the same.
 * @param id one that is the same when the same copy is begun again, so that one that was cut off leaves nothing for long
 */
export async function whileCollectionIsHeld<Result>(
  { database, clock, id }: { readonly database: Database; readonly clock: Clock; readonly id: string },
  work: () => Promise<Result>,
): Promise<Result> {
  const hold = () => database.transaction((tx) => holdCollection(tx, id, clock.now() + HOLD));
  const tried = Promise.withResolvers<void>();
  const defects: unknown[] = [];
  const prolonging = runEvery(
    PROLONG_INTERVAL,
    () => hold().then(tried.resolve),
    (error) => {
      if (isForLackOfRoom(error)) tried.resolve();
      else tried.reject(error);
      // One that cannot be prolonged just now is tried again before it ends, and whoever copies looks anyway.
      if (!(error instanceof StorageUnusable)) defects.push(error);
    },
  );
  try {
    await tried.promise;
    const result = await work();
    if (defects.length > 0) throw defects[0];
    return result;
  } finally {
    await prolonging[Symbol.asyncDispose]();
    await database
      .transaction((tx) => releaseCollection(tx, id))
      .catch((error: unknown) => {
        // It ends by itself.
        if (!(error instanceof StorageUnusable)) throw error;
      });
  }
}
