// Keeps the journal up to date in the background, some seconds behind, and once more at the end.
import { type NotingSuccess, runEvery } from '../ports/repeated-job.ts';
import { JournalKeeper, type KeeperParts } from './journal-keeper.ts';

/** milliseconds */
const INTERVAL = 3_000;

export function keepJournal(
  parts: KeeperParts & { readonly noting: NotingSuccess; readonly onFailure: (error: unknown) => void },
): AsyncDisposable {
  const keeper = new JournalKeeper(parts);
  const catchUp = parts.noting(() => keeper.catchUp());
  const job = runEvery(INTERVAL, catchUp, parts.onFailure);
  return {
    [Symbol.asyncDispose]: async () => {
      await job[Symbol.asyncDispose]();
      await catchUp().catch(parts.onFailure);
    },
  };
}
