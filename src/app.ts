// The composition root: makes every part once, in order, and closes them in reverse. Nothing is found, all is given.
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { Authentication } from './access/authentication.ts';
import type { Caller } from './access/caller.ts';
import { Guessing } from './access/guessing.ts';
import { IdentityTokens } from './access/identity-tokens.ts';
import { Passwords } from './access/passwords.ts';
import { authorOf, type Principal } from './access/principal.ts';
import { SecretHolders } from './access/secret-holders.ts';
import { Standings } from './access/standings.ts';
import { StartedLogins } from './access/started-logins.ts';
import { Tokens } from './access/tokens.ts';
import { Workloads } from './access/workloads.ts';
import type { Accounts } from './accounts/accounts.ts';
import { DirectoryLogins } from './accounts/directory-logins.ts';
import { ProviderLogins } from './accounts/provider-logins.ts';
import { openDiskBlobStore } from './adapters/disk-blob-store.ts';
import { lockFolder } from './adapters/folder-lock.ts';
import { createIssuerKeys } from './adapters/issuer-keys.ts';
import { openJournal } from './adapters/journal-file.ts';
import { openOutgoingRequests } from './adapters/outgoing-requests.ts';
import { requireWhole } from './adapters/restored-folder.ts';
import { openSigningKeys } from './adapters/signing-keys-file.ts';
import type { Config } from './config/schema.ts';
import { VERSION } from './config/version.ts';
import { type Core, openCore, openDatabase, requireNothingLost, requireRegistry, type Storage } from './core.ts';
import { type Author, SYSTEM } from './events/author.ts';
import { Sightings } from './events/sightings.ts';
import { type ServerLimits, serverLimits } from './http/limits/server-limits.ts';
import { buildManagementServer } from './http/management-server.ts';
import { buildServer, type ServerOptions as ServerParts } from './http/server.ts';
import { closeServer } from './http/stopping.ts';
import { keepJournal } from './journal/keep-journal.ts';
import { damageLine, logDamageTo, logHealingTo } from './lifecycle/damage-log.ts';
import { recheckRegularly, scrubRegularly } from './lifecycle/scrub-blobs.ts';
import { LastSuccesses } from './metrics/last-successes.ts';
import { Metrics } from './metrics/metrics.ts';
import { addProcessMetrics } from './metrics/process-metrics.ts';
import { type Clock, HOUR, systemClock } from './ports/clock.ts';
import type { Database } from './ports/database.ts';
import { type NotingSuccess, runEvery } from './ports/repeated-job.ts';
import { isForLackOfRoom } from './ports/storage-unusable.ts';
import { composeReaders } from './readers.ts';
import type { FreeSpace, Room } from './registry/free-space.ts';
import { PullCounts } from './registry/pull-counts.ts';
import type { FoundDamage } from './registry/record-damage.ts';
import { addStorageMetrics } from './registry/storage-metrics.ts';
import { openDirectory, openProvider } from './user-sources.ts';

/** A search that is asked for catches up by itself, as far as it can without waiting long: milliseconds. */
const SEARCH_INTERVAL = 5_000;
/** What is found not to be referred to goes after the grace period: milliseconds. */
const COLLECTION_INTERVAL = 10 * 60 * 1000;
/** Only a crash leaves bytes without a row, and all have to be gone through to find them. */
const COLLECTIONS_A_DAY = 24 * 6;
/** How often it is looked how much room there is: milliseconds. */
const SPACE_INTERVAL = 2_000;
const SPACE_MESSAGES: Readonly<Record<Room, string>> = {
  ample: 'the storage has room enough again',
  low: 'the storage is nearly full: make room, or pushes will be refused soon',
  reserved: 'the storage is full: pushes are refused until there is room',
};
/** Commands on this machine come over no network. */
const OPERATOR_ORIGIN = { clientAddress: '', userAgent: 'chartroom' };

/** What the command line works on: the accounts of a data folder, whether its server runs or not. */
interface DataFolder extends AsyncDisposable {
  readonly accounts: Accounts;
  /** The management API, in the name of the operator; it does not listen. */
  readonly management: FastifyInstance;
  /** The operator, for what is changed without that API. */
  readonly author: Author;
}

export interface App extends AsyncDisposable {
  readonly server: FastifyInstance;
  /** The password of the first administrator, when this start has made it: one that was generated must be shown once. */
  readonly firstPassword: string | undefined;
  /** Ends all requests at once. */
  cutOff(): void;
}

interface AppChanges {
  readonly limits?: ServerLimits;
  readonly between?: (storage: Storage) => Storage;
}

/**
 * @param changes what a test has otherwise: the limits, and what stands between the registry and its storage to let that fail
 * @throws ConfigError, StorageUnusable, or a file system error that names the folder
 */
