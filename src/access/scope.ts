// Token scopes, `repository:team/web:pull,push` (https://distribution.github.io/distribution/spec/auth/scope/).
import { parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts';
import { type Action, ALL_ACTIONS } from './roles.ts';

interface RepositoryAccess {
  readonly type: 'repository';
  readonly name: RepositoryName;
  readonly actions: readonly Action[];
}

/** To list repositories: those that the token's owner may read, so anybody may have it. */
interface CatalogAccess {
  readonly type: 'registry';
  readonly name: 'catalog';
  readonly actions: readonly ['*'];
}

/** To use the management API, with the rights of the token's owner. */
interface ManagementAccess {
  readonly type: 'api';
  readonly name: 'v1';
  readonly actions: readonly ['*'];
}

export type ScopedAccess = RepositoryAccess | CatalogAccess | ManagementAccess;

/** What docker, crane and oras ask for to list repositories. */
export const CATALOG_SCOPE = 'registry:catalog:*';
export const MANAGEMENT_SCOPE = 'api:v1:*';
export const MANAGEMENT: ManagementAccess = { type: 'api', name: 'v1', actions: ['*'] };
const CATALOG: CatalogAccess = { type: 'registry', name: 'catalog', actions: ['*'] };

/** One client asks for one or two; this bounds what a hostile one makes us look up. */
const MAXIMUM_SCOPES = 50;

/**
 * Reads scopes as they come: repeated, space-joined, actions in any order, the same repository more than once. What is
 * asked of one repository is merged. What we have no right for (other resource types, unknown actions, names that cannot
 * exist) is left out, since a scope that cannot be granted is no error.
 */
export function parseScopes(texts: readonly string[]): readonly ScopedAccess[] {
  const asked = new Map<RepositoryName, Set<Action>>();
  const scopes = texts
    .flatMap((text) => text.split(' '))
    .filter((text) => text !== '')
    .slice(0, MAXIMUM_SCOPES);
  for (const scope of scopes) {
    const access = parseScope(scope);
    if (!access) continue;
    const actions = asked.get(access.name) ?? new Set();
    for (const action of access.actions) actions.add(action);
    asked.set(access.name, actions);
  }
  // Always in the same order, however they were asked for.
  const inOrder = (actions: ReadonlySet<Action>) => ALL_ACTIONS.filter((action) => actions.has(action));
  const repositories = [...asked].map(
    ([name, actions]): ScopedAccess => ({ type: 'repository', name, actions: inOrder(actions) }),
  );
  return [
    ...repositories,
    ...(scopes.includes(CATALOG_SCOPE) ? [CATALOG] : []),
    ...(scopes.includes(MANAGEMENT_SCOPE) ? [MANAGEMENT] : []),
  ];
}

/** The inverse, as a challenge shows it. */
export function formatScope(name: RepositoryName, actions: readonly Action[]): string {
  return `repository:${name}:${actions.join(',')}`;
}

/** The scope that a client must ask for to do this. Whoever pushes also reads, to see what is there already. */
export function scopeFor(action: Action, repository: RepositoryName): string {
  return formatScope(repository, action === 'push' ? ['pull', 'push'] : [action]);
}

function parseScope(text: string): RepositoryAccess | undefined {
  const [, type, name, list] = /^([a-z]+):(.+):([^:]*)$/.exec(text) ?? [];
  if (type !== 'repository' || name === undefined || list === undefined) return undefined;
  const words = list.split(',');
  const actions = words.includes('*') ? ALL_ACTIONS : ALL_ACTIONS.filter((action) => words.includes(action));
  try {
    return actions.length === 0 ? undefined : { type, name: parseRepositoryName(name), actions };
  } catch {
    return undefined;
  }
}
