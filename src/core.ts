// Makes what works on what is stored, for the server and for commands alike.
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Accounts } from './accounts/accounts.ts';
import { readMigrations } from './adapters/migration-files.ts';
import { requireWhole } from './adapters/restored-folder.ts';
import { openSqliteChartSearch } from './adapters/sqlite-chart-search.ts';
import { openSqliteDatabase } from './adapters/sqlite-database.ts';
import { Catalog } from './catalog/catalog.ts';
import { SearchIndex } from './catalog/search-index.ts';
import { Classic } from './classic/classic.ts';
import type { Config } from './config/schema.ts';
import { collectGarbage } from './lifecycle/collect-garbage.ts';
import { type BackgroundJobs, Jobs } from './lifecycle/jobs.ts';
import type { RepositoryName } from './oci/repository-name.ts';
import type { BlobStore } from './ports/blob-store.ts';
import type { Clock } from './ports/clock.ts';
import type { Database } from './ports/database.ts';
import { isForbidden } from './ports/file-errors.ts';
import { StorageUnusable } from './ports/storage-unusable.ts';
import { refreshFloatingTagsBelow } from './registry/floating-tags.ts';
import { FreeSpace } from './registry/free-space.ts';
import type { FoundDamage } from './registry/record-damage.ts';
import type { OnHealed } from './registry/record-healing.ts';
import { Registry } from './registry/registry.ts';
import { findNewestVersion } from './tables/chart-catalog.ts';
import { listChangedRepositories } from './tables/chart-directory.ts';
import type { JobRunner } from './tables/jobs.ts';
import { migrate } from './tables/migrate.ts';

export interface Storage {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  /** Told of each blob whose bytes are found to be damaged. */
  readonly onDamage: (found: FoundDamage) => void;
  /** Told of each damaged blob that is sound again. */
  readonly onHealed?: OnHealed | undefined;
}

/** Told what goes wrong in the background. */
interface Failures {
  onSearchFailure(error: unknown, repository?: RepositoryName): void;
  onJobFailure(error: unknown, kind: string): void;
}

export type Core = Awaited<ReturnType<typeof openCore>>;

/** What works on what is stored, for the server and for commands alike. */
export async function openCore(config: Config, storage: Storage, runner: JobRunner, failures: Failures) {
  const { database } = storage;
  const catalog = new Catalog(storage);
  const rules = { ...config, versions: config.chartVersions };
  const space = new FreeSpace(storage.blobs);
  const registry = new Registry({ ...storage, maximumBlobBytes: config.maximumBlobBytes, rules, space });
  return {
    registry,
    space,
    classic: new Classic({ ...storage, registry, rules }),
    accounts: new Accounts({
      ...storage,
      auditDays: config.auditDays,
      refreshFloatingTags: refreshFloatingTagsBelow,
    }),
    catalog,
    search: new SearchIndex({
      database,
      search: await openSqliteChartSearch(database),
      newestListedVersion: findNewestVersion,
      repositoriesChangedAfter: listChangedRepositories,
      readmeOf: (contentDigest) => catalog.readmeOf(contentDigest),
      onFailure: failures.onSearchFailure,
    }),
    jobs: openJobs(config, storage, runner, failures),
  };
}

/** All kinds of jobs, with what each of them may be told. */
function openJobs(config: Config, storage: Storage, runner: JobRunner, { onJobFailure }: Failures): BackgroundJobs {
  const gracePeriod = config.garbageGracePeriod * 1000;
  const keepUntagged = config.keepUntaggedManifests;
  return new Jobs({
    ...storage,
    runner,
    onFailure: onJobFailure,
    kinds: {
      'collect-garbage': async (options, run) => ({
        ...(await collectGarbage(
          storage,
          { gracePeriod, keepUntagged, dryRun: false, withLeftovers: true, ...options },
          run,
        )),
      }),
    },
  });
}

export function databasePath(config: Config): string {
  return join(config.dataDir, 'chartroom.db');
}

/**
 * @throws StorageUnusable when the folder is not whole, or no server has ever used it: most likely it is not the one that was
 * meant
 */
export async function requireRegistry(config: Config): Promise<void> {
  await requireWhole(config.dataDir);
  if (await isDatabaseThere(config)) return;
  throw new StorageUnusable(
    `there is no registry in ${resolve(config.dataDir)}: name its folder with --data-dir, or start it once with "chartroom serve"`,
  );
}

/**
 * A server that began with an empty database would take all that is stored for left over.
 * @throws StorageUnusable when there are blobs, and no database or an empty file in its place
 */
export async function requireNothingLost(config: Config, blobs: BlobStore): Promise<void> {
  if (await isDatabaseThere(config)) return;
  for await (const _digest of blobs.list()) {
    throw new StorageUnusable(
      `there are blobs in ${resolve(config.dataDir)}, and no database: restore a backup with "chartroom restore", or make the database again with "chartroom rebuild"; to begin anew, move the folders blobs and journal away`,
    );
  }
}

/** @throws StorageUnusable when this user may not see it, which is not that there is none */
async function isDatabaseThere(config: Config): Promise<boolean> {
  try {
    const found = await stat(databasePath(config));
    // SQLite takes an empty file for a database in which there is nothing.
    return found.isFile() && found.size > 0;
  } catch (error) {
    if (isForbidden(error)) {
      throw new StorageUnusable(
        `this user may not look into the data folder ${resolve(config.dataDir)} (${error.code}): run this as the user of the server, to whom it belongs`,
      );
    }
    return false;
  }
}

export async function openDatabase(config: Config, clock: Clock): Promise<Database> {
  const database = openSqliteDatabase(databasePath(config));
  try {
    await migrate(database, await readMigrations(database.dialect), clock.now());
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
