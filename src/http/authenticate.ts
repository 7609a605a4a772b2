// Before a request's body is read: who is calling, and may they?
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Authentication } from '../access/authentication.ts';
import type { Permissions } from '../access/permissions.ts';
import { type Caller, nameOf, ownerKeyOf } from '../access/principal.ts';
import type { Action } from '../access/roles.ts';
import { CATALOG_SCOPE, scopeFor } from '../access/scope.ts';
import { Unauthorized } from '../access/unauthorized.ts';
import { loginCommand } from '../oci/registry-address.ts';
import { parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts';
import type { Actor } from '../registry/actor.ts';
import { addressOf } from './base-url.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * What the caller must be allowed to do with the repository of the path; `login`: show any credential; `catalog`: list
     * repositories.
     */
    readonly access?: Action | 'login' | 'catalog';
  }
  interface FastifyRequest {
    caller: Caller;
    repository: RepositoryName;
    /** What a token has to be good for here: said in every challenge, whatever is wrong with the credential. */
    neededScope: string | undefined;
    /** What the caller was refused for, for the log. */
    refusal: string | undefined;
  }
  interface FastifyInstance {
    readonly publicUrl: string | null;
  }
}

export interface AccessControl {
  readonly authentication: Authentication;
  readonly permissions: Permissions;
}

/** Guards every route of `app`: none is reachable without saying what access it needs. */
export function guard(app: FastifyInstance, { authentication, permissions }: AccessControl): void {
  app.addHook('onRequest', async (request) => {
    const { access } = request.routeOptions.config;
    // No route: the not-found handler answers, and says the same to everybody.
    if (request.is404) return;
    if (access === undefined) throw new Error(`route ${request.routeOptions.url} does not say what access it needs`);
    const identify = async (): Promise<Caller> => {
      request.caller = await authentication.identify(request.headers.authorization, addressOf(request));
      return request.caller;
    };
    switch (access) {
      case 'login':
        requireCredential(await identify());
        return;
      case 'catalog':
        request.neededScope = CATALOG_SCOPE;
        permissions.authorizeCatalog(await identify());
        return;
      default:
        request.repository = repositoryOf(request);
        request.neededScope = scopeFor(access, request.repository);
        await permissions.authorize(await identify(), access, request.repository);
    }
  });
}

function repositoryOf(request: FastifyRequest): RepositoryName {
  const { name } = request.params as { readonly name?: string };
  if (name === undefined) throw new Error(`route ${request.routeOptions.url} names no repository`);
  return parseRepositoryName(name);
}

/** The caller as the registry sees it. */
export function actorOf(request: FastifyRequest, permissions: Permissions): Actor {
  const { caller } = request;
  return {
    name: nameOf(caller.principal),
    ownerKey: ownerKeyOf(caller.principal),
    address: caller.address,
    maySee: async (repository) => (await permissions.actionsOn(caller.principal, repository)).includes('pull'),
    mayPull: async (repository) => await permissions.allows(caller, 'pull', repository),
  };
}

/**
 * A token will do, also one of an anonymous caller; nothing at all will not, even where everything is public: a 200 would
 * make `helm registry login` accept any password, and podman would never log in.
 */
function requireCredential(caller: Caller): void {
  if (caller.principal.kind === 'anonymous' && !caller.token) {
    throw new Unauthorized(`log in: run ${loginCommand(caller.address)}`);
  }
}