export async function openApp(
  config: Config,
  logger: FastifyBaseLogger,
  clock: Clock = systemClock,
  { limits = serverLimits(config.processes), between = (storage) => storage }: AppChanges = {},
): Promise<App> {
  const directory = await openDirectory(config);
  const provider = await openProvider(config, clock);
  await using opened = new AsyncDisposableStack();
  await requireWhole(config.dataDir);
  // First, since it makes the data folder, durably.
  const disk = await openDiskBlobStore(config.dataDir);
  opened.use(lockFolder(config.dataDir));
  await requireNothingLost(config, disk);
  const opening = opened.adopt(await openDatabase(config, clock), (each) => each.close());
  const told = { clock, onDamage: logDamageTo(logger), onHealed: logHealingTo(logger) };
  const { database, blobs } = between({ database: opening, blobs: disk, ...told });
  const keys = opened.use(await openSigningKeys(config.dataDir, clock));
  const sightings = opened.use(
    new Sightings({ database, clock, onFailure: reporting(logger, 'the audit trail cannot be written') }),
  );
  const core = await openCore(config, { database, blobs, ...told }, 'server', {
    onSearchFailure: (err, repository) =>
      logger.error({ err, repository }, 'the search does not find all that it should'),
    onJobFailure: (err, kind) => logger.error({ err, kind }, 'a job failed'),
  });
  const { registry, accounts, space } = core;
  const { metrics, successes } = opened.use(measure({ database, space, clock, logger }));
  await space.check();
  opened.use(watchSpace(space, logger));
  await core.jobs.endInterrupted();
  await registry.uploads.discardAbandoned();
  await registry.backfillVersions((refusal) => logger.warn(`${refusal.message} (it stays out of lists until then)`));
  const pulls = opened.use(
    new PullCounts({ database, clock, onFailure: reporting(logger, 'pulls cannot be counted') }),
  );
  opened.use(runSchedules(core, successes, logger));
  // Told to stop before the schedule that waits for them.
  opened.use(core.jobs);
  opened.use(await followIntoJournal(config, { database, space }, successes, logger));
  const noted = (job: string) => {
    const noting: NotingSuccess = (run) => successes.noting(job, run);
    return { database, blobs, ...told, noting };
  };
  opened.use(recheckRegularly(noted('recheck'), logger));
  opened.use(scrubRegularly(noted('scrub'), config.scrubBytesPerSecond, logger));
  const issuerKeys = createIssuerKeys({ clock, requests: openOutgoingRequests(config) });
  const tokens = new Tokens({ keys, clock, lifetime: config.tokenLifetime });
  const authentication = new Authentication({
    mode: config.auth,
    passwords: new Passwords(database, clock),
    directory: directory && new DirectoryLogins({ directory, users: accounts.externalUsers, database, clock }),
    guessing: new Guessing(clock),
    secretHolders: new SecretHolders(database),
    workloads: new Workloads(database, new IdentityTokens({ keys: issuerKeys, clock })),
    tokens,
    standings: new Standings(database, clock),
    sightings,
  });
  const claims = { nameClaim: config.oidcNameClaim, groupsClaim: config.oidcGroupsClaim };
  const singleSignOn = provider && {
    logins: new ProviderLogins({ provider, users: accounts.externalUsers, database, ...claims }),
    startedLogins: new StartedLogins({ keys, clock }),
  };
  const parts = { ...core, logger, clock, pulls, tokens, sightings, authentication, singleSignOn, metrics };
  const { server, cutOff } = opened.use(await openServer(config, { ...parts, limits }));
  // At the end: a start that fails must not make a password that nobody gets to see.
  const firstPassword =
    config.auth === 'none' ? undefined : await accounts.users.ensureAdministrator(config.adminPassword, SYSTEM);
  const closing = opened.move();
  return { server, firstPassword, cutOff, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

/** The server, with the processes that read for it, if there are any. */
async function openServer(config: Config, parts: Omit<ServerParts, keyof Config | 'version'>) {
  const readers = composeReaders(config, parts);
  const server = await buildServer({ ...config, ...parts, ...readers?.shared, version: VERSION });
  const reading = await readers?.serveWith(server);
  return {
    server,
    cutOff: () => {
      server.server.closeAllConnections();
      readers?.cutOff();
    },
    // Together: a request can be one of both.
    [Symbol.asyncDispose]: async () =>
      void (await Promise.all([closeServer(server), reading?.[Symbol.asyncDispose]()])),
  };
}

/** What the server does by itself, again and again. */
function runSchedules(
  { search, jobs, accounts }: Core,
  successes: LastSuccesses,
  logger: FastifyBaseLogger,
): AsyncDisposable {
  const schedules = new AsyncDisposableStack();
  const every = (interval: number, name: string, job: () => Promise<unknown>, failed: string) =>
    schedules.use(runEvery(interval, successes.noting(name, job), reporting(logger, failed)));
  every(SEARCH_INTERVAL, 'search', () => search.catchUp(), 'the search does not find what changed of late');
  const forget = () => accounts.auditTrail.forgetOld();
  every(HOUR, 'audit-trail', forget, 'old events of the audit trail could not be forgotten');
  let collections = 0;
  const collect = () => {
    // Not at the start, which would go through all files before anybody is answered quickly.
    const withLeftovers = collections % COLLECTIONS_A_DAY === 1;
    collections += 1;
    return jobs.run('collect-garbage', { withLeftovers }, SYSTEM);
  };
  every(COLLECTION_INTERVAL, 'collect-garbage', collect, 'garbage collection did not begin');
  return schedules;
}

/**
 * @throws as `openApp` does, and when no server has ever used the folder: most likely it is not the one that was meant, and
 * accounts made there would keep the first start from making its administrator
 * @param operator in whose name things are managed: whoever runs commands on this machine
 */
export async function openDataFolder(
  config: Config,
  operator = 'operator',
  clock: Clock = systemClock,
): Promise<DataFolder> {
  await requireRegistry(config);
  await using opened = new AsyncDisposableStack();
  const database = opened.adopt(await openDatabase(config, clock), (each) => each.close());
  const onDamage = (found: FoundDamage): void => void process.stderr.write(`${damageLine(found)}\n`);
  const storage = { database, clock, blobs: await openDiskBlobStore(config.dataDir), onDamage };
  const core = await openCore(config, storage, 'command', {
    onSearchFailure: (error, repository) =>
      process.stderr.write(`the search does not find all that it should: ${repository ?? 'of late'} ${error}\n`),
    onJobFailure: (error, kind) => process.stderr.write(`the job "${kind}" failed: ${error}\n`),
  });
  opened.use(core.jobs);
  const principal = { kind: 'operator', name: operator } as const;
  const caller = operatorCalling(principal, new Standings(database, clock));
  const failures = process.stderr;
  const management = await buildManagementServer({
    ...core,
    clock,
    version: VERSION,
    publicUrl: config.publicUrl,
    caller,
    failures,
  });
  opened.defer(() => management.close());
  const closing = opened.move();
  const author = authorOf(principal, OPERATOR_ORIGIN);
  return { accounts: core.accounts, management, author, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

async function followIntoJournal(
  config: Config,
  parts: { readonly database: Database; readonly space: FreeSpace },
  successes: LastSuccesses,
  logger: FastifyBaseLogger,
): Promise<AsyncDisposable> {
  const journal = await openJournal(config.dataDir);
  const onFailure = reporting(logger, 'the journal, of which a lost database could be rebuilt, is behind');
  return keepJournal({ ...parts, journal, noting: (run) => successes.noting('journal', run), onFailure });
}

function operatorCalling(principal: Principal, standings: Standings): () => Promise<Caller> {
  const address = { host: 'localhost', isPlainHttp: true };
  const known = { principal, address, origin: OPERATOR_ORIGIN, token: undefined, rejection: undefined, claimed: '' };
  return async () => ({ ...known, rights: await standings.rightsOf(principal, address) });
}

/** What `/metrics` tells; others add theirs. */
function measure(parts: {
  readonly database: Database;
  readonly space: FreeSpace;
  readonly clock: Clock;
  readonly logger: FastifyBaseLogger;
}) {
  const { clock, logger } = parts;
  const metrics = new Metrics((err, metric) => logger.warn({ err, metric }, 'a metric cannot be read'));
  const process = addProcessMetrics(metrics, clock, VERSION);
  addStorageMetrics(metrics, parts);
  const successes = new LastSuccesses(clock, metrics);
  return { metrics, successes, [Symbol.dispose]: () => process[Symbol.dispose]() };
}

/** That there is no room is said by `watchSpace`, once, and not again every few seconds on what may be the same disk. */
function reporting(logger: FastifyBaseLogger, message: string): (err: unknown) => void {
  return (err) => logger[isForLackOfRoom(err) ? 'debug' : 'error']({ err }, message);
}

/** Says in the log when there is less room, or more again, than before. */
function watchSpace(space: FreeSpace, logger: FastifyBaseLogger): AsyncDisposable {
  let known: Room = 'ample';
  const look = async (): Promise<void> => {
    await space.check();
    const { room, freeBytes, totalBytes, reservedBytes } = space;
    if (room === known) return;
    known = room;
    logger[room === 'ample' ? 'info' : 'warn']({ freeBytes, totalBytes, reservedBytes }, SPACE_MESSAGES[room]);
  };
  return runEvery(SPACE_INTERVAL, look, (err) => logger.error({ err }, 'how much room is left cannot be found out'));
}
