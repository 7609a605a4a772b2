// Reads of one turn of the event loop: of one moment, and each statement without values read once.
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { SharedReads } from '../../src/adapters/files/shared-reads.ts';
import { SqliteConnection } from '../../src/adapters/files/sqlite-connection.ts';
import type { SqlValue } from '../../src/ports/database.ts';
import { temporaryFolder } from '../support/chartroom-process.ts';

class CountedConnection extends SqliteConnection {
  queries = 0;

  override query<Row extends object>(text: string, values?: readonly SqlValue[]): readonly Row[] {
    this.queries += 1;
    return super.query<Row>(text, values);
  }
}

async function open() {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'test.db');
  const writer = new SqliteConnection(path, 'writer');
  writer.execute('create table revision (number integer not null); insert into revision values (1)');
  const reader = new CountedConnection(path, 'reader');
  const reads = new SharedReads(reader);
  return {
    ...{ writer, reader, reads },
    revision: () => reads.query<{ number: number }>('select number from revision')[0]?.number,
    [Symbol.asyncDispose]: async () => {
      reads.end();
      reader.close();
      writer.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test('a statement without values is read once in a turn, and again in the next one', async () => {
  await using opened = await open();
  const { writer, reader, revision } = opened;
  expect([revision(), revision()]).toEqual([1, 1]);
  expect(reader.queries).toBe(1);
  writer.execute('update revision set number = 2');
  expect(revision()).toBe(1);
  await nextTurn();
  expect([revision(), revision()]).toEqual([2, 2]);
  expect(reader.queries).toBe(2);
});

test('one with values is read each time', async () => {
  await using opened = await open();
  const { reads, reader } = opened;
  const above = (number: number) => reads.query('select number from revision where number > $1', [number]).length;
  expect([above(0), above(1), above(0)]).toEqual([1, 0, 1]);
  expect(reader.queries).toBe(3);
});

test('while a commit is held back, and once it is over, each read is of its time', async () => {
  await using opened = await open();
  const { writer, reads, revision } = opened;
  reads.hold();
  expect(revision()).toBe(1);
  writer.execute('update revision set number = 2');
  await nextTurn();
  expect(revision()).toBe(1);
  reads.end();
  expect(revision()).toBe(2);
});
