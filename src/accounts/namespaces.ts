// Manages the settings of namespaces: what everybody may read, which tags the server keeps, what Artifact Hub is told.
import type { Transaction } from '../ports/database.ts';
import {
  deleteNamespace,
  findNamespace,
  listNamespaces,
  type NamespaceRow,
  putNamespace,
  type Visibility,
} from '../tables/namespaces.ts';
import { AccountError } from './account-error.ts';
import type { Changes } from './changes.ts';
import { type Manager, requireMaintainer } from './manager.ts';
import { displayNamespace, readNamespace } from './namespace-path.ts';

/** What Artifact Hub asks of whoever says that a repository is theirs. */
export interface ArtifactHubClaim {
  /** The UUID that Artifact Hub has given to the repository; null before it has. */
  readonly repositoryID: string | null;
  readonly owners: readonly { readonly name: string; readonly email: string }[];
}

export interface NamespaceSettings {
  /** Empty for the root. */
  readonly path: string;
  /** Null: as the path above; of the root never null. */
  readonly visibility: Visibility | null;
  /** Null: as the path above; of the root never null. */
  readonly floatingTags: boolean | null;
  /** Null when there is none; those of other paths do not count here. */
  readonly artifactHub: ArtifactHubClaim | null;
}

/** What is left out stays as it is. */
type NamespaceSettingsChange = Pick<NamespaceSettings, 'path'> & Partial<NamespaceSettings>;

/** Makes the floating tags in and below a namespace what the settings now ask for. @param at milliseconds since 1970 */
export type RefreshFloatingTags = (tx: Transaction, path: string, at: number) => Promise<void>;

export class Namespaces {
  readonly #changes: Changes;
  readonly #refreshFloatingTags: RefreshFloatingTags;

  constructor(changes: Changes, refreshFloatingTags: RefreshFloatingTags) {
    this.#changes = changes;
    this.#refreshFloatingTags = refreshFloatingTags;
  }

  /** Those with a setting of their own, and before them the root, which says what holds where no path says anything. */
  async list(): Promise<readonly NamespaceSettings[]> {
    const rows = await listNamespaces(this.#changes.reading);
    return (rows.some(({ path }) => path === '') ? rows : [UNSAID, ...rows]).map(settingsOf);
  }

  /** Undefined when the namespace itself says nothing to Artifact Hub. */
  async findArtifactHubClaim(path: string): Promise<ArtifactHubClaim | undefined> {
    const row = await findNamespace(this.#changes.reading, path);
    return (row && settingsOf(row).artifactHub) ?? undefined;
  }

  /** @throws AccountError when the path cannot be one, or the manager is not its maintainer */
  async set(asked: NamespaceSettingsChange, manager: Manager): Promise<NamespaceSettings> {
    const { path: text, ...said } = asked;
    const path = readNamespace(text);
    requireMaintainer(manager, path);
    return await this.#changes.make(manager.author, async ({ tx, at, record }) => {
      const before = (await findNamespace(tx, path)) ?? { ...UNSAID, path };
      const { visibility = before.visibility } = said;
      const floatingTags = said.floatingTags === undefined ? before.floatingTags : numberOf(said.floatingTags);
      const artifactHub = said.artifactHub === undefined ? before.artifactHub : jsonOf(said.artifactHub);
      const after = { path, visibility, floatingTags, artifactHub };
      await putNamespace(tx, after, at);
      if (isUnsaid(after)) await deleteNamespace(tx, path);
      if (after.floatingTags !== before.floatingTags) await this.#refreshFloatingTags(tx, path, at);
      await record('namespace.changed', { namespace: path, ...said });
      return settingsOf(after);
    });
  }

  async setVisibility(
    { path, visibility }: { readonly path: string; readonly visibility: Visibility },
    manager: Manager,
  ): Promise<NamespaceSettings> {
    return await this.set({ path, visibility }, manager);
  }

  /** The path is as the one above it from then on. @throws AccountError when it had no settings of its own */
  async reset(path: string, manager: Manager): Promise<void> {
    const namespace = readNamespace(path);
    requireMaintainer(manager, namespace);
    await this.#changes.make(manager.author, async ({ tx, at, record }) => {
      const before = await findNamespace(tx, namespace);
      if (!before) {
        throw new AccountError(
          'missing',
          `${displayNamespace(namespace)} has no settings of its own: see "chartroom namespace list"`,
        );
      }
      await deleteNamespace(tx, namespace);
      if (before.floatingTags !== null) await this.#refreshFloatingTags(tx, namespace, at);
      await record('namespace.removed', { namespace });
    });
  }
}

const UNSAID: NamespaceRow = { path: '', visibility: null, floatingTags: null, artifactHub: null };

function isUnsaid({ visibility, floatingTags, artifactHub }: NamespaceRow): boolean {
  return visibility === null && floatingTags === null && artifactHub === null;
}

function settingsOf({ path, visibility, floatingTags, artifactHub }: NamespaceRow): NamespaceSettings {
  const isRoot = path === '';
  return {
    path,
    visibility: visibility ?? (isRoot ? 'private' : null),
    floatingTags: floatingTags === null ? (isRoot ? false : null) : floatingTags === 1,
    artifactHub: artifactHub === null ? null : (JSON.parse(artifactHub) as ArtifactHubClaim),
  };
}

function numberOf(floatingTags: boolean | null): number | null {
  return floatingTags === null ? null : Number(floatingTags);
}

function jsonOf(claim: ArtifactHubClaim | null): string | null {
  return claim === null ? null : JSON.stringify(claim);
}
