// Shows on a terminal how far something long is, on one line that is written over; elsewhere nothing.
import { systemClock } from '../ports/clock.ts';

/** milliseconds */
const INTERVAL = 100;
const CLEAR_LINE = '\r\u001b[K';

interface ShownProgress<Progress> extends Disposable {
  onProgress(this: void, progress: Progress): void;
  /** Takes the line away, before something else is written. */
  end(): void;
}

/** @param describe says in a few words how far it is */
export function showProgress<Progress>(
  describe: (progress: Progress) => string,
  terminal: NodeJS.WriteStream = process.stderr,
): ShownProgress<Progress> {
  let shownAt = 0;
  const end = (): void => {
    if (shownAt !== 0) terminal.write(CLEAR_LINE);
    shownAt = 0;
  };
  const onProgress = (progress: Progress): void => {
    const now = systemClock.now();
    if (!terminal.isTTY || now - shownAt < INTERVAL) return;
    shownAt = now;
    terminal.write(`${CLEAR_LINE}${describe(progress)}`);
  };
  return { onProgress, end, [Symbol.dispose]: end };
}
