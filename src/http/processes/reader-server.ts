// The HTTP server of a process that only reads: what it can answer well, it answers; all else the main process does.
import { randomUUID } from 'node:crypto';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { TokenCallers } from '../../access/token-callers.ts';
import type { Metrics } from '../../metrics/metrics.ts';
import { RegistryError } from '../../oci/error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { PullCounts } from '../../registry/pull-counts.ts';
import type { Registry } from '../../registry/registry.ts';
import { countHosts, markAnswer, passOverExpectations } from '../answer-headers.ts';
import { guard } from '../authenticate.ts';
import { answerError } from '../errors.ts';
import { foldRepositoryName } from '../fold-repository-name.ts';
import { createLimitedServer } from '../limits/limited-server.ts';
import type { ServerLimits } from '../limits/server-limits.ts';
import { shedLoad } from '../limits/shed-load.ts';
import { sourceOf } from '../limits/source.ts';
import { answerLocalOnly } from '../local-only.ts';
import { logRequests } from '../log-requests.ts';
import { blobRoutes } from '../oci/blobs.ts';
import { manifestRoutes } from '../oci/manifests.ts';
import { referrerRoutes } from '../oci/referrers.ts';
import { tagRoutes } from '../oci/tags.ts';
import { decorateRequests, MAXIMUM_PARAMETER_LENGTH } from '../request-fields.ts';
import { measureRequests } from '../request-metrics.ts';
import type { Routes } from '../server.ts';
import { closeConnectionsWhenStopping } from '../stopping.ts';
import { answerUnreadable } from '../unreadable-requests.ts';
import type { MainProcess } from './pass-on.ts';
import type { ReportedRates } from './reported-rates.ts';

interface ReaderServerOptions {
  readonly registry: Registry;
  readonly pulls: Pick<PullCounts, 'note'>;
  readonly callers: TokenCallers;
  readonly isOpen: boolean;
  readonly rates: ReportedRates;
  readonly metrics: Metrics;
  readonly mainProcess: MainProcess;
  readonly publicUrl: string | null;
  readonly trustedProxies: readonly string[];
  readonly limits: ServerLimits;
  readonly clock: Clock;
  readonly logger: FastifyBaseLogger;
}

/** Where a reader may know the answer. */
const READABLE = /^\/v2\/[^/?]+\/(?:manifests\/|blobs\/[^/]+:|referrers\/|tags\/list)/;
/** All processes write to one log: a line of up to 4 KiB is written as a whole (PIPE_BUF), and it has these texts, some of them twice. */
const MAXIMUM_LOGGED = 1_500;

/** The same routes as the main process's, in another composition. */
export async function buildReaderServer(options: ReaderServerOptions): Promise<FastifyInstance> {
  const { mainProcess, rates, registry } = options;
  const app: Routes = Fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    rewriteUrl: (request) => foldRepositoryName(request.url ?? '/'),
    routerOptions: { maxParamLength: MAXIMUM_PARAMETER_LENGTH },
    exposeHeadRoutes: false,
    frameworkErrors: (_error, request, reply) => mainProcess.answer(request, reply),
    clientErrorHandler: answerUnreadable,
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    serverFactory: (handler) => createLimitedServer(handler, options),
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  decorateRequests(app, options.publicUrl);
  // Whatever is refused: it may have to be counted, noted or worded by what only the main process knows. But for this process's
  // own end, and its own memory.
  const counted = new WeakMap<FastifyRequest, string>();
  const passOn = (error: Error, request: FastifyRequest, reply: FastifyReply) => {
    if (error instanceof RegistryError && error.code === 'UNAVAILABLE') return answerError(error, request, reply);
    const source = counted.get(request);
    if (source !== undefined) rates.takeBack(source);
    return mainProcess.answer(request, reply);
  };
  app.setErrorHandler(passOn);
  app.setNotFoundHandler((request, reply) => mainProcess.answer(request, reply));
  app.addHook('onRequest', (request, reply, done) => {
    if (isReadable(request)) done();
    else mainProcess.answer(request, reply);
  });
  app.addHook('onSend', async (request, reply) => {
    markAnswer(request, reply);
  });
  passOverExpectations(app);
  logRequests(app);
  measureRequests(app, options.metrics);
  closeConnectionsWhenStopping(app);
  if (options.isOpen) answerLocalOnly(app);
  await shedLoad(app, options);
  await app.register(async (scope) => {
    guard(scope, {
      authentication: options.callers,
      countCaller: async (request, identify) => {
        request.caller = await identify();
        const source = sourceOf(request).key;
        rates.requireRoom(source);
        // Now and not when it is answered: whoever goes away before, or asks for many at once, has asked all the same.
        rates.count(source);
        counted.set(request, source);
        return request.caller;
      },
      uploads: { beganWithin: async () => false },
    });
    blobRoutes(scope, options);
    tagRoutes(scope, registry);
    referrerRoutes(scope, registry);
    await scope.register(async (inner) => manifestRoutes(inner, options));
  });
  return app;
}

/** By what the request itself shows; all else is found out on the way. */
function isReadable({ raw, url }: FastifyRequest): boolean {
  const { method, headers } = raw;
  if ((method !== 'GET' && method !== 'HEAD') || !READABLE.test(url)) return false;
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) return false;
  const logged = (raw.url ?? '').length + (headers['user-agent'] ?? '').length;
  return (
    countHosts(raw.rawHeaders) === 1 && logged <= MAXIMUM_LOGGED && /^bearer /i.test(headers.authorization ?? 'bearer ')
  );
}
