// The Database on SQLite: one connection that writes, one that reads, WAL, every commit synced before anybody knows of it.
import type { Database } from '../ports/database.ts';
import { ForMainProcess } from '../ports/read-only.ts';
import { GroupCommits } from './files/group-commits.ts';
import { SharedReads } from './files/shared-reads.ts';
import { onceFree, SqliteConnection, startPatience } from './files/sqlite-connection.ts';
import { WriteAheadLog } from './files/write-ahead-log.ts';

/** @throws StorageUnusable when the file cannot be opened, is damaged, or is no SQLite database */
export function openSqliteDatabase(path: string): Database {
  const writer = new SqliteConnection(path, 'writer');
  const reader = new SqliteConnection(path, 'reader');
  const reads = new SharedReads(reader);
  const log = new WriteAheadLog(path, writer);
  const commits = new GroupCommits(writer, log, reads);
  return {
    dialect: 'sqlite',
    query: async (text, values) => await onceFree(() => reads.query(text, values)),
    transaction: (work) => commits.run(work),
    check: async () => {
      using patience = startPatience();
      return await onceFree(() => reader.check(), patience);
    },
    close: async () => {
      await commits.end();
      reads.end();
      await log.close();
      reader.close();
      writer.close();
    },
  };
}

/** For a process that only reads: what another one has committed is seen by the next request. @throws as `openSqliteDatabase` does; `transaction` throws ForMainProcess */
export function openSqliteReader(path: string): Database {
  const reader = new SqliteConnection(path, 'reader');
  const reads = new SharedReads(reader, false);
  return {
    dialect: 'sqlite',
    query: async (text, values) => await onceFree(() => reads.query(text, values)),
    transaction: async () => {
      throw new ForMainProcess();
    },
    check: async () => await onceFree(() => reader.check()),
    close: async () => {
      reads.end();
      reader.close();
    },
  };
}
