// Composes, for the main process, the processes that only read: what it gives them, and what it makes of their reports.
import { join } from 'node:path';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { ReaderProcesses } from './adapters/reader-processes.ts';
import { makeSocketFolder } from './adapters/socket-folder.ts';
import { type Config, SETTINGS } from './config/schema.ts';
import { databasePath } from './core.ts';
import { RequestBuckets } from './http/limits/request-buckets.ts';
import { listenForPassedOn } from './http/processes/passed-on-requests.ts';
import type { GiveConnection } from './http/processes/share-connections.ts';
import type { Metrics } from './metrics/metrics.ts';
import { ReaderSamples } from './metrics/reader-samples.ts';
import type { Clock } from './ports/clock.ts';
import type { ReaderReport, SourceCount } from './ports/reader-messages.ts';
import type { ReaderSettings } from './reader.ts';
import type { PullCounts } from './registry/pull-counts.ts';

export interface Readers {
  /** For the server. */
  readonly shared: { readonly give: GiveConnection; readonly buckets: RequestBuckets };
  /** Has the server answer what they pass on, and starts them as soon as it listens. Disposing of it waits until requests have ended. */
  serveWith(server: FastifyInstance): Promise<AsyncDisposable>;
  /** Ends them at once. */
  cutOff(): void;
}

interface ReadersOptions {
  readonly clock: Clock;
  readonly logger: FastifyBaseLogger;
  readonly metrics: Metrics;
  readonly pulls: PullCounts;
}

/** Undefined where one process does all. */
export function composeReaders(config: Config, options: ReadersOptions): Readers | undefined {
  if (config.processes === 1) return undefined;
  const { logger, metrics } = options;
  const samples = new ReaderSamples();
  metrics.include(samples);
  const buckets = new RequestBuckets(options.clock);
  const settings: ReaderSettings = { config: withoutSecrets(config), database: databasePath(config), folder: '' };
  let processes: ReaderProcesses | undefined;
  let isStopping = false;
  return {
    shared: { buckets, give: (socket) => processes?.give(socket) ?? false },
    cutOff: () => processes?.cutOff(),
    serveWith: async (server) => {
      await using opened = new AsyncDisposableStack();
      const folder = opened.use(await makeSocketFolder(config.dataDir));
      const listener = opened.adopt(
        await listenForPassedOn(server, join(folder.path, 'main')),
        (each) => void each.close(),
      );
      const started = new ReaderProcesses({
        count: config.processes - 1,
        program: new URL('./reader.mjs', import.meta.url),
        settings: { ...settings, folder: folder.path },
        onReport: (reader, report) => {
          samples.report(reader, report.samples);
          return countIn(report, options.pulls, buckets, config.requestsPerMinute);
        },
        onReady: (reader) => logger.info({ reader }, 'a process for reading is ready'),
        onEnded: (reader, why) => {
          samples.end(reader);
          if (!isStopping) logger.error({ reader, why }, 'a process for reading has ended and is started again');
        },
      });
      processes = started;
      server.addHook('onListen', async () => started.start());
      opened.defer(async () => {
        isStopping = true;
        await started.stop();
      });
      listener.unref();
      return opened.move();
    },
  };
}

function countIn(
  { requests, pulls }: ReaderReport,
  counts: PullCounts,
  buckets: RequestBuckets,
  requestsPerMinute: number,
): readonly SourceCount[] {
  for (const [repository, blob, count] of pulls) counts.note(repository, blob, count);
  return requests.map(([source, count]) => [source, buckets.add(source, count, requestsPerMinute)]);
}

/** What a process does not need, it is not told. */
function withoutSecrets(config: Config): Config {
  const secrets = SETTINGS.filter(({ secret }) => secret).map(({ key }) => [key, null]);
  return { ...config, ...Object.fromEntries(secrets) };
}
