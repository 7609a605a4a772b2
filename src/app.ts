// The composition root: makes every part once, in order, and closes them in reverse. Nothing is found, all is given.
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { Accounts } from './access/accounts.ts';
import { Authentication } from './access/authentication.ts';
import { Passwords } from './access/passwords.ts';
import { Permissions } from './access/permissions.ts';
import { Tokens } from './access/tokens.ts';
import { openDiskBlobStore } from './adapters/disk-blob-store.ts';
import { lockFolder } from './adapters/folder-lock.ts';
import { readMigrations } from './adapters/migration-files.ts';
import { readSigningKey } from './adapters/signing-key-file.ts';
import { openSqliteDatabase } from './adapters/sqlite-database.ts';
import type { Config } from './config/schema.ts';
import { buildServer } from './http/server.ts';
import { type Clock, systemClock } from './ports/clock.ts';
import type { Database } from './ports/database.ts';
import { StorageUnusable } from './ports/storage-unusable.ts';
import { Registry } from './registry/registry.ts';
import { migrate } from './tables/migrate.ts';

/** milliseconds */
const IDLE_SWEEP = 100;

/** What the command line works on: the accounts of a data folder, whether its server runs or not. */
export interface DataFolder extends AsyncDisposable {
  readonly accounts: Accounts;
}

export interface App extends AsyncDisposable {
  readonly server: FastifyInstance;
  /** The password of the first administrator, when this start has made it: one that was generated must be shown once. */
  readonly firstPassword: string | undefined;
}

/** @throws StorageUnusable, or a file system error that names the folder */
export async function openApp(config: Config, logger: FastifyBaseLogger, clock: Clock = systemClock): Promise<App> {
  await using opened = new AsyncDisposableStack();
  // First, since it makes the data folder, durably.
  const blobs = await openDiskBlobStore(config.dataDir);
  opened.use(lockFolder(config.dataDir));
  const database = opened.adopt(await openDatabase(config, clock), (each) => each.close());
  const key = await readSigningKey(join(config.dataDir, 'token-signing.key'));
  const tokens = new Tokens({ key, clock, lifetime: config.tokenLifetime });
  const passwords = new Passwords(database, clock);
  const registry = new Registry({
    database,
    clock,
    blobs,
    maximumBlobBytes: config.maximumBlobBytes,
    rules: { ...config, versions: config.chartVersions },
  });
  await registry.uploads.discardLeftovers();
  const server = await buildServer({
    ...config,
    logger,
    registry,
    tokens,
    permissions: new Permissions(database),
    authentication: new Authentication({ mode: config.auth, passwords, tokens }),
  });
  opened.defer(() => closeServer(server));
  // At the end: a start that fails must not make a password that nobody gets to see.
  const accounts = new Accounts(database, clock);
  const firstPassword = config.auth === 'none' ? undefined : await accounts.ensureAdministrator(config.adminPassword);
  const parts = opened.move();
  return { server, firstPassword, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

/**
 * @throws as `openApp` does, and when no server has ever used the folder: most likely it is not the one that was meant, and
 * accounts made there would keep the first start from making its administrator
 */
export async function openDataFolder(config: Config, clock: Clock = systemClock): Promise<DataFolder> {
  const isThere = await stat(databasePath(config)).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isThere) {
    throw new StorageUnusable(
      `there is no registry in ${resolve(config.dataDir)}: name its folder with --data-dir, or start it once with "chartroom serve"`,
    );
  }
  const database = await openDatabase(config, clock);
  return { accounts: new Accounts(database, clock), [Symbol.asyncDispose]: () => database.close() };
}

/** Node closes the connections that are idle when it is told to; here also those that become so when their request ends. */
async function closeServer(server: FastifyInstance): Promise<void> {
  const sweep = setInterval(() => server.server.closeIdleConnections(), IDLE_SWEEP);
  try {
    await server.close();
  } finally {
    clearInterval(sweep);
  }
}

function databasePath(config: Config): string {
  return join(config.dataDir, 'chartroom.db');
}

async function openDatabase(config: Config, clock: Clock): Promise<Database> {
  const database = openSqliteDatabase(databasePath(config));
  try {
    await migrate(database, await readMigrations(database.dialect), clock.now());
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
