// Shows on a terminal how far something long is, on one line that is written over; elsewhere nothing.
import type { BackupProgress } from '../backup/backup-progress.ts';
import { systemClock } from '../ports/clock.ts';

/** milliseconds */
const INTERVAL = 100;
const CLEAR_LINE = '\r\u001b[K';

export interface ShownProgress extends Disposable {
  onProgress(this: void, progress: BackupProgress): void;
  /** Takes the line away, before something else is written. */
  end(): void;
}

/** @param what is being done, such as "backing up" */
export function showProgress(what: string, terminal: NodeJS.WriteStream = process.stderr): ShownProgress {
  let shownAt = 0;
  const end = (): void => {
    if (shownAt !== 0) terminal.write(CLEAR_LINE);
    shownAt = 0;
  };
  const onProgress = (progress: BackupProgress): void => {
    const now = systemClock.now();
    if (!terminal.isTTY || now - shownAt < INTERVAL) return;
    shownAt = now;
    const part =
      progress.stage === 'database'
        ? `database, ${Math.floor(progress.done * 100)} %`
        : `blob ${progress.done} of ${progress.count}`;
    terminal.write(`${CLEAR_LINE}${what}: ${part}`);
  };
  return { onProgress, end, [Symbol.dispose]: end };
}
