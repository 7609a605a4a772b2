// Before a request's body is read: who uses a classic repository, and which one?
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../../access/caller.ts';
import { allows, authorize, authorizeAnyPush, authorizeNamespace } from '../../access/permissions.ts';
import type { Action } from '../../access/roles.ts';
import { Unauthorized } from '../../access/unauthorized.ts';
import { readNamespace } from '../../accounts/namespace-path.ts';
import type { ChartLists } from '../../classic/chart-lists.ts';
import { RegistryError } from '../../oci/error.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { readerOf } from '../api/guard.ts';
import { requestPath } from '../request-path.ts';
import { warn } from '../warning.ts';
import { CLASSIC_PREFIX, isFolded } from './addresses.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The namespace of the path; empty for the root. */
    namespace: string;
  }
}

/**
 * Guards every route of `app`: a route's access is what the caller wants to do with charts of the namespace. Whether it may be
 * done with this one, its handler finds out and says to `requireChart`; whoever may push none at all is refused here.
 */
export function guardClassic(app: FastifyInstance, identify: (request: FastifyRequest) => Promise<Caller>): void {
  app.decorateRequest('namespace', '');
  app.addHook('onRequest', async (request) => {
    const { config, url } = request.routeOptions;
    const { access } = config;
    if (url?.startsWith(CLASSIC_PREFIX) && !isFolded(request.originalUrl)) {
      const path = requestPath(request.originalUrl).slice(0, 200);
      throw new RegistryError('NOT_FOUND', `there is nothing at ${request.method} ${path}`);
    }
    if (access !== 'pull' && access !== 'push' && access !== 'delete') {
      throw new Error(`route ${url} does not say what access to charts it needs`);
    }
    request.caller = readerOf(await identify(request));
    const { namespace } = request.params as { readonly namespace?: string };
    if (namespace !== undefined) request.namespace = readNamespace(namespace);
    if (access === 'push') authorizeAnyPush(request.caller, request.namespace);
  });
}

/**
 * For lists, which have only what the caller may read. Where the caller has no right on the namespace as a whole, a chart that may
 * be read by its own name must be there.
 * @throws Unauthorized, or RegistryError NAME_UNKNOWN where it must not even be known whether there is anything
 */
export async function requireNamespace(request: FastifyRequest, reply: FastifyReply, lists: ChartLists): Promise<void> {
  const { caller, namespace } = request;
  if (caller.rejection || caller.rights.covers(namespace) || !(await hasNamedChart(request, lists))) {
    authorizeNamespace(caller, namespace);
  }
  warnOfRejection(request, reply);
}

async function hasNamedChart(request: FastifyRequest, lists: ChartLists): Promise<boolean> {
  const named = request.caller.rights.chartsNamedIn(request.namespace).filter(mayPull(request));
  for (const repository of named) if (await lists.isListed(repository)) return true;
  return false;
}

/** For a list of all namespaces. @throws Unauthorized */
export function requireAnything(request: FastifyRequest, reply: FastifyReply): void {
  const { principal, rights, rejection } = request.caller;
  if (rejection && !rights.isAllPublic(undefined)) throw rejection;
  warnOfRejection(request, reply);
  if (principal.kind !== 'anonymous' || rights.mayReadAnything) return;
  throw new Unauthorized('nothing here is public, and nobody is logged in: send a user name and password');
}

/** @throws Unauthorized, RegistryError FORBIDDEN, or NAME_UNKNOWN where it must not even be known that the chart exists */
export function requireChart(request: FastifyRequest, action: Action, repository: RepositoryName): void {
  request.repository = repository;
  authorize(request.caller, action, repository);
}

export function mayPull({ caller }: FastifyRequest): (repository: RepositoryName) => boolean {
  return (repository) => allows(caller, 'pull', repository);
}

/** A credential that does not count takes nothing away of what everybody may read; its owner may want to know. */
export function warnOfRejection({ caller }: FastifyRequest, reply: FastifyReply): void {
  if (caller.rejection) warn(reply, caller.rejection.message);
}
