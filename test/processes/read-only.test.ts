// What a process that only reads has of the storage: nothing can be changed through it, and what others commit is there.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDiskBlobStore } from '../../src/adapters/disk-blob-store.ts';
import { onlyOpening } from '../../src/adapters/read-only-blob-store.ts';
import { openSqliteDatabase, openSqliteReader } from '../../src/adapters/sqlite-database.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { ForMainProcess } from '../../src/ports/read-only.ts';
import { temporaryFolder } from '../support/chartroom-process.ts';

test('its database sees what was committed a moment ago, and refuses to write', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'test.db');
  const writer = openSqliteDatabase(path);
  await writer.transaction(async (tx) => await tx.script('create table numbers (number integer)'));
  const reader = openSqliteReader(path);
  for (let number = 1; number <= 20; number += 1) {
    await writer.transaction(async (tx) => void (await tx.query('insert into numbers values ($1)', [number])));
    expect(await reader.query('select max(number) as newest from numbers')).toEqual([{ newest: number }]);
  }
  await expect(reader.transaction(async () => undefined)).rejects.toThrow(ForMainProcess);
  await expect(reader.query('delete from numbers')).rejects.toThrow('a statement that writes');
  await reader.close();
  await writer.close();
});

test('its blob store refuses all but opening', async () => {
  const store = onlyOpening(readDiskBlobStore('/nowhere'));
  const digest = digestOf(Buffer.from(''));
  expect(() => store.examine(digest)).toThrow(ForMainProcess);
  expect(() => store.delete(digest)).toThrow(ForMainProcess);
  expect(() => store.setAside(digest, '')).toThrow(ForMainProcess);
  expect(await store.size(digest)).toBeUndefined();
});
