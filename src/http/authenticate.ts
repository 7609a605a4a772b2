// Before a request's body is read: who is calling, and may they?
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Arrival, Authentication, Continuation } from '../access/authentication.ts';
import type { Caller } from '../access/caller.ts';
import { allows, authorize, authorizeCatalog } from '../access/permissions.ts';
import { authorOf, nameOf, ownerKeyOf } from '../access/principal.ts';
import type { Action } from '../access/roles.ts';
import { CATALOG_SCOPE, scopeFor } from '../access/scope.ts';
import { Unauthorized } from '../access/unauthorized.ts';
import { loginCommand } from '../oci/registry-address.ts';
import { parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts';
import type { Actor } from '../registry/actor.ts';
import type { ManagementAccess } from './api/guard.ts';
import { addressOf } from './base-url.ts';
import { clientAddressOf } from './client-address.ts';
import type { RefusalCode } from './errors.ts';
import type { CountedIdentification } from './limits/request-rates.ts';

/** Characters; it is kept with every event, and clients write what they like. */
const MAXIMUM_USER_AGENT = 300;

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * What the caller must be allowed to do with the repository of the path; `login`: show any credential; `catalog`: list
     * repositories. Routes of the management API have levels of their own.
     */
    readonly access?: Action | 'login' | 'catalog' | ManagementAccess;
    /** The path names an upload, which may be ended with a token that was good when it was opened. */
    readonly continuesUpload?: boolean;
  }
  interface FastifyRequest {
    caller: Caller;
    repository: RepositoryName;
    /** What a token has to be good for here: said in every challenge, whatever is wrong with the credential. */
    neededScope: string | undefined;
    /** What the caller was refused for, for the log. */
    refusal: string | undefined;
    refusalCode: RefusalCode | undefined;
    /** Another process answers it, and says so in the log. */
    isPassedOn: boolean;
  }
  interface FastifyInstance {
    readonly publicUrl: string | null;
  }
}

interface AccessControl {
  readonly authentication: Pick<Authentication, 'identify'>;
  readonly countCaller: CountedIdentification;
  /** Whether an upload is of this owner, and was opened between these times. */
  readonly uploads: { beganWithin(id: string, ownerKey: string, from: number, to: number): Promise<boolean> };
}

/** Guards every route of `app`: none is reachable without saying what access it needs. */
export function guard(app: FastifyInstance, { authentication, countCaller, uploads }: AccessControl): void {
  app.addHook('onRequest', async (request) => {
    const { access, continuesUpload = false } = request.routeOptions.config;
    // No route: the not-found handler answers, and says the same to everybody.
    if (request.is404) return;
    if (access === undefined) throw new Error(`route ${request.routeOptions.url} does not say what access it needs`);
    const { id = '' } = request.params as { readonly id?: string };
    const continuation: Continuation = (ownerKey, from, to) => uploads.beganWithin(id, ownerKey, from, to);
    const identify = async (): Promise<Caller> => {
      const { authorization } = request.headers;
      const arrival = arrivalOf(request);
      return await countCaller(request, () =>
        authentication.identify(authorization, arrival, continuesUpload ? continuation : undefined),
      );
    };
    switch (access) {
      case 'login':
        requireCredential(await identify());
        return;
      case 'catalog':
        request.neededScope = CATALOG_SCOPE;
        authorizeCatalog(await identify());
        return;
      case 'anybody':
      case 'reader':
      case 'credential':
      case 'management':
      case 'administrator':
        throw new Error(
          `route ${request.routeOptions.url} is none of the registry: ${access} is for the management API`,
        );
      default:
        request.repository = repositoryOf(request);
        request.neededScope = scopeFor(access, request.repository);
        authorize(await identify(), access, request.repository);
    }
  });
}

/** How the request reached us, and from where. */
export function arrivalOf(request: FastifyRequest): Arrival {
  const userAgent = (request.headers['user-agent'] ?? '').slice(0, MAXIMUM_USER_AGENT);
  const origin = { clientAddress: clientAddressOf(request), userAgent };
  return { address: addressOf(request), origin };
}

function repositoryOf(request: FastifyRequest): RepositoryName {
  const { name } = request.params as { readonly name?: string };
  if (name === undefined) throw new Error(`route ${request.routeOptions.url} names no repository`);
  return parseRepositoryName(name);
}

/** The caller as the registry sees it. */
export function actorOf({ caller }: FastifyRequest): Actor {
  return {
    name: nameOf(caller.principal),
    author: authorOf(caller.principal, caller.origin),
    ownerKey: ownerKeyOf(caller.principal),
    address: caller.address,
    maySee: (repository) => caller.rights.on(repository).includes('pull'),
    mayPull: (repository) => allows(caller, 'pull', repository),
  };
}

/**
 * A token will do, also one of an anonymous caller; nothing at all will not, even where everything is public: a 200 would
 * make `helm registry login` accept any password, and podman would never log in.
 */
function requireCredential({ principal, token, rejection, address }: Caller): void {
  if (rejection) throw rejection;
  if (principal.kind === 'anonymous' && !token) throw new Unauthorized(`log in: run ${loginCommand(address)}`);
}
