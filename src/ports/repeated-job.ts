// Runs a job in the background: once at the start, then again and again, never twice at a time.

/** The same job, whose successes are noted. */
export type NotingSuccess = <Result>(run: () => Promise<Result>) => () => Promise<Result>;

/**
 * Disposing of it waits for the run that is under way.
 * @param interval milliseconds
 * @param onFailure told what a run throws; the next one comes all the same
 */
export function runEvery(
  interval: number,
  job: () => Promise<unknown>,
  onFailure: (error: unknown) => void,
): AsyncDisposable {
  let running: Promise<unknown> | undefined;
  const run = (): void => {
    running ??= job()
      .catch(onFailure)
      .finally(() => {
        running = undefined;
      });
  };
  run();
  const timer = setInterval(run, interval).unref();
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
