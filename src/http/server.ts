// The HTTP server: one Fastify instance, its limits, and its routes.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
  type RawServerDefault,
} from 'fastify';
import type { Authentication } from '../access/authentication.ts';
import type { Tokens } from '../access/tokens.ts';
import type { Accounts } from '../accounts/accounts.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { SearchIndex } from '../catalog/search-index.ts';
import type { Classic } from '../classic/classic.ts';
import type { Sightings } from '../events/sightings.ts';
import type { BackgroundJobs } from '../lifecycle/jobs.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Clock } from '../ports/clock.ts';
import type { PullCounts } from '../registry/pull-counts.ts';
import type { Registry } from '../registry/registry.ts';
import { markAnswer, passOverExpectations, requireOneHost } from './answer-headers.ts';
import { type Management, managementRoutes } from './api/management.ts';
import { arrivalOf, guard } from './authenticate.ts';
import { foldNamespace } from './classic/addresses.ts';
import { classicRoutes } from './classic/routes.ts';
import { crawlerRoute } from './crawlers.ts';
import { answerError, answerNotFound } from './errors.ts';
import { foldChartName } from './fold-chart-name.ts';
import { foldRepositoryName } from './fold-repository-name.ts';
import { healthRoutes } from './health.ts';
import { hubRoutes } from './hub.ts';
import { limitBodies } from './limits/bodies-at-once.ts';
import { createLimitedServer } from './limits/limited-server.ts';
import type { RequestBuckets } from './limits/request-buckets.ts';
import { type CountedIdentification, limitRequests } from './limits/request-rates.ts';
import type { ServerLimits } from './limits/server-limits.ts';
import { shedLoad } from './limits/shed-load.ts';
import { answerLocalOnly } from './local-only.ts';
import { logRequests } from './log-requests.ts';
import { metricsRoute } from './metrics.ts';
import { noteRefusals } from './note-refusals.ts';
import { baseRoutes } from './oci/base.ts';
import { blobRoutes } from './oci/blobs.ts';
import { catalogRoutes } from './oci/catalog.ts';
import { manifestRoutes } from './oci/manifests.ts';
import { referrerRoutes } from './oci/referrers.ts';
import { tagRoutes } from './oci/tags.ts';
import { uploadRoutes } from './oci/uploads.ts';
import { trustAlsoProcesses } from './processes/passed-on-requests.ts';
import type { GiveConnection } from './processes/share-connections.ts';
import { decorateRequests, MAXIMUM_PARAMETER_LENGTH } from './request-fields.ts';
import { measureRequests } from './request-metrics.ts';
import { LOGIN_PATH, type SingleSignOn, ssoRoutes } from './sso.ts';
import { closeConnectionsWhenStopping } from './stopping.ts';
import { tokenRoutes } from './token.ts';
import { answerUnreadable } from './unreadable-requests.ts';
import { welcomeRoute } from './welcome.ts';

/** The server, or a scope of it, whose routes' types follow from their schemas. */
export type Routes = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export interface ServerOptions {
  readonly registry: Registry;
  readonly catalog: Catalog;
  readonly search: SearchIndex;
  readonly jobs: BackgroundJobs;
  readonly classic: Classic;
  readonly pulls: PullCounts;
  readonly authentication: Authentication;
  readonly sightings: Sightings;
  readonly tokens: Tokens;
  readonly accounts: Accounts;
  /** Undefined when there is no provider. */
  readonly singleSignOn: SingleSignOn | undefined;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Of the program. */
  readonly version: string;
  readonly publicUrl: string | null;
  /** Which addresses the index of a classic repository has. */
  readonly indexUrls: 'tgz' | 'oci';
  readonly trustedProxies: readonly string[];
  /** Of one principal, or of one address without a login; 0 for no limit. */
  readonly requestsPerMinute: number;
  readonly limits: ServerLimits;
  readonly logger: FastifyBaseLogger;
  /** Undefined where one process does all. */
  readonly give?: GiveConnection | undefined;
  readonly buckets?: RequestBuckets | undefined;
}

