// The composition root: makes every part once, in order, and closes them in reverse. Nothing is found, all is given.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { Accounts } from './access/accounts.ts';
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
import { Registry } from './registry/registry.ts';
import { migrate } from './tables/migrate.ts';

/** What the command line works on: the accounts of a data folder, whether its server runs or not. */
export interface Office extends AsyncDisposable {
  readonly accounts: Accounts;
}

export interface App extends AsyncDisposable {
  readonly server: FastifyInstance;
  /** The first administrator's password, when this start had to make one: to be shown once. */
  readonly generatedPassword: string | undefined;
}

/** @throws DatabaseUnusable, or a file system error that names the folder */
export async function openApp(config: Config, logger: FastifyBaseLogger, clock: Clock = systemClock): Promise<App> {
  const database = await openDatabase(config, clock);
  try {
    const accounts = new Accounts(database, clock);
    const generatedPassword =
      config.auth === 'none' ? undefined : await accounts.ensureAdministrator(config.adminPassword);
    const key = await readSigningKey(join(config.dataDir, 'token-signing.key'));
    const tokens = new Tokens({ key, clock, lifetime: config.tokenLifetime });
    const passwords = new Passwords(database, clock);
    const registry = new Registry({
      database,
      clock,
      blobs: await openDiskBlobStore(config.dataDir),
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
    const close = async (): Promise<void> => {
      await server.close();
      await database.close();
    };
    return { server, generatedPassword, [Symbol.asyncDispose]: close };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** @throws as `openApp` does */
export async function openOffice(config: Config, clock: Clock = systemClock): Promise<Office> {
  const database = await openDatabase(config, clock);
  return { accounts: new Accounts(database, clock), [Symbol.asyncDispose]: () => database.close() };
}

async function openDatabase(config: Config, clock: Clock): Promise<Database> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o750 });
  const database = openSqliteDatabase(join(config.dataDir, 'chartroom.db'));
  try {
    await migrate(database, await readMigrations(database.dialect), clock.now());
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
