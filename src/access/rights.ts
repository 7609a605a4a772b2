// What one principal may do, looked up once and then asked for many repositories.
import { matchesGlob } from '../oci/glob.ts';
import { enclosingPaths, parentOf, type RepositoryName } from '../oci/repository-name.ts';
import { type Action, ALL_ACTIONS } from './roles.ts';

/** Actions on what lies below a namespace (the root is the empty path) and fits a pattern. */
export interface Scope {
  readonly namespace: string;
  /** What stands behind the namespace in the repository's name; "*" stands for any characters, "?" for one. */
  readonly charts: string;
  readonly actions: readonly Action[];
}

export interface RightsOptions {
  /** May do everything. */
  readonly administrator: boolean;
  readonly scopes: readonly Scope[];
  /** The namespaces of which the principal is maintainer. */
  readonly maintained: readonly string[];
  /** Where given, nothing beyond these: those of a personal token. */
  readonly limits: readonly Scope[] | undefined;
  /** Whether the credential is good for the management API. */
  readonly management: boolean;
  readonly visibility: Visibility;
}

/** What may be done with one repository. */
interface Found {
  readonly repository: RepositoryName;
  readonly actions: readonly Action[];
  readonly isPublic: boolean;
}

export class Rights {
  readonly #administrator: boolean;
  readonly #scopes: ScopeIndex;
  readonly #limits: ScopeIndex | undefined;
  readonly #maintained: ReadonlySet<string>;
  readonly #visibility: Visibility;
  /** Whether the management API listens to the principal at all. */
  readonly management: boolean;
  /** What was asked for last. */
  #last: Found | undefined;

  constructor(options: RightsOptions) {
    this.#administrator = options.administrator;
    this.#scopes = new ScopeIndex(options.scopes);
    this.#limits = options.limits && new ScopeIndex(options.limits);
    this.#maintained = new Set(options.maintained);
    this.#visibility = options.visibility;
    this.management = options.management;
  }

  /** Whether everything of the management API is open to the principal. */
  get isAdministrator(): boolean {
    return this.management && this.#administrator;
  }

