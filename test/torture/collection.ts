// Garbage collection and other jobs through the management API.
import { setTimeout as wait } from 'node:timers/promises';
import { type Connection, requireStatus, Violation } from './connection.ts';

/** Between two collections, and between two looks at one: milliseconds. */
const PAUSE = 20;

/** Runs one collection that leaves nothing any time, and waits for its end. @returns false when another one was in its way */
export async function collectGarbage(connection: Connection): Promise<boolean> {
  const hasRun = await runJob(connection, 'collect-garbage', { gracePeriod: 0 });
  await wait(PAUSE);
  return hasRun;
}

/**
 * Starts a job, and waits for its end.
 * @returns false when another one of its kind was in its way, which a schedule may have started
 * @throws Violation when it did not end well
 */
export async function runJob(connection: Connection, kind: string, options: object): Promise<boolean> {
  const body = Buffer.from(JSON.stringify({ kind, ...options }));
  const started = await connection.ask('POST', '/api/v1/jobs', { body, type: 'application/json' });
  requireStatus(started, [202, 409], `start of the job ${kind}`);
  if (started.status === 409) return false;
  const { id } = JSON.parse(started.body.toString()) as { readonly id: string };
  for (;;) {
    await wait(PAUSE);
    const answer = requireStatus(await connection.ask('GET', `/api/v1/jobs/${id}`), [200], `the job ${kind}`);
    const { state, problem } = JSON.parse(answer.body.toString()) as {
      readonly state: string;
      readonly problem?: string;
    };
    if (state === 'succeeded') return true;
    if (state !== 'running') throw new Violation(`the job ${kind} ${state}: ${problem}`);
  }
}
