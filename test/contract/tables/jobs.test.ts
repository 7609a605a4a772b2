// Jobs, and uploads that nobody goes on with: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import type { UploadId } from '../../../src/ports/blob-store.ts';
import {
  deleteOldJobs,
  endJobsOf,
  endSilentJobs,
  findJob,
  insertJob,
  type JobRow,
  listJobs,
  updateJob,
} from '../../../src/tables/jobs.ts';
import { insertUpload, listUploadsBefore } from '../../../src/tables/uploads.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { WEB } from './rows.ts';

afterAll(stopDatabases);

function job(id: string, change: Partial<JobRow> = {}): JobRow {
  return {
    ...{ id, kind: 'clean', state: 'running', options: '{}', progress: '{"done":1}', problem: '', requestedBy: 'ann' },
    runner: 'server',
    ...{ startedAt: 1, updatedAt: 1, endedAt: null },
    ...change,
  };
}

const ENDED = { state: 'succeeded', endedAt: 5 } as const;

for (const kind of DATABASES) {
  describe(kind.name, () => {
    test('one job of a kind runs at a time', async () => {
      await using opened = await openMigrated(kind);
      const begun = await opened.database.transaction(async (tx) => [
        await insertJob(tx, job('a')),
        await insertJob(tx, job('b')),
        await insertJob(tx, job('c', { kind: 'other' })),
      ]);
      expect(begun).toEqual([true, false, true]);
      const change = { state: 'failed', progress: '{"done":2}', problem: 'why', updatedAt: 3, endedAt: 4 } as const;
      await opened.database.transaction((tx) => updateJob(tx, 'a', change));
      expect(await findJob(opened.database, 'a')).toEqual({ ...job('a'), ...change });
      expect(await findJob(opened.database, 'b')).toBeUndefined();
      await opened.database.transaction((tx) => updateJob(tx, 'a', { ...change, problem: 'something else' }));
      expect((await findJob(opened.database, 'a'))?.problem).toBe('why');
      expect(await opened.database.transaction((tx) => insertJob(tx, job('b')))).toBe(true);
    });

    test('a job that was not heard of for long has ended', async () => {
      await using opened = await openMigrated(kind);
      await opened.database.transaction(async (tx) => {
        await insertJob(tx, job('silent', { updatedAt: 6 }));
        await insertJob(tx, job('recent', { kind: 'other', updatedAt: 7 }));
        await insertJob(tx, job('to come', { kind: 'third', updatedAt: 21 }));
        await endSilentJobs(tx, { before: 7, now: 20 }, 'stopped');
      });
      expect(await findJob(opened.database, 'silent')).toMatchObject({
        state: 'failed',
        problem: 'stopped',
        endedAt: 6,
      });
      expect(await findJob(opened.database, 'recent')).toMatchObject({ state: 'running', endedAt: null });
      expect(await findJob(opened.database, 'to come')).toMatchObject({ state: 'failed', endedAt: 21 });
    });

    test('jobs of one kind of process are ended, and no others', async () => {
      await using opened = await openMigrated(kind);
      await opened.database.transaction(async (tx) => {
        await insertJob(tx, job('server'));
        await insertJob(tx, job('command', { kind: 'other', runner: 'command' }));
        await insertJob(tx, job('ended', { ...ENDED, kind: 'third' }));
        await endJobsOf(tx, 'server', 'stopped');
      });
      expect(await findJob(opened.database, 'server')).toMatchObject({
        state: 'failed',
        problem: 'stopped',
        endedAt: 1,
      });
      expect(await findJob(opened.database, 'command')).toMatchObject({ state: 'running' });
      expect(await findJob(opened.database, 'ended')).toMatchObject({ state: 'succeeded', endedAt: 5 });
    });

    test('jobs are listed from the newest, a page at a time, and the oldest of a kind are forgotten', async () => {
      await using opened = await openMigrated(kind);
      const { database } = opened;
      await database.transaction(async (tx) => {
        for (const [id, startedAt] of [
          ['a', 1],
          ['b', 2],
          ['c', 2],
          ['d', 3],
        ] as const) {
          await insertJob(tx, job(id, { ...ENDED, startedAt }));
        }
        await insertJob(tx, job('e', { ...ENDED, kind: 'other', startedAt: 0 }));
      });
      const ids = async () => (await listJobs(database, undefined, 10)).map(({ id }) => id);
      expect(await ids()).toEqual(['d', 'c', 'b', 'a', 'e']);
      expect((await listJobs(database, { startedAt: 2, id: 'c' }, 2)).map(({ id }) => id)).toEqual(['b', 'a']);
      await database.transaction((tx) => deleteOldJobs(tx, 'clean', 2));
      expect(await ids()).toEqual(['d', 'c', 'e']);
    });

    test('uploads that were opened before a time are listed in the order in which they were', async () => {
      await using opened = await openMigrated(kind);
      const { database } = opened;
      const upload = (id: string) => ({ id: id as UploadId, repository: WEB, owner: 'user:1', createdBy: 'ann' });
      await database.transaction(async (tx) => {
        for (const [id, time] of [
          ['b', 1],
          ['a', 2],
          ['c', 2],
          ['d', 3],
        ] as const)
          await insertUpload(tx, { ...upload(id), createdAt: time }, 9);
      });
      const first = await listUploadsBefore(database, 3, { createdAt: -1, id: '' }, 2);
      expect(first).toEqual([
        { ...upload('b'), createdAt: 1 },
        { ...upload('a'), createdAt: 2 },
      ]);
      expect(await listUploadsBefore(database, 3, { createdAt: 2, id: 'a' }, 9)).toEqual([
        { ...upload('c'), createdAt: 2 },
      ]);
    });
  });
}
