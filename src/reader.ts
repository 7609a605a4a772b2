// A process that only reads, which the main process starts: its composition root.
import { join } from 'node:path';
import pino from 'pino';
import { Standings } from './access/standings.ts';
import { TokenCallers } from './access/token-callers.ts';
import { Tokens } from './access/tokens.ts';
import { readDiskBlobStore } from './adapters/disk-blob-store.ts';
import { GivenConnections, hearMainProcess, tellMainProcess } from './adapters/main-process.ts';
import { onlyOpening } from './adapters/read-only-blob-store.ts';
import { openSigningKeys } from './adapters/signing-keys-file.ts';
import { openSqliteReader } from './adapters/sqlite-database.ts';
import type { Config } from './config/schema.ts';
import { serverLimits } from './http/limits/server-limits.ts';
import { MainProcess } from './http/processes/pass-on.ts';
import { buildReaderServer } from './http/processes/reader-server.ts';
import { ReportedRates } from './http/processes/reported-rates.ts';
import { closeServer } from './http/stopping.ts';
import { Metrics } from './metrics/metrics.ts';
import { addProcessUse } from './metrics/process-metrics.ts';
import { systemClock as clock } from './ports/clock.ts';
import { runEvery } from './ports/repeated-job.ts';
import { FreeSpace } from './registry/free-space.ts';
import { Registry } from './registry/registry.ts';
import { ReportedPulls } from './registry/reported-pulls.ts';

/** What the main process hears late by at the most: milliseconds. */
const REPORT_INTERVAL = 250;

export interface ReaderSettings {
  /** Without secrets. */
  readonly config: Config;
  /** Its file. */
  readonly database: string;
  /** Of the sockets; the main process listens on `main`. */
  readonly folder: string;
}

let reader: Awaited<ReturnType<typeof openReader>> | undefined;

hearMainProcess((message, connection) => {
  switch (message.kind) {
    case 'start':
      void start(message.settings as ReaderSettings);
      return;
    case 'connection':
      if (connection) reader?.connections.take(message.id, connection);
      // Its client went while it was on its way here.
      else void tellMainProcess({ kind: 'closed', id: message.id });
      return;
    case 'levels':
      reader?.rates.learn(message.levels);
      return;
    case 'stop':
      void stop();
  }
});

/** What it throws ends the process, which is told in the log, and another one is started. */
async function start(settings: ReaderSettings): Promise<void> {
  reader = await openReader(settings);
  await tellMainProcess({ kind: 'ready' });
}

async function stop(): Promise<void> {
  await reader?.close();
  process.exit(0);
}

async function openReader({ config, database: file, folder }: ReaderSettings) {
  const logger = pino({ level: config.logLevel });
  const limits = serverLimits(config.processes);
  const database = openSqliteReader(file);
  const blobs = onlyOpening(readDiskBlobStore(config.dataDir));
  const rules = { ...config, versions: config.chartVersions };
  const space = new FreeSpace(blobs);
  // Never called: what is damaged is found out by the main process.
  const onDamage = () => undefined;
  const { maximumBlobBytes, auth } = config;
  const registry = new Registry({ database, blobs, clock, maximumBlobBytes, rules, space, onDamage });
  const keys = await openSigningKeys(config.dataDir, clock);
  const tokens = new Tokens({ keys, clock, lifetime: config.tokenLifetime });
  const callers = new TokenCallers({ mode: auth, tokens, standings: new Standings(database, clock) });
  const rates = new ReportedRates({ clock, requestsPerMinute: config.requestsPerMinute });
  const pulls = new ReportedPulls();
  const metrics = new Metrics((err, metric) => logger.warn({ err, metric }, 'a metric cannot be read'));
  addProcessUse(metrics);
  const mainProcess = new MainProcess(join(folder, 'main'));
  const isOpen = auth === 'none';
  const parts = { registry, pulls, callers, isOpen, rates, metrics, mainProcess, limits, clock, logger };
  const server = await buildReaderServer({ ...config, ...parts });
  // Nobody connects to it: connections are given. But from then on Node looks for those that are late.
  await server.listen({ path: join(folder, String(process.pid)), listenTextResolver: () => 'a reader has started' });
  const connections = new GivenConnections(server.server);
  const report = async () =>
    await tellMainProcess({
      kind: 'report',
      requests: rates.take(),
      pulls: pulls.take(),
      samples: await metrics.samples(),
    });
  const reporting = runEvery(REPORT_INTERVAL, report, (err) => logger.error({ err }, 'a reader cannot report'));
  const close = async () => {
    await closeServer(server, () => connections.allClosed());
    await reporting[Symbol.asyncDispose]();
    await report();
    mainProcess.close();
    keys[Symbol.dispose]();
    await database.close();
  };
  return { connections, rates, close };
}
