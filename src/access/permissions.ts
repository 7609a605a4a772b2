// Decides what a principal may do with a repository, and words the refusal.
import { RegistryError } from '../oci/error.ts';
import { loginCommand } from '../oci/registry-address.ts';
import { enclosingPaths, parentOf, type RepositoryName } from '../oci/repository-name.ts';
import type { Database } from '../ports/database.ts';
import { findNamespaces, listGrants, listNamespaces, type NamespaceRow } from '../tables/grants.ts';
import { findUser } from '../tables/users.ts';
import { type Caller, nameOf, type Principal } from './principal.ts';
import { type Action, ALL_ACTIONS, actionsOf, isRole, roleFor } from './roles.ts';
import { CATALOG_SCOPE, type ScopedAccess, scopeFor } from './scope.ts';
import { Unauthorized } from './unauthorized.ts';

/** What one principal may do, looked up once and then asked for many repositories. */
export interface Rights {
  /** False when no repository, whatever its name, may be read. */
  readonly mayReadAnything: boolean;
  on(repository: RepositoryName): readonly Action[];
}

const EVERYTHING: Rights = { mayReadAnything: true, on: () => ALL_ACTIONS };
const NOTHING: Rights = { mayReadAnything: false, on: () => [] };

export class Permissions {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Everything that the principal itself, whatever its token says, may do with the repository. */
  async actionsOn(principal: Principal, repository: RepositoryName): Promise<readonly Action[]> {
    if (principal.kind === 'open') return ALL_ACTIONS;
    const paths = enclosingPaths(repository);
    const isPublic = visibilityIn(await findNamespaces(this.#database, paths));
    const granted = principal.kind === 'user' ? await this.#grantedTo(principal.name) : NOTHING;
    return merged(granted.on(repository), isPublic(paths));
  }

  /** The same for many repositories at the price of one look-up. */
  async rightsOf(principal: Principal): Promise<Rights> {
    if (principal.kind === 'open') return EVERYTHING;
    const namespaces = await listNamespaces(this.#database);
    const isPublic = visibilityIn(namespaces);
    const granted = principal.kind === 'user' ? await this.#grantedTo(principal.name) : NOTHING;
    return {
      mayReadAnything: granted.mayReadAnything || namespaces.some(({ visibility }) => visibility === 'public'),
      on: (repository) => merged(granted.on(repository), isPublic(enclosingPaths(repository))),
    };
  }

  async #grantedTo(name: string): Promise<Rights> {
    const user = await findUser(this.#database, name);
    if (!user) return NOTHING;
    if (user.administrator === 1) return EVERYTHING;
    const grants = await listGrants(this.#database, name);
    const actions = new Map(grants.map(({ namespace, role }) => [namespace, isRole(role) ? actionsOf(role) : []]));
    return {
      mayReadAnything: actions.size > 0,
      on: (repository) => enclosingPaths(repository).flatMap((path) => actions.get(path) ?? []),
    };
  }

  /** Whether the caller, with the credential it shows, may do this. */
  async allows(caller: Caller, action: Action, repository: RepositoryName): Promise<boolean> {
    if (!caller.token) return (await this.actionsOn(caller.principal, repository)).includes(action);
    const isGranted = caller.token.some(
      (access) => access.type === 'repository' && access.name === repository && access.actions.includes(action),
    );
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
    const needed = scopeFor(action, repository);
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
   * Whether the caller may list repositories: anybody may, who shows a credential for it, since the list has only what its
   * reader may read.
   * @throws Unauthorized
   */
  authorizeCatalog({ principal, token, address }: Caller): void {
    const scope = CATALOG_SCOPE;
    if (token?.some(({ type }) => type === 'registry')) return;
    if (token) {
      const message = `the token does not cover the list of repositories: ask for one with scope ${scope}`;
      throw new Unauthorized(message, { scope, error: 'insufficient_scope' });
    }
    if (principal.kind !== 'anonymous') return;
    throw new Unauthorized(`nobody may list repositories without logging in: run ${loginCommand(address)}`, { scope });
  }

  /**
   * What a token may be good for: asked ∩ allowed.
   * @throws Unauthorized or RegistryError FORBIDDEN when something was asked and nothing is allowed: helm hides the reason
   * of a later refusal of HEAD, but prints this one
   */
  async grant(caller: Caller, asked: readonly ScopedAccess[]): Promise<readonly ScopedAccess[]> {
    const granted = await Promise.all(
      asked.map(async (access): Promise<ScopedAccess> => {
        if (access.type === 'registry') return access;
        const allowed = await this.actionsOn(caller.principal, access.name);
        return { ...access, actions: access.actions.filter((action) => allowed.includes(action)) };
      }),
    );
    const useful = granted.filter((access) => access.actions.length > 0);
    const [first] = asked;
    // The catalog is never denied, so it was not what was asked for here.
    if (useful.length > 0 || first?.type !== 'repository') return useful;
    if (caller.principal.kind === 'anonymous') {
      throw new Unauthorized(loginHint(caller, first.actions.includes('push') ? 'push' : 'pull', first.name));
    }
    throw new RegistryError('FORBIDDEN', refusal(caller, first.actions, first.name));
  }
}

function merged(granted: readonly Action[], isPublic: boolean): readonly Action[] {
  return ALL_ACTIONS.filter((action) => granted.includes(action) || (isPublic && action === 'pull'));
}

/** Of paths, widest first, the nearest one with a setting decides; without any, a repository is private. */
function visibilityIn(namespaces: readonly NamespaceRow[]): (paths: readonly string[]) => boolean {
  const set = new Map(namespaces.map(({ path, visibility }) => [path, visibility]));
  return (paths) => {
    const nearest = paths.findLast((path) => set.has(path));
    return nearest !== undefined && set.get(nearest) === 'public';
  };
}

function loginHint(caller: Caller, action: Action, repository: RepositoryName): string {
  const why =
    action === 'pull'
      ? `${repository} does not exist or is private, and you are not logged in`
      : `nobody may ${action} ${action === 'delete' ? 'from' : 'to'} ${repository} without logging in`;
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
