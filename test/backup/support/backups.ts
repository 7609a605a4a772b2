// A registry, a folder for its backups, and a folder to restore them to, for tests that run in one process.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openSqliteDatabase } from '../../../src/adapters/sqlite-database.ts';
import type { VerifiedBackup } from '../../../src/backup/verify-backup.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/schema.ts';
import {
  backUp,
  type OnProgress,
  type RecordedBackup,
  restore,
  verifyBackup,
} from '../../../src/data-folder/back-up.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Database } from '../../../src/ports/database.ts';
import { temporaryFolder } from '../../support/chartroom-process.ts';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';

export interface BackedUp extends AsyncDisposable {
  readonly registry: TestRegistry;
  /** Where backups go. */
  readonly folder: string;
  /** Where they are restored to; not there yet. */
  readonly restored: string;
  backUp(options?: {
    readonly checksAll?: boolean;
    readonly onProgress?: OnProgress;
    readonly operator?: string;
    readonly clock?: Clock;
  }): Promise<RecordedBackup>;
  verify(): Promise<VerifiedBackup>;
  restore(options?: { readonly acceptsDamage?: boolean; readonly onProgress?: OnProgress }): Promise<VerifiedBackup>;
}

export async function startBackedUp(): Promise<BackedUp> {
  const registry = await startRegistry();
  const place = await temporaryFolder();
  const folder = join(place.path, 'backup');
  const restored = join(place.path, 'restored');
  const onProgress = () => undefined;
  return {
    registry,
    folder,
    restored,
    backUp: ({ clock, ...options } = {}) =>
      backUp(configOf(registry.dataDir), folder, { checksAll: false, onProgress, ...options }, clock),
    verify: () => verifyBackup(folder, onProgress),
    restore: (options) => restore(configOf(restored), folder, { acceptsDamage: false, onProgress, ...options }),
    [Symbol.asyncDispose]: async () => {
      await registry[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

export function configOf(dataDir: string): Config {
  return { ...loadConfig({ flags: {}, environment: {} }), dataDir };
}

/** Works on the database of a data folder behind the back of its server. */
export async function withDatabase<Result>(
  dataDir: string,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const database = openSqliteDatabase(join(dataDir, 'chartroom.db'));
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Everything that stands in a folder, with its mode, and what is in the files. */
export async function snapshotOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const described = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const { mode } = await stat(path);
    const content = entry.isFile() ? (await readFile(path)).toString('base64') : '';
    return [path.slice(folder.length + 1), `${(mode & 0o777).toString(8)} ${content}`] as const;
  });
  return new Map((await Promise.all(described)).toSorted());
}
