// Jobs: one of a kind at a time, whatever comes of it is told, and none outlives the process.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readMigrations } from '../../src/adapters/migration-files.ts';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { SYSTEM } from '../../src/events/author.ts';
import { type JobRun, Jobs } from '../../src/lifecycle/jobs.ts';
import { RegistryError } from '../../src/oci/error.ts';
import type { Database } from '../../src/ports/database.ts';
import { migrate } from '../../src/tables/migrate.ts';
import { eventually } from '../http/support/eventually.ts';
import { TestClock } from '../support/clock.ts';
import { AUTHOR } from '../support/manager.ts';

let folder: string;
let database: Database;
const clock = new TestClock('2026-11-23T10:00:00Z');
const failures: unknown[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chartroom-test-'));
  database = openSqliteDatabase(join(folder, 'chartroom.db'));
  await migrate(database, await readMigrations('sqlite'), 0);
  failures.length = 0;
});
afterEach(async () => {
  vi.useRealTimers();
  await database.close();
  await rm(folder, { recursive: true });
});

type Work = (options: { readonly times?: number }, run: JobRun) => Promise<Record<string, unknown>>;

function jobsWith(count: Work, other: Work = async () => ({}), runner: 'command' | 'server' = 'server') {
  return new Jobs<{ readonly count: { readonly times?: number }; readonly other: object }>({
    ...{ database, clock, runner, onFailure: (error) => failures.push(error) },
    kinds: { count, other },
  });
}

test('a job runs in the background, and what came of it is told', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using jobs = jobsWith(async ({ times }, { onProgress }) => {
    onProgress({ counted: 1 });
    await promise;
    return { counted: times };
  });
  const begun = await jobs.start('count', { times: 3 }, AUTHOR);
  const shown = { kind: 'count', requestedBy: AUTHOR.name, problem: '', options: { times: 3 } };
  expect(begun).toMatchObject({ ...shown, state: 'running', progress: {}, startedAt: clock.now(), endedAt: null });
  expect(await jobs.find(begun.id)).toEqual(begun);
  resolve();
  await eventually(async () => (await jobs.find(begun.id))?.state).toBe('succeeded');
  expect(await jobs.list(undefined, 10)).toEqual([
    { ...begun, state: 'succeeded', progress: { counted: 3 }, endedAt: clock.now() },
  ]);
  expect(failures).toEqual([]);
});

test('another one of its kind is refused meanwhile, in this process and in another one, and one of another kind is not', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using jobs = jobsWith(async () => {
    await promise;
    return {};
  });
  await using elsewhere = jobsWith(async () => ({}));
  await jobs.start('count', {}, AUTHOR);
  for (const each of [jobs, elsewhere]) {
    await expect(each.start('count', {}, AUTHOR)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'a job "count" runs already: "chartroom job list" shows how far it is',
    });
    // The schedule waits for its next time.
    await each.run('count', {}, SYSTEM);
    await each.run('other', {}, SYSTEM);
  }
  resolve();
  await eventually(async () => (await jobs.list(undefined, 10)).filter(({ state }) => state === 'running')).toEqual([]);
  await elsewhere.run('count', {}, SYSTEM);
  expect((await jobs.list(undefined, 10)).filter(({ kind }) => kind === 'count')).toHaveLength(2);
});

test('why a job was refused is told, and why it failed stands in the log alone', async () => {
  await using jobs = jobsWith(
    async () => {
      throw new Error('/data/blobs cannot be read');
    },
    async () => {
      throw new RegistryError('CONFLICT', 'there is nothing to do');
    },
  );
  await jobs.run('count', {}, SYSTEM);
  await jobs.run('other', {}, SYSTEM);
  const problems = Object.fromEntries((await jobs.list(undefined, 10)).map(({ kind, problem }) => [kind, problem]));
  expect(problems).toEqual({ count: 'the registry failed; its log says why', other: 'there is nothing to do' });
  expect(failures).toContainEqual(new Error('/data/blobs cannot be read'));
});

test('the end of the process tells a job to stop, and waits for it', async () => {
  const jobs = jobsWith(async (_options, { signal, onProgress }) => {
    onProgress({ counted: 1 });
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    signal.throwIfAborted();
    return {};
  });
  const { id } = await jobs.start('count', {}, AUTHOR);
  await jobs[Symbol.asyncDispose]();
  expect(await jobs.find(id)).toMatchObject({
    ...{ state: 'failed', progress: { counted: 1 } },
    problem: 'it was stopped before its end, with the process that ran it',
  });
  expect(failures).toEqual([]);
});

test('a job of a process that was killed has ended once it was not heard of for a minute', async () => {
  // A killed process writes nothing any more; this one would, when two seconds go by.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { promise, resolve } = Promise.withResolvers<void>();
  await using killed = jobsWith(async () => {
    await promise;
    return {};
  });
  const { id } = await killed.start('count', {}, AUTHOR);
  await using jobs = jobsWith(async () => ({}));
  clock.advance(60_000);
  await expect(jobs.start('count', {}, AUTHOR)).rejects.toMatchObject({ code: 'CONFLICT' });
  clock.advance(1);
  expect(await jobs.find(id)).toMatchObject({ state: 'failed', endedAt: clock.now() - 60_001 });
  await jobs.start('count', {}, AUTHOR);
  resolve();
});

test('a server that starts ends what the one before it ran, and not what commands run', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const forever: Work = async () => {
    await promise;
    return {};
  };
  await using killed = jobsWith(forever);
  await using command = jobsWith(forever, forever, 'command');
  const { id } = await killed.start('count', {}, AUTHOR);
  const other = await command.start('other', {}, AUTHOR);
  await using next = jobsWith(async () => ({}));
  await next.endInterrupted();
  expect(await next.find(id)).toMatchObject({ state: 'failed', endedAt: clock.now() });
  expect(await next.find(other.id)).toMatchObject({ state: 'running' });
  resolve();
});

test('who has begun a job is in the audit trail, and the schedule is not', async () => {
  await using jobs = jobsWith(async () => ({}));
  await jobs.run('count', {}, SYSTEM);
  await jobs.run('count', { times: 2 }, AUTHOR);
  const events = await database.query<{ kind: string; actor: string; detail: string }>('select * from events');
  expect(events.map(({ kind, actor, detail }) => [kind, actor, JSON.parse(detail)])).toEqual([
    ['job.started', AUTHOR.name, { job: 'count', times: 2 }],
  ]);
});
