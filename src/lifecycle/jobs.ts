// Jobs: what runs in the background because somebody or a schedule asks for it, and what came of it.
import { randomUUID } from 'node:crypto';
import type { Author } from '../events/author.ts';
import { recordEvent } from '../events/record.ts';
import { RegistryError } from '../oci/error.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import {
  deleteOldJobs,
  endJobsOf,
  endSilentJobs,
  findJob,
  insertJob,
  type JobRow,
  type JobRunner,
  listJobs,
  updateJob,
} from '../tables/jobs.ts';
import type { CollectOptions } from './garbage.ts';

/** How often is written down how far a job is: milliseconds. */
const HEARTBEAT = 2_000;
/** Who has not been heard of for so long does not run any more: milliseconds. */
const SILENCE = 60_000;
/** Of each kind. */
const KEPT = 50;
const STOPPED = 'it was stopped before its end, with the process that ran it';

/** Counts, names and the like. */
type JsonObject = Readonly<Record<string, unknown>>;

export interface JobRun {
  /** Aborted when the process stops. */
  readonly signal: AbortSignal;
  onProgress(progress: JsonObject): void;
}

/** What a kind of job does, and how far it got in the end. */
type JobKind<Options extends object> = (options: Options, run: JobRun) => Promise<JsonObject>;

export interface Job extends Omit<JobRow, 'options' | 'progress'> {
  readonly options: JsonObject;
  readonly progress: JsonObject;
}

/** The jobs that there are, with what each may be told; what it is not told is as the settings say. */
export type BackgroundJobs = Jobs<{ readonly 'collect-garbage': Partial<CollectOptions> }>;

type JobKinds<OptionsOf> = { readonly [Kind in keyof OptionsOf]: JobKind<OptionsOf[Kind] & object> };

export class Jobs<OptionsOf extends Record<string, object>> implements AsyncDisposable {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #runner: JobRunner;
  readonly #kinds: JobKinds<OptionsOf>;
  readonly #onFailure: (error: unknown, kind: string) => void;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<boolean>>();

  /** @param options.onFailure told what a job throws, beside its record */
  constructor(options: {
    readonly database: Database;
    readonly clock: Clock;
    readonly runner: JobRunner;
    readonly kinds: JobKinds<OptionsOf>;
    readonly onFailure: (error: unknown, kind: string) => void;
  }) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#runner = options.runner;
    this.#kinds = options.kinds;
    this.#onFailure = options.onFailure;
  }

  /**
   * Begins a job; what comes of it, `find` tells.
   * @throws RegistryError CONFLICT while another one of its kind runs, in this process or in another one
   */
  async start<Kind extends keyof OptionsOf & string>(
    kind: Kind,
    options: OptionsOf[Kind],
    requestedBy: Author,
  ): Promise<Job> {
    const { job } = await this.#begin(kind, options, requestedBy);
    return job;
  }

  /** The same, and waits for its end. Nothing happens while another one runs. @returns whether it ran, and ended well */
  async run<Kind extends keyof OptionsOf & string>(
    kind: Kind,
    options: OptionsOf[Kind],
    requestedBy: Author,
  ): Promise<boolean> {
    try {
      const { ended } = await this.#begin(kind, options, requestedBy);
      return await ended;
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'CONFLICT') return false;
      throw error;
    }
  }

  /** For a server that starts: what the one before it ran has ended with it. */
  async endInterrupted(): Promise<void> {
    await this.#database.transaction((tx) => endJobsOf(tx, this.#runner, STOPPED));
  }

  async find(id: string): Promise<Job | undefined> {
    const row = await findJob(this.#database, id);
    return row && this.#shown(row);
  }

  /** The newest first, older than `before`. */
  async list(before: Pick<Job, 'startedAt' | 'id'> | undefined, limit: number): Promise<readonly Job[]> {
    return (await listJobs(this.#database, before, limit)).map((row) => this.#shown(row));
  }

  /** Tells the jobs that run to stop, and waits until they have. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error(STOPPED));
    await Promise.all(this.#running);
  }

  async #begin<Kind extends keyof OptionsOf & string>(
    kind: Kind,
    options: OptionsOf[Kind],
    requestedBy: Author,
  ): Promise<{ readonly job: Job; readonly ended: Promise<boolean> }> {
    const now = this.#clock.now();
    const begun = { state: 'running', progress: '{}', problem: '', startedAt: now, updatedAt: now } as const;
    const id = randomUUID();
    const row = {
      ...begun,
      id,
      kind,
      options: JSON.stringify(options),
      requestedBy: requestedBy.name,
      runner: this.#runner,
      endedAt: null,
    };
    const isBegun = await this.#database.transaction(async (tx) => {
      await endSilentJobs(tx, { before: now - SILENCE, now }, STOPPED);
      await deleteOldJobs(tx, kind, KEPT);
      if (!(await insertJob(tx, row))) return false;
      const detail = { job: kind, ...options };
      // What the schedule begins is no news.
      if (requestedBy.kind !== 'system') {
        await recordEvent(tx, { kind: 'job.started', at: now, author: requestedBy, detail });
      }
      return true;
    });
    if (!isBegun) {
      throw new RegistryError('CONFLICT', `a job "${kind}" runs already: "chartroom job list" shows how far it is`);
    }
    const ended = this.#perform(row.id, kind, options);
    this.#running.add(ended);
    void ended.finally(() => this.#running.delete(ended));
    return { job: this.#shown(row), ended };
  }

  /** Never rejects. @returns whether it ended well */
  async #perform<Kind extends keyof OptionsOf & string>(
    id: string,
    kind: Kind,
    options: OptionsOf[Kind],
  ): Promise<boolean> {
    let progress: JsonObject = {};
    const heartbeat = setInterval(
      () => void this.#write(id, kind, { state: 'running', progress, problem: '' }),
      HEARTBEAT,
    );
    try {
      const run = {
        signal: this.#stop.signal,
        onProgress: (latest: JsonObject) => {
          progress = { ...latest };
        },
      };
      progress = await this.#kinds[kind](options, run);
      await this.#write(id, kind, { state: 'succeeded', progress, problem: '' });
      return true;
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#onFailure(error, kind);
      const problem = error instanceof RegistryError || this.#stop.signal.aborted ? messageOf(error) : FAILED;
      await this.#write(id, kind, { state: 'failed', progress, problem });
      return false;
    } finally {
      clearInterval(heartbeat);
    }
  }

  async #write(
    id: string,
    kind: string,
    change: { readonly state: JobRow['state']; readonly progress: JsonObject; readonly problem: string },
  ): Promise<void> {
    const now = this.#clock.now();
    const endedAt = change.state === 'running' ? null : now;
    const written = { ...change, progress: JSON.stringify(change.progress), updatedAt: now, endedAt };
    try {
      await this.#database.transaction((tx) => updateJob(tx, id, written));
    } catch (error) {
      this.#onFailure(error, kind);
    }
  }

  #shown(row: JobRow): Job {
    const isSilent = row.state === 'running' && row.updatedAt < this.#clock.now() - SILENCE;
    const state = isSilent ? ({ state: 'failed', problem: STOPPED, endedAt: row.updatedAt } as const) : {};
    return { ...row, ...state, options: read(row.options), progress: read(row.progress) };
  }
}

/** What an error of ours says may name files of the machine, and is in the log. */
const FAILED = 'the registry failed; its log says why';

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : FAILED;
}

function read(json: string): JsonObject {
  return JSON.parse(json) as JsonObject;
}
