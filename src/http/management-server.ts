// The management API within the process, for the command line: the same routes, without a network and without a login.
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Caller } from '../access/caller.ts';
import type { Accounts } from '../accounts/accounts.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { SearchIndex } from '../catalog/search-index.ts';
import type { BackgroundJobs } from '../lifecycle/jobs.ts';
import { RegistryError } from '../oci/error.ts';
import type { Clock } from '../ports/clock.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';
import type { Registry } from '../registry/registry.ts';
import { answerError } from './errors.ts';
import { foldChartName } from './fold-chart-name.ts';
import { MAXIMUM_PARAMETER_LENGTH } from './request-fields.ts';
import { decorate, registerManagement } from './server.ts';

interface ManagementServerOptions {
  readonly accounts: Accounts;
  readonly registry: Registry;
  readonly catalog: Catalog;
  readonly search: SearchIndex;
  readonly jobs: BackgroundJobs;
  readonly clock: Clock;
  /** Of the program. */
  readonly version: string;
  readonly publicUrl: string | null;
  /** Who sends every request. */
  readonly caller: (request: FastifyRequest) => Promise<Caller>;
  /** Takes a line of JSON for each request that failed by a defect of ours. */
  readonly failures: { write(line: string): void };
}

/** A server that does not listen: its requests come by `inject`. */
export async function buildManagementServer(options: ManagementServerOptions): Promise<FastifyInstance> {
  const { caller, failures } = options;
  const app = Fastify({
    logger: { level: 'error', stream: failures },
    rewriteUrl: (request) => foldChartName(request.url ?? '/'),
    routerOptions: { maxParamLength: MAXIMUM_PARAMETER_LENGTH },
    exposeHeadRoutes: false,
  });
  decorate(app, options.publicUrl);
  await app.register(async (scope) => {
    scope.setErrorHandler(answerOperator);
    await registerManagement(scope, { ...options, identify: caller, logIn: caller });
  });
  return app;
}

/** The words of the storage are for the operator, who asks here, and reads no log. */
function answerOperator(error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!(error instanceof StorageUnusable)) return answerError(error, request, reply);
  return answerError(new RegistryError('UNAVAILABLE', error.message), request, reply);
}
