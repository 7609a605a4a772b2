// Transactions that wait together: each stands or falls by itself, and nobody knows of any before the disk does.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GroupCommits } from '../../src/adapters/files/group-commits.ts';
import { SharedReads } from '../../src/adapters/files/shared-reads.ts';
import { SqliteConnection } from '../../src/adapters/files/sqlite-connection.ts';
import { WriteAheadLog } from '../../src/adapters/files/write-ahead-log.ts';
import { temporaryFolder } from '../support/chartroom-process.ts';

/** Counts syncs, and lets a test hold one up or fail it. */
class WatchedLog extends WriteAheadLog {
  syncs = 0;
  before: () => Promise<void> = async () => undefined;

  protected override async syncFile(): Promise<void> {
    this.syncs += 1;
    await this.before();
    await super.syncFile();
  }
}

class WatchedConnection extends SqliteConnection {
  readonly checkpoints: string[] = [];

  override checkpoint(mode: 'passive' | 'truncate'): void {
    this.checkpoints.push(mode);
    super.checkpoint(mode);
  }
}

async function open() {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'test.db');
  const writer = new WatchedConnection(path, 'writer');
  const reader = new SqliteConnection(path, 'reader');
  const log = new WatchedLog(path, writer);
  const reads = new SharedReads(reader);
  const commits = new GroupCommits(writer, log, reads);
  await commits.run((tx) => tx.script('create table numbers (number integer primary key)'));
  log.syncs = 0;
  return {
    ...{ commits, log, path, writer },
    add: (number: number) => commits.run((tx) => tx.query('insert into numbers values ($1)', [number])),
    numbers: () => reads.query<{ number: number }>('select number from numbers').map(({ number }) => number),
    [Symbol.asyncDispose]: async () => {
      await commits.end();
      reads.end();
      await log.close();
      reader.close();
      writer.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test('those that wait together are committed with one sync', async () => {
  await using opened = await open();
  await Promise.all([1, 2, 3, 4, 5].map((number) => opened.add(number)));
  expect(opened.numbers()).toEqual([1, 2, 3, 4, 5]);
  expect(opened.log.syncs).toBe(1);
});

test('one that fails takes nothing of those with it that it was committed with', async () => {
  await using opened = await open();
  const outcomes = await Promise.allSettled([1, 2, 1, 3].map((number) => opened.add(number)));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(opened.numbers()).toEqual([1, 2, 3]);
  expect(opened.log.syncs).toBe(1);
});

test('until the disk has it, a commit is neither told of nor read, nor is another one begun', async () => {
  await using opened = await open();
  const syncing = Promise.withResolvers<void>();
  const synced = Promise.withResolvers<void>();
  opened.log.before = async () => {
    syncing.resolve();
    await synced.promise;
  };
  const told: number[] = [];
  const first = opened.add(1).then(() => told.push(1));
  await syncing.promise;
  const second = opened.add(2).then(() => told.push(2));
  // Several turns of the event loop, each with reads of its own.
  for (let turn = 0; turn < 5; turn += 1) {
    expect(opened.numbers()).toEqual([]);
    await new Promise(setImmediate);
  }
  expect(told).toEqual([]);
  expect(opened.writer.isInTransaction).toBe(false);
  opened.log.before = async () => undefined;
  synced.resolve();
  await Promise.all([first, second]);
  expect(told).toEqual([1, 2]);
  expect(opened.numbers()).toEqual([1, 2]);
});

test('a sync that fails fails all that it was for, and the next commit writes all of it anew', async () => {
  await using opened = await open();
  opened.log.before = async () => {
    opened.log.before = async () => undefined;
    throw Object.assign(new Error('the disk does not work'), { code: 'EIO' });
  };
  const outcomes = await Promise.allSettled([opened.add(1), opened.add(2)]);
  for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { trouble: 'broken' } });
  await opened.add(3);
  expect(opened.writer.checkpoints).toEqual(['truncate']);
  expect(opened.numbers()).toContain(3);
});

test('the log does not grow, however much is written', async () => {
  await using opened = await open();
  const write = (from: number) =>
    opened.commits.run(async (tx) => {
      for (let number = from; number < from + 500; number += 1) {
        await tx.query('insert into numbers values ($1)', [number]);
      }
    });
  for (let round = 0; round < 400; round += 1) await write(round * 500);
  const [pages] = opened.writer.query<{ pages: number }>('select count(*) as pages from numbers');
  expect(pages).toEqual({ pages: 200_000 });
  expect((await stat(`${opened.path}-wal`)).size).toBeLessThan((await stat(opened.path)).size / 4);
});
