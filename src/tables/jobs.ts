// Table jobs: what runs, or ran, in the background.
import type { Queryable, Transaction } from '../ports/database.ts';

export type JobRunner = 'command' | 'server';

export interface JobRow {
  readonly id: string;
  readonly kind: string;
  readonly state: 'running' | 'succeeded' | 'failed';
  /** JSON object */
  readonly options: string;
  /** JSON object */
  readonly progress: string;
  /** Why it failed; empty otherwise. */
  readonly problem: string;
  readonly requestedBy: string;
  /** Which kind of process it runs in. */
  readonly runner: JobRunner;
  /** milliseconds since 1970, as the next two */
  readonly startedAt: number;
  /** When it was last heard of. */
  readonly updatedAt: number;
  readonly endedAt: number | null;
}

const COLUMNS = `id, kind, state, options, progress, problem, requested_by as "requestedBy", runner, started_at as "startedAt",
  updated_at as "updatedAt", ended_at as "endedAt"`;

/** Begins a job. False when another one of its kind runs. */
export async function insertJob(tx: Transaction, job: JobRow): Promise<boolean> {
  const rows = await tx.query(
    `insert into jobs (id, kind, state, options, progress, problem, requested_by, runner, started_at, updated_at, ended_at)
     select $1, $2, $3, $4, $5, $6, $7, $8, cast($9 as bigint), cast($10 as bigint), cast($11 as bigint)
     where not exists (select 1 from jobs where kind = $2 and state = 'running') returning id`,
    [
      job.id,
      job.kind,
      job.state,
      job.options,
      job.progress,
      job.problem,
      job.requestedBy,
      job.runner,
      job.startedAt,
      job.updatedAt,
      job.endedAt,
    ],
  );
  return rows.length > 0;
}

/** What has come of a job that runs. Changes nothing when it is over. */
export async function updateJob(
  tx: Transaction,
  id: string,
  change: Pick<JobRow, 'state' | 'progress' | 'problem' | 'updatedAt' | 'endedAt'>,
): Promise<void> {
  await tx.query(
    `update jobs set state = $2, progress = $3, problem = $4, updated_at = $5, ended_at = $6
     where id = $1 and state = 'running'`,
    [id, change.state, change.progress, change.problem, change.updatedAt, change.endedAt],
  );
}

/**
 * Ends the jobs that were last heard of before a time: whoever ran them was stopped. So they were if that is still to come, since
 * the clock was put back.
 */
export async function endSilentJobs(
  tx: Transaction,
  { before, now }: { readonly before: number; readonly now: number },
  problem: string,
): Promise<void> {
  await tx.query(
    `update jobs set state = 'failed', problem = $3, ended_at = updated_at
     where state = 'running' and (updated_at < $1 or updated_at > $2)`,
    [before, now, problem],
  );
}

/** Ends all that run in a kind of process of which there is none any more. */
export async function endJobsOf(tx: Transaction, runner: JobRunner, problem: string): Promise<void> {
  await tx.query(
    `update jobs set state = 'failed', problem = $2, ended_at = updated_at where state = 'running' and runner = $1`,
    [runner, problem],
  );
}

export async function findJob(database: Queryable, id: string): Promise<JobRow | undefined> {
  return (await database.query<JobRow>(`select ${COLUMNS} from jobs where id = $1`, [id]))[0];
}

/** The newest first, older than `before`. */
export async function listJobs(
  database: Queryable,
  before: Pick<JobRow, 'startedAt' | 'id'> | undefined,
  limit: number,
): Promise<readonly JobRow[]> {
  return await database.query<JobRow>(
    `select ${COLUMNS} from jobs where (started_at, id) < ($1, $2) order by started_at desc, id desc limit $3`,
    [before?.startedAt ?? Number.MAX_SAFE_INTEGER, before?.id ?? '', limit],
  );
}

/** Forgets all ended jobs of a kind but the newest. */
export async function deleteOldJobs(tx: Transaction, kind: string, kept: number): Promise<void> {
  await tx.query(
    `delete from jobs where kind = $1 and state <> 'running' and id not in
       (select id from jobs where kind = $1 order by started_at desc, id desc limit $2)`,
    [kind, kept],
  );
}
