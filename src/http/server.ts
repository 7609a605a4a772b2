// The HTTP server: one Fastify instance, its limits, and its routes.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController, type RawServerDefault } from 'fastify';
import type { Authentication } from '../access/authentication.ts';
import type { Permissions } from '../access/permissions.ts';
import type { Tokens } from '../access/tokens.ts';
import type { Registry } from '../registry/registry.ts';
import { markAnswer } from './answer-headers.ts';
import { guard } from './authenticate.ts';
import { answerError, answerNotFound } from './errors.ts';
import { foldRepositoryName } from './fold-repository-name.ts';
import { healthRoutes } from './health.ts';
import { answerLocalOnly } from './local-only.ts';
import { logRequests } from './log-requests.ts';
import { baseRoutes } from './oci/base.ts';
import { blobRoutes } from './oci/blobs.ts';
import { catalogRoutes } from './oci/catalog.ts';
import { manifestRoutes } from './oci/manifests.ts';
import { referrerRoutes } from './oci/referrers.ts';
import { tagRoutes } from './oci/tags.ts';
import { uploadRoutes } from './oci/uploads.ts';
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
  readonly authentication: Authentication;
  readonly permissions: Permissions;
  readonly tokens: Tokens;
  readonly publicUrl: string | null;
  readonly trustedProxies: readonly string[];
  readonly logger: FastifyBaseLogger;
}

/** A connection on which nothing moves for so long is closed: milliseconds. Making a very large blob durable takes a while. */
const IDLE_TIMEOUT = 10 * 60 * 1000;
/** All that Node takes of a request's head, so that a name that is too long is refused in our own words. */
const MAXIMUM_PARAMETER_LENGTH = 16 * 1024;

export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const app = typed(
    Fastify({
      loggerInstance: options.logger,
      logController: new LogController({ disableRequestLogging: true }),
      genReqId: () => randomUUID(),
      rewriteUrl: (request) => foldRepositoryName(request.url ?? '/'),
      routerOptions: { maxParamLength: MAXIMUM_PARAMETER_LENGTH },
      exposeHeadRoutes: false,
      // No hook runs for what cannot be routed.
      frameworkErrors: (error, request, reply) => answerError(error, request, markAnswer(request, reply)),
      clientErrorHandler: answerUnreadable,
      trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
      connectionTimeout: IDLE_TIMEOUT,
      forceCloseConnections: 'idle',
      // Fastify's own answer is none that a client of a registry understands.
      return503OnClosing: false,
    }),
  );
  app.decorate('publicUrl', options.publicUrl);
  app.decorateRequest('caller');
  app.decorateRequest('repository');
  app.decorateRequest('neededScope');
  app.decorateRequest('refusal');
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(answerNotFound);
  app.addHook('onSend', async (request, reply) => {
    markAnswer(request, reply);
  });
  logRequests(app);
  closeConnectionsWhenStopping(app);
  if (options.authentication.isOpen) answerLocalOnly(app);
  welcomeRoute(app);
  healthRoutes(app, options.registry);
  await app.register(async (scope) => await tokenRoutes(typed(scope), options));
  await app.register(async (scope) => await distributionRoutes(typed(scope), options));
  return app;
}

/** Everything under /v2: guarded, and each kind of route in a scope of its own, with its own way to read a body. */
async function distributionRoutes(app: Routes, options: ServerOptions): Promise<void> {
  guard(app, options);
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

function typed(app: FastifyInstance): Routes {
  return app.withTypeProvider<TypeBoxTypeProvider>();
}
