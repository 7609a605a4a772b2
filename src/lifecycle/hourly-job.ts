// Runs a job in the background: once at the start, then every hour, never twice at a time.

const HOUR = 60 * 60 * 1000;

/**
 * Disposing of it waits for the run that is under way.
 * @param onFailure told what a run throws; the next one comes all the same
 */
export function runHourly(job: () => Promise<unknown>, onFailure: (error: unknown) => void): AsyncDisposable {
  let running: Promise<unknown> | undefined;
  const run = (): void => {
    running ??= job()
      .catch(onFailure)
      .finally(() => {
        running = undefined;
      });
  };
  run();
  const timer = setInterval(run, HOUR).unref();
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
