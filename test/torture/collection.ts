// Garbage collection and other jobs through the management API, where the server has them.
import { setTimeout as wait } from 'node:timers/promises';
import { type Connection, requireStatus } from './connection.ts';

/** Between two collections, and between two looks at one: milliseconds. */
const PAUSE = 20;

/** Whether the server's API has jobs. */
export async function hasJobs(connection: Connection): Promise<boolean> {
  const { body } = requireStatus(await connection.ask('GET', '/api/v1/openapi.json'), [200], 'the OpenAPI document');
  const { paths } = JSON.parse(body.toString()) as {
    readonly paths: Readonly<Record<string, { readonly post?: object }>>;
  };
  return Object.entries(paths).some(([path, methods]) => /\/jobs$/.test(path) && methods.post !== undefined);
}

/** Runs one collection that leaves nothing any time, and waits for its end. */
export async function collectGarbage(connection: Connection): Promise<void> {
  await runJob(connection, 'collect-garbage', { gracePeriod: 0 });
  await wait(PAUSE);
}

/** Starts a job, and waits for its end. */
export async function runJob(connection: Connection, kind: string, options: object): Promise<void> {
  const body = Buffer.from(JSON.stringify({ kind, ...options }));
  const answer = await connection.ask('POST', '/api/v1/jobs', { body, type: 'application/json' });
  // 409: one is running already, which may have been started by a schedule.
  requireStatus(answer, [200, 201, 202, 409], `start of the job ${kind}`);
  const { id } = JSON.parse(answer.body.toString()) as { readonly id?: string };
  for (let isRunning = id !== undefined; isRunning; ) {
    await wait(PAUSE);
    const { status, body: job } = await connection.ask('GET', `/api/v1/jobs/${id}`);
    isRunning = status === 200 && (JSON.parse(job.toString()) as { readonly state: string }).state === 'running';
  }
}
