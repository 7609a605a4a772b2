// The composition root: makes every part once, in order, and closes them in reverse. Nothing is found, all is given.
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { AccountError, Accounts } from './access/accounts.ts';
import { Authentication } from './access/authentication.ts';
import { Passwords } from './access/passwords.ts';
import { Permissions } from './access/permissions.ts';
import { Tokens } from './access/tokens.ts';
import { openDiskBlobStore } from './adapters/disk-blob-store.ts';
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
export interface Office extends AsyncDisposable {
  readonly accounts: Accounts;
}

export interface App extends AsyncDisposable {
  readonly server: FastifyInstance;
  /** The first administrator's password, when this start had to make one: to be shown once. */
  readonly generatedPassword: string | undefined;
}

/** @throws StorageUnusable, or a file system error that names the folder */
export async function openApp(config: Config, logger: FastifyBaseLogger, clock: Clock = systemClock): Promise<App> {
  // First, since it makes the data folder, durably.
  const blobs = await openDiskBlobStore(config.dataDir);
  const database = await openDatabase(config, clock);
  try {
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
    const server = await buildServer({
      ...config,
      logger,
      registry,
      tokens,
      permissions: new Permissions(database),
      authentication: new Authentication({ mode: config.auth, passwords, tokens }),
    });
    // At the end: a start that fails must not make a password that nobody gets to see.
    const generatedPassword =
      config.auth === 'none' ? undefined : await ensureAdministrator(new Accounts(database, clock), config);
    const close = async (): Promise<void> => {
      await closeServer(server);
      await database.close();
    };
    return { server, generatedPassword, [Symbol.asyncDispose]: close };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/**
 * @throws as `openApp` does, and when no server has ever used the folder: most likely it is not the one that was meant, and
 * accounts made there would keep the first start from making its administrator
 */
export async function openOffice(config: Config, clock: Clock = systemClock): Promise<Office> {
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

/** Of two servers that start at once on a new folder, one is faster; the other one must then find the user that it made. */
async function ensureAdministrator(accounts: Accounts, { adminPassword }: Config): Promise<string | undefined> {
  try {
    return await accounts.ensureAdministrator(adminPassword);
  } catch (error) {
    if (error instanceof AccountError) return await accounts.ensureAdministrator(adminPassword);
    throw error;
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
