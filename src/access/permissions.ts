// Decides what a principal may do with a repository, and words the refusal.
import { RegistryError } from '../oci/error.ts';
import { loginCommand } from '../oci/registry-address.ts';
import { enclosingPaths, parentOf, type RepositoryName } from '../oci/repository-name.ts';
import type { Database } from '../ports/database.ts';
import { findNamespaces, listGrants, listNamespaces } from '../tables/grants.ts';
import { findUser } from '../tables/users.ts';
import { type Caller, nameOf, type Principal } from './principal.ts';
import { type Action, ALL_ACTIONS, actionsOf, isRole, roleFor } from './roles.ts';
import { formatScope, type ScopedAccess } from './scope.ts';
import { Unauthorized } from './unauthorized.ts';

/** What one principal may do, looked up once and then asked for many repositories. */
export type Rights = (repository: RepositoryName) => readonly Action[];

export class Permissions {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Everything that the principal itself, whatever its token says, may do with the repository. */
  async actionsOn(principal: Principal, repository: RepositoryName): Promise<readonly Action[]> {
    if (principal.kind === 'open') return ALL_ACTIONS;
    const paths = enclosingPaths(repository);
    const isPublic = visibilityOf(paths, await findNamespaces(this.#database, paths)) === 'public';
    const granted = principal.kind === 'user' ? await this.#grantedTo(principal.name) : () => [];
    return merged(granted(repository), isPublic);
  }

  /** The same for many repositories at the price of one look-up. */
  async rightsOf(principal: Principal): Promise<Rights> {
    if (principal.kind === 'open') return () => ALL_ACTIONS;
    const namespaces = await listNamespaces(this.#database);
    const granted = principal.kind === 'user' ? await this.#grantedTo(principal.name) : () => [];
    return (repository) =>
      merged(granted(repository), visibilityOf(enclosingPaths(repository), namespaces) === 'public');
  }

  async #grantedTo(name: string): Promise<Rights> {
    const user = await findUser(this.#database, name);
    if (!user) return () => [];
    if (user.administrator === 1) return () => ALL_ACTIONS;
    const grants = await listGrants(this.#database, name);
    return (repository) => {
      const paths = new Set(enclosingPaths(repository));
      return grants.flatMap((grant) => (paths.has(grant.namespace) && isRole(grant.role) ? actionsOf(grant.role) : []));
    };
  }

  /** Whether the caller, with the credential it shows, may do this. */
  async allows(caller: Caller, action: Action, repository: RepositoryName): Promise<boolean> {
    if (!caller.token) return (await this.actionsOn(caller.principal, repository)).includes(action);
    const isGranted = caller.token.some((access) => access.name === repository && access.actions.includes(action));
    // What everybody may read needs no scope.
    return isGranted || (await this.actionsOn({ kind: 'anonymous' }, repository)).includes(action);
  }

  /**
   * @throws Unauthorized when logging in, or asking for another token, could help
   * @throws RegistryError FORBIDDEN when the caller may know the repository but not do this with it
   * @throws RegistryError NAME_UNKNOWN when the caller may not know whether the repository exists
   * @param alongside a scope that the caller's next token must cover too, or it would lose it for this one
   */
  async authorize(caller: Caller, action: Action, repository: RepositoryName, alongside?: string): Promise<void> {
    if (await this.allows(caller, action, repository)) return;
    const needed = formatScope(repository, action === 'push' ? ['pull', 'push'] : [action]);
    const scope = alongside === undefined ? needed : `${alongside} ${needed}`;
    if (caller.principal.kind === 'anonymous') throw new Unauthorized(loginHint(caller, action, repository), { scope });
    const own = await this.actionsOn(caller.principal, repository);
    if (own.includes(action)) {
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
   * What a token may be good for: asked ∩ allowed.
   * @throws Unauthorized or RegistryError FORBIDDEN when something was asked and nothing is allowed: helm hides the reason
   * of a later refusal of HEAD, but prints this one
   */
  async grant(caller: Caller, asked: readonly ScopedAccess[]): Promise<readonly ScopedAccess[]> {
    const granted = await Promise.all(
      asked.map(async (access) => {
        const allowed = await this.actionsOn(caller.principal, access.name);
        return { ...access, actions: access.actions.filter((action) => allowed.includes(action)) };
      }),
    );
    const useful = granted.filter((access) => access.actions.length > 0);
    const [first] = asked;
    if (useful.length > 0 || !first) return useful;
    if (caller.principal.kind === 'anonymous') {
      throw new Unauthorized(loginHint(caller, first.actions.includes('push') ? 'push' : 'pull', first.name));
    }
    throw new RegistryError('FORBIDDEN', refusal(caller, first.actions, first.name));
  }
}

function merged(granted: readonly Action[], isPublic: boolean): readonly Action[] {
  return ALL_ACTIONS.filter((action) => granted.includes(action) || (isPublic && action === 'pull'));
}

/** The nearest path with a setting decides; without any, a repository is private. */
function visibilityOf(
  paths: readonly string[],
  namespaces: readonly { readonly path: string; readonly visibility: 'public' | 'private' }[],
): 'public' | 'private' {
  const set = new Map(namespaces.map((namespace) => [namespace.path, namespace.visibility]));
  const nearest = paths.findLast((path) => set.has(path));
  return nearest === undefined ? 'private' : (set.get(nearest) ?? 'private');
}

function loginHint(caller: Caller, action: Action, repository: RepositoryName): string {
  const why =
    action === 'pull'
      ? `${repository} does not exist or is private, and you are not logged in`
      : `nobody may ${action} to ${repository} without logging in`;
  return `${why}: run ${loginCommand(caller.address)} and try again`;
}

function refusal(caller: Caller, actions: readonly Action[], repository: RepositoryName): string {
  const hardest = ALL_ACTIONS.findLast((action) => actions.includes(action)) ?? 'pull';
  const verb = { pull: 'pull from', push: 'push to', delete: 'delete from' }[hardest];
  const name = nameOf(caller.principal);
  const path = parentOf(repository) || repository;
  // helm 3 asks for a token to pull before it pushes, so this may be the first that a publisher hears of it.
  const alternative = hardest === 'pull' ? ` (or with ${roleFor('push')}, to push as well)` : '';
  return (
    `${name} may not ${verb} ${repository}: log in as somebody who may with ${loginCommand(caller.address)}, ` +
    `or ask an administrator to run "chartroom grant add ${name} ${roleFor(hardest)} ${path}"${alternative}`
  );
}
