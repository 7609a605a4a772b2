// Decides whether a caller may do something with a repository, and words the refusal.
import { RegistryError } from '../oci/error.ts';
import { loginCommand, logoutCommand } from '../oci/registry-address.ts';
import { parentOf, type RepositoryName } from '../oci/repository-name.ts';
import type { Caller } from './caller.ts';
import { nameOf } from './principal.ts';
import { type Action, ALL_ACTIONS, roleFor } from './roles.ts';
import { CATALOG_SCOPE, type ScopedAccess, scopeFor } from './scope.ts';
import { Unauthorized } from './unauthorized.ts';

/** Whether the caller, with the credential it shows, may do this. */
export function allows({ token, rights }: Caller, action: Action, repository: RepositoryName): boolean {
  // What everybody may read needs no scope.
  if (action === 'pull' && rights.isPublic(repository)) return true;
  const isCovered =
    token === undefined ||
    token.some(
      (access) => access.type === 'repository' && access.name === repository && access.actions.includes(action),
    );
  // A token is worth what its owner may do now, whatever that was when it was made.
  return isCovered && rights.on(repository).includes(action);
}

/**
 * @throws Unauthorized when logging in, or asking for another token, could help
 * @throws RegistryError FORBIDDEN when the caller may know the repository but not do this with it
 * @throws RegistryError NAME_UNKNOWN when the caller may not know whether the repository exists
 * @param alongside a scope that the caller's next token must cover too, or it would lose it for this one
 */
export function authorize(caller: Caller, action: Action, repository: RepositoryName, alongside?: string): void {
  if (allows(caller, action, repository)) return;
  const needed = scopeFor(action, repository);
  const scope = alongside === undefined ? needed : `${alongside} ${needed}`;
  if (caller.rejection) throw rejected(caller, caller.rejection, repository, scope);
  if (caller.principal.kind === 'anonymous') throw new Unauthorized(loginHint(caller, action, repository), { scope });
  if (caller.rights.on(repository).includes(action)) {
    throw new Unauthorized(`the token does not cover "${action}" on ${repository}: ask for one with scope ${scope}`, {
      scope,
      error: 'insufficient_scope',
    });
  }
  if (action === 'pull') {
    throw new RegistryError(
      'NAME_UNKNOWN',
      `there is no repository ${repository} that ${nameOf(caller.principal)} may read`,
    );
  }
  throw new RegistryError('FORBIDDEN', refusal(caller, [action], repository));
}

/**
 * Whether the caller may ask what is in a namespace: whoever has any right on it may, also to publish there what is not there yet.
 * @throws Unauthorized, or RegistryError NAME_UNKNOWN where it must not even be known whether there is anything
 */
export function authorizeNamespace(caller: Caller, namespace: string): void {
  const { principal, rights, rejection } = caller;
  if (rejection && !rights.isAllPublic(namespace)) throw rejection;
  if (rights.covers(namespace)) return;
  const place = placeOf(namespace);
  if (principal.kind === 'anonymous') throw new Unauthorized(repositoryHint(`${place} does not exist or is private`));
  throw new RegistryError('NAME_UNKNOWN', `there is nothing in ${place} that ${nameOf(principal)} may read`);
}

/**
 * Whether the caller may push some chart to a namespace; whether this one, `authorize` decides once it is known.
 * @throws Unauthorized, or RegistryError FORBIDDEN
 */
export function authorizeAnyPush(caller: Caller, namespace: string): void {
  const { principal, rights, rejection } = caller;
  if (rejection) throw rejection;
  if (rights.mayIn(namespace, 'push')) return;
  const place = placeOf(namespace);
  if (principal.kind === 'anonymous') {
    throw new Unauthorized(repositoryHint(`nobody may push to ${place} without logging in`));
  }
  throw new RegistryError('FORBIDDEN', refusal(caller, ['push'], place, namespace || '/'));
}

function placeOf(namespace: string): string {
  return namespace === '' ? 'the root namespace' : namespace;
}

/** For clients of classic repositories, which know no tokens and log in with every request. */
function repositoryHint(why: string): string {
  return `${why}, and you are not logged in: send a user name and password, or a token as the password, as "helm repo add" does with --username and --password-stdin`;
}

/**
 * Whether the caller may list repositories: anybody may, who shows a credential for it, since the list has only what its
 * reader may read.
 * @throws Unauthorized
 */
export function authorizeCatalog({ principal, token, rejection, address }: Caller): void {
  const scope = CATALOG_SCOPE;
  if (rejection) throw rejection;
  if (token?.some(({ type }) => type === 'registry')) return;
  if (token) {
    const message = `the token does not cover the list of repositories: ask for one with scope ${scope}`;
    throw new Unauthorized(message, { scope, error: 'insufficient_scope' });
  }
  if (principal.kind !== 'anonymous') return;
  throw new Unauthorized(`nobody may list repositories without logging in: run ${loginCommand(address)}`, { scope });
}

/**
 * Whether the caller may read how the server is doing, which says something of everything that is stored: whoever may read all of
 * that may.
 * @throws Unauthorized, or RegistryError FORBIDDEN
 */
