// Puts the rebuilding of a lost database together, for the command: of the data folder's journal and blobs.
import { openDiskBlobStore } from '../adapters/disk-blob-store.ts';
import { lockFolder } from '../adapters/folder-lock.ts';
import { hasJournal, keepJournalAs, readJournalLines } from '../adapters/journal-file.ts';
import { readMigrations } from '../adapters/migration-files.ts';
import { beginRebuiltDatabase } from '../adapters/rebuilt-database.ts';
import { requireWhole } from '../adapters/restored-folder.ts';
import { sqliteCopies } from '../adapters/sqlite-copies.ts';
import { openSqliteDatabase } from '../adapters/sqlite-database.ts';
import type { Config } from '../config/schema.ts';
import { databasePath } from '../core.ts';
import { type Rebuilt, rebuild } from '../journal/rebuild.ts';
import { type Clock, systemClock } from '../ports/clock.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import { migrate } from '../tables/migrate.ts';

/**
 * Makes the database of a data folder again, which must be lost. The journal stays as `journal/rebuilt-from-….jsonl` as
 * well, with milliseconds since 1970 in its name, since the next start of the server begins `journal/registry.jsonl` anew.
 * @throws StorageUnusable when the database is there, there is no journal, or a server runs on the folder
 */
export async function rebuildDatabase(config: Config, clock: Clock = systemClock): Promise<Rebuilt> {
  const { dataDir } = config;
  await requireWhole(dataDir);
  if (!(await hasJournal(dataDir))) {
    throw new StorageUnusable(
      `there is no journal in ${dataDir}, of which a database could be made: name the data folder with --data-dir, or restore a backup`,
    );
  }
  using _lock = lockFolder(dataDir);
  const file = await beginRebuiltDatabase(databasePath(config));
  const blobs = await openDiskBlobStore(dataDir);
  const database = openSqliteDatabase(file.path);
  let rebuilt: Rebuilt;
  try {
    await migrate(database, await readMigrations(database.dialect), clock.now());
    rebuilt = await rebuild({ database, blobs, clock, lines: () => readJournalLines(dataDir) });
  } finally {
    await database.close();
  }
  // As one file, which can be renamed.
  await sqliteCopies.change(file.path, async () => undefined);
  await keepJournalAs(dataDir, `rebuilt-from-${clock.now()}.jsonl`);
  await file.finish();
  return rebuilt;
}