interface GuardedOptions extends ServerOptions {
  readonly countCaller: CountedIdentification;
}

export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const app = typed(
    Fastify({
      loggerInstance: options.logger,
      logController: new LogController({ disableRequestLogging: true }),
      genReqId: () => randomUUID(),
      rewriteUrl: (request) => foldChartName(foldNamespace(foldRepositoryName(request.url ?? '/'))),
      routerOptions: { maxParamLength: MAXIMUM_PARAMETER_LENGTH },
      exposeHeadRoutes: false,
      // No hook runs for what cannot be routed.
      frameworkErrors: (error, request, reply) => answerError(error, request, markAnswer(request, reply)),
      clientErrorHandler: answerUnreadable,
      trustProxy: trustedBy(options),
      serverFactory: (handler) => createLimitedServer(handler, options),
      forceCloseConnections: 'idle',
      // Fastify's own answer is none that a client of a registry understands.
      return503OnClosing: false,
    }),
  );
  decorate(app, options.publicUrl);
  app.addHook('onSend', (request, reply, _payload, done) => {
    markAnswer(request, reply);
    done();
  });
  requireOneHost(app);
  passOverExpectations(app);
  logRequests(app);
  measureRequests(app, options.metrics);
  noteRefusals(app, options.sightings);
  closeConnectionsWhenStopping(app);
  if (options.authentication.isOpen) answerLocalOnly(app);
  await shedLoad(app, options);
  const countCaller = await limitRequests(app, options);
  limitBodies(app, options.limits.bodiesAtOnce);
  const { singleSignOn } = options;
  welcomeRoute(app, singleSignOn && LOGIN_PATH);
  healthRoutes(app, options.registry);
  crawlerRoute(app);
  await app.register(async (scope) => await tokenRoutes(typed(scope), { ...options, countCaller }));
  await app.register(async (scope) => await distributionRoutes(typed(scope), { ...options, countCaller }));
  if (singleSignOn) {
    await app.register(async (scope) => await ssoRoutes(typed(scope), { ...options, ...singleSignOn }));
  }
  const identify = (request: FastifyRequest) =>
    countCaller(request, () => options.authentication.identify(request.headers.authorization, arrivalOf(request)));
  metricsRoute(app, { metrics: options.metrics, identify });
  await app.register(async (scope) => await classicRoutes(typed(scope), { ...options, identify }));
  await app.register(async (scope) => hubRoutes(typed(scope), { ...options, identify }));
  await registerManagement(app, {
    ...options,
    identify,
    logIn: (request, credentials) => options.authentication.logIn(credentials, arrivalOf(request)),
  });
  return app;
}

/** What routes and error handlers expect of a request, and the handlers. */
export function decorate(app: FastifyInstance, publicUrl: string | null): void {
  decorateRequests(app, publicUrl);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(answerNotFound);
}

export async function registerManagement(app: FastifyInstance, management: Management): Promise<void> {
  await app.register(async (scope) => await managementRoutes(typed(scope), management), { prefix: '/api/v1' });
}

/** Everything under /v2: guarded, and each kind of route in a scope of its own, with its own way to read a body. */
async function distributionRoutes(app: Routes, options: GuardedOptions): Promise<void> {
  guard(app, { ...options, uploads: options.registry.uploads });
  // Some clients give even a DELETE a type, which says nothing here: only manifests and uploads have a body.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  baseRoutes(app);
  blobRoutes(app, options);
  tagRoutes(app, options.registry);
  referrerRoutes(app, options.registry);
  catalogRoutes(app, options);
  await app.register(async (scope) => manifestRoutes(typed(scope), options));
  await app.register(async (scope) => uploadRoutes(typed(scope), options));
}

function trustedBy({ trustedProxies, give }: ServerOptions) {
  // The types know no connection without an address.
  if (give) return trustAlsoProcesses(trustedProxies) as (address: string) => boolean;
  return trustedProxies.length === 0 ? false : [...trustedProxies];
}

function typed(app: FastifyInstance): Routes {
  return app.withTypeProvider<TypeBoxTypeProvider>();
}