export function authorizeMetrics({ principal, rights, token, rejection }: Caller): void {
  if (rejection) throw rejection;
  const hint =
    'send the secret of a robot that "chartroom robot add metrics --scope /:pull" makes, or the password of an administrator';
  if (principal.kind === 'anonymous') throw new Unauthorized(`nobody may read metrics without logging in: ${hint}`);
  if (token) throw new Unauthorized(`metrics are not read with a token of a registry's client: ${hint}`);
  if (rights.mayReadEverything) return;
  throw new RegistryError('FORBIDDEN', `${nameOf(principal)} may not read metrics, which are of everything: ${hint}`);
}

/**
 * What a token may be good for: asked ∩ allowed.
 * @throws Unauthorized or RegistryError FORBIDDEN when something was asked and nothing is allowed: helm hides the reason
 * of a later refusal of HEAD, but prints this one
 */
export function grant(caller: Caller, asked: readonly ScopedAccess[]): readonly ScopedAccess[] {
  if (caller.rejection) return grantInSpiteOf(caller.rejection, caller, asked);
  const useful = allowedOf(caller, asked).filter(({ actions }) => actions.length > 0);
  const [first] = asked;
  // All else is never denied, so it was not what was asked for here.
  if (useful.length > 0 || first?.type !== 'repository') return useful;
  if (caller.principal.kind === 'anonymous') {
    throw new Unauthorized(loginHint(caller, first.actions.includes('push') ? 'push' : 'pull', first.name));
  }
  throw new RegistryError('FORBIDDEN', refusal(caller, first.actions, first.name));
}

/** A credential that does not count takes nothing away of what everybody may read, as long as no more is asked. */
function grantInSpiteOf(
  rejection: RegistryError,
  caller: Caller,
  asked: readonly ScopedAccess[],
): readonly ScopedAccess[] {
  const allowed = allowedOf(caller, asked);
  const isEnough = allowed.every((access, index) => access.actions.length === asked[index]?.actions.length);
  const [first] = asked;
  // Without a scope, as "helm registry login" asks, it is the credential alone that counts.
  if (first?.type !== 'repository') throw rejection;
  if (!isEnough || asked.some(({ type }) => type !== 'repository')) throw rejected(caller, rejection, first.name);
  return allowed;
}

function allowedOf({ rights }: Caller, asked: readonly ScopedAccess[]): readonly ScopedAccess[] {
  return asked.map((access): ScopedAccess => {
    if (access.type !== 'repository') return access;
    const allowed = rights.on(access.name);
    return { ...access, actions: access.actions.filter((action) => allowed.includes(action)) };
  });
}

/** The reason why the credential does not count, and the way out where nothing but the credential stands in the way. */
function rejected(caller: Caller, rejection: RegistryError, repository: RepositoryName, scope?: string): RegistryError {
  const isPublic = caller.rights.isPublic(repository);
  const logout = logoutCommand(caller.address);
  const wayOut = rejection.message.includes(logout) ? '' : `, after ${logout}`;
  const message = isPublic
    ? `${rejection.message}; ${repository} is public: everybody may read it without a credential${wayOut}`
    : rejection.message;
  if (!(rejection instanceof Unauthorized)) return rejection;
  return new Unauthorized(message, { ...rejection.challenge, ...(scope === undefined ? {} : { scope }) });
}

function loginHint(caller: Caller, action: Action, repository: RepositoryName): string {
  const why =
    action === 'pull'
      ? `${repository} does not exist or is private, and you are not logged in`
      : `nobody may ${action} ${action === 'delete' ? 'from' : 'to'} ${repository} without logging in`;
  return `${why}: run ${loginCommand(caller.address)} and try again`;
}

/** @param path where a right would help */
function refusal(
  { principal, address }: Caller,
  actions: readonly Action[],
  place: string,
  path: string = parentOf(place as RepositoryName) || place,
): string {
  const hardest = ALL_ACTIONS.findLast((action) => actions.includes(action)) ?? 'pull';
  const verb = { pull: 'pull from', push: 'push to', delete: 'delete from' }[hardest];
  const start = `${nameOf(principal)} may not ${verb} ${place}: log in as somebody who may with ${loginCommand(address)}, or`;
  switch (principal.kind) {
    case 'robot': {
      const scope = `${path}:${hardest}${alternative(hardest, `${path}:push`)}`;
      // Not as a whole command, which would take away the scopes that it does not name.
      return `${start} ask a maintainer to add the scope ${scope}: "chartroom robot show ${principal.name}" lists those that it has, and "chartroom robot set ${principal.name} --scope …" replaces all of them`;
    }
    case 'workload': {
      const role = `${roleFor(hardest)}${alternative(hardest, roleFor('push'))}`;
      return `${start} ask an administrator for a trust rule that gives ${role} on ${path} to this subject of ${principal.issuer}`;
    }
    default: {
      const grantAdd = `"chartroom grant add ${nameOf(principal)} ${roleFor(hardest)} ${path}"${alternative(hardest, `with ${roleFor('push')}`)}`;
      const isLimited = principal.kind === 'user' && principal.secret !== undefined;
      const limit = isLimited ? ` use a token whose scopes include it, or, if ${principal.name} may not either,` : '';
      return `${start}${limit} ask an administrator to run ${grantAdd}`;
    }
  }
}

/** helm 3 asks for a token to pull before it pushes, so this may be the first that a publisher hears of it. */
function alternative(action: Action, forPush: string): string {
  return action === 'pull' ? ` (or ${forPush}, to push as well)` : '';
}
