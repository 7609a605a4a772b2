// Before a request's body is read: who uses the management API, and may they?
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Caller } from '../../access/caller.ts';
import { authorOf, nameOf } from '../../access/principal.ts';
import { MANAGEMENT_SCOPE } from '../../access/scope.ts';
import { shownSecret } from '../../access/secret.ts';
import { Unauthorized } from '../../access/unauthorized.ts';
import type { Manager } from '../../accounts/manager.ts';
import { RegistryError } from '../../oci/error.ts';

/**
 * - anybody: also without a credential, which is not looked at
 * - reader: whoever reads charts, logged in or not; what of it may be read, the handler finds out (`reader.ts`)
 * - credential: any that counts, be it only good to pull
 * - management: of a person, and good for the management API; what it may settle, the handler finds out
 * - administrator: good for everything
 */
export type ManagementAccess = 'anybody' | 'reader' | 'credential' | 'management' | 'administrator';

/**
 * Guards every route of `app`: none is reachable without saying what access it needs.
 * @param identify who sends the request, by its Authorization header alone
 */
export function guardManagement(app: FastifyInstance, identify: (request: FastifyRequest) => Promise<Caller>): void {
  app.addHook('onRequest', async (request) => {
    const { config, url } = request.routeOptions;
    switch (config.access) {
      case 'anybody':
        return;
      case 'reader':
        request.caller = readerOf(await identify(request));
        return;
      case 'credential':
        await requireCredential(request, identify);
        return;
      case 'management':
        requireManagement(await requireCredential(request, identify));
        return;
      case 'administrator': {
        const caller = await requireCredential(request, identify);
        requireManagement(caller);
        requireAdministrator(caller, request);
        return;
      }
      default:
        throw new Error(`route ${url} does not say what access to the management API it needs`);
    }
  });
}

/** What a token for this API may read does not depend on the repositories that it names, which are none. */
export function readerOf(caller: Caller): Caller {
  return caller.token?.some(({ type }) => type === 'api') ? { ...caller, token: undefined } : caller;
}

/** Who manages, for what `accounts` checks by itself. */
export function managerOf({ caller }: FastifyRequest): Manager {
  return { author: authorOf(caller.principal, caller.origin), rights: caller.rights };
}

async function requireCredential(
  request: FastifyRequest,
  identify: (request: FastifyRequest) => Promise<Caller>,
): Promise<Caller> {
  request.neededScope = MANAGEMENT_SCOPE;
  const caller = await identify(request);
  request.caller = caller;
  const { principal, token, rejection } = caller;
  if (rejection) throw rejection;
  // Nobody at all can have a token for this scope as well: it has the rights of its owner, and here that is none.
  if (principal.kind === 'anonymous') {
    throw new Unauthorized(
      'nobody is logged in: send a user name and password, or a token that "chartroom token add --management" makes, in the Authorization header',
    );
  }
  if (token && !token.some(({ type }) => type === 'api')) {
    const message = `the token does not cover the management API: ask for one with scope ${MANAGEMENT_SCOPE}`;
    throw new Unauthorized(message, { error: 'insufficient_scope' });
  }
  return caller;
}

function requireManagement({ principal, rights }: Caller): void {
  if (rights.management) return;
  const name = nameOf(principal);
  const why =
    principal.kind === 'user' && principal.secret !== undefined
      ? `the token ${shownSecret(principal.secret)} of ${name} is not good for the management API: use the password, or a token that "chartroom token add --management" makes`
      : `${name} may not use the management API, which is for people: log in with a user name and password`;
  throw new RegistryError('FORBIDDEN', why);
}

/** The same for whatever exists and what does not. */
function requireAdministrator({ principal, rights }: Caller, { method, routeOptions }: FastifyRequest): void {
  if (rights.isAdministrator) return;
  const name = nameOf(principal);
  throw new RegistryError(
    'FORBIDDEN',
    `${method} ${routeOptions.url} is for administrators, and ${name} is none: log in as one, or ask one to run "chartroom user set ${name} --administrator true"`,
  );
}