  /** False when no repository, whatever its name, may be read. */
  get mayReadAnything(): boolean {
    const own = (this.#administrator || this.#scopes.size > 0) && this.#limits?.size !== 0;
    return own || this.#visibility.isAnythingPublic;
  }

  /** Whether the principal itself, not as one of everybody, may read all that there is. */
  get mayReadEverything(): boolean {
    const has = (index: ScopeIndex) =>
      index.above('').some(({ charts, actions }) => charts === '*' && actions.includes('pull'));
    return (this.#administrator || has(this.#scopes)) && (!this.#limits || has(this.#limits));
  }

  /** In the order of `ALL_ACTIONS`. */
  on(repository: RepositoryName): readonly Action[] {
    return this.#foundFor(repository).actions;
  }

  isPublic(repository: RepositoryName): boolean {
    return this.#foundFor(repository).isPublic;
  }

  /** One request asks several times for the same repository, and a client's next one mostly as well. */
  #foundFor(repository: RepositoryName): Found {
    if (this.#last?.repository === repository) return this.#last;
    const paths = enclosingPaths(repository);
    const own = this.#administrator ? ALL_ACTIONS : this.#scopes.on(repository, paths);
    const limited = this.#limits?.on(repository, paths);
    const isPublic = this.#visibility.isPublic(paths);
    const actions = ALL_ACTIONS.filter(
      (action) => (own.includes(action) && (limited?.includes(action) ?? true)) || (isPublic && action === 'pull'),
    );
    this.#last = { repository, actions, isPublic };
    return this.#last;
  }

  /** Whether there is any right on the namespace as a whole, if only that everybody may read it. */
  covers(namespace: string): boolean {
    const has = (index: ScopeIndex) => index.above(namespace).length > 0;
    if ((this.#administrator || has(this.#scopes)) && (!this.#limits || has(this.#limits))) return true;
    return this.#visibility.isPublic(pathsAbove(namespace));
  }

  /** Whether the action may be allowed on some chart right in the namespace, be it there or not; on which, `on` says. */
  mayIn(namespace: string, action: Action): boolean {
    const has = (index: ScopeIndex) =>
      [...index.above(namespace), ...index.rightIn(namespace)].some(({ actions }) => actions.includes(action));
    return (this.#administrator || has(this.#scopes)) && (!this.#limits || has(this.#limits));
  }

  /** The charts right in the namespace that a right, or a visibility, names by themselves; what may be done with them, `on` says. */
  chartsNamedIn(namespace: string): readonly RepositoryName[] {
    const scopes = [...this.#scopes.rightIn(namespace), ...(this.#limits?.rightIn(namespace) ?? [])];
    const paths = [...this.#visibility.rightIn(namespace).keys(), ...scopes.map((scope) => scope.namespace)];
    return [...new Set(paths)] as readonly string[] as readonly RepositoryName[];
  }

  /** Whether everybody may read each chart right in the namespace, or with undefined in any, be it there or not. */
  isAllPublic(namespace: string | undefined): boolean {
    return this.#visibility.isAllPublicIn(namespace);
  }

  /** Whether the management API lets the principal settle what concerns this namespace: its visibility, its robots. */
  maintains(namespace: string): boolean {
    if (!this.management) return false;
    return this.#administrator || pathsAbove(namespace).some((path) => this.#maintained.has(path));
  }

  /** Whether there is any namespace that `maintains` is true for. */
  get maintainsAnything(): boolean {
    return this.management && (this.#administrator || this.#maintained.size > 0);
  }
}

/** Which paths everybody may read: of those that say it themselves, the nearest one above decides; else a path is private. */
export class Visibility {
  readonly #own: ReadonlyMap<string, boolean>;
  readonly isAnythingPublic: boolean;

  /** @param namespaces whose visibility is null are as the one above them */
  constructor(namespaces: readonly { readonly path: string; readonly visibility: 'public' | 'private' | null }[]) {
    const own = namespaces.filter(({ visibility }) => visibility !== null);
    this.#own = new Map(own.map(({ path, visibility }) => [path, visibility === 'public']));
    this.isAnythingPublic = own.some(({ visibility }) => visibility === 'public');
  }

  /** @param paths the path and those above it, widest first */
  isPublic(paths: readonly string[]): boolean {
    return this.#own.get(paths.findLast((path) => this.#own.has(path)) ?? '') ?? false;
  }

  /** @param namespace undefined for all */
  isAllPublicIn(namespace: string | undefined): boolean {
    const own = namespace === undefined ? this.#own : this.rightIn(namespace);
    return this.isPublic(pathsAbove(namespace ?? '')) && ![...own.values()].includes(false);
  }

  /** The charts right in the namespace that say themselves whether they are public. */
  rightIn(namespace: string): ReadonlyMap<string, boolean> {
    return new Map([...this.#own].filter(([path]) => isRightIn(path, namespace)));
  }
}

/** The namespace itself and those above it, widest first. */
function pathsAbove(namespace: string): readonly string[] {
  return namespace === '' ? [''] : enclosingPaths(namespace as RepositoryName);
}

/** Whether `namespace` is `other`, or lies below it. */
export function isWithin(namespace: string, other: string): boolean {
  return pathsAbove(namespace).includes(other);
}

/** Whether the path is that of a chart of the namespace, and not of one further below. */
function isRightIn(path: string, namespace: string): boolean {
  return path !== '' && parentOf(path as RepositoryName) === namespace;
}

class ScopeIndex {
  readonly #byNamespace = new Map<string, Scope[]>();
  readonly size: number;

  constructor(scopes: readonly Scope[]) {
    this.size = scopes.length;
    for (const scope of scopes) {
      const known = this.#byNamespace.get(scope.namespace);
      if (known) known.push(scope);
      else this.#byNamespace.set(scope.namespace, [scope]);
    }
  }

  on(repository: RepositoryName, paths: readonly string[]): readonly Action[] {
    return paths.flatMap((path) => {
      const rest = path === '' ? repository : repository.slice(path.length + 1);
      const fitting = this.#byNamespace.get(path)?.filter(({ charts }) => matchesGlob(rest, charts)) ?? [];
      return fitting.flatMap(({ actions }) => actions);
    });
  }

  /** Those of the namespace itself, and of namespaces above it. */
  above(namespace: string): readonly Scope[] {
    return pathsAbove(namespace).flatMap((path) => this.#byNamespace.get(path) ?? []);
  }

  /** Those of charts right in the namespace, by their own names. */
  rightIn(namespace: string): readonly Scope[] {
    return [...this.#byNamespace].flatMap(([path, scopes]) => (isRightIn(path, namespace) ? scopes : []));
  }
}
