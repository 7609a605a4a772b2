// Manages what everybody may read.
import type { Transaction } from '../ports/database.ts';
import { deleteNamespace, listNamespaces, putNamespace, type Visibility } from '../tables/namespaces.ts';
import { AccountError } from './account-error.ts';
import type { Changes } from './changes.ts';
import { type Manager, requireMaintainer } from './manager.ts';
import { displayNamespace, readNamespace } from './namespace-path.ts';

export interface OwnVisibility {
  /** Empty for the root. */
  readonly path: string;
  readonly visibility: Visibility;
}

/** Makes the floating tags in and below a namespace what the settings now ask for. @param at milliseconds since 1970 */
export type RefreshFloatingTags = (tx: Transaction, path: string, at: number) => Promise<void>;

export class Namespaces {
  readonly #changes: Changes;
  readonly #refreshFloatingTags: RefreshFloatingTags;

  constructor(changes: Changes, refreshFloatingTags: RefreshFloatingTags) {
    this.#changes = changes;
    this.#refreshFloatingTags = refreshFloatingTags;
  }

  /** Those with a visibility of their own; all others are as the one above them. The root comes first, private until it says otherwise. */
  async list(): Promise<readonly OwnVisibility[]> {
    const rows = (await listNamespaces(this.#changes.reading)).flatMap(({ path, visibility }) =>
      visibility === null ? [] : [{ path, visibility }],
    );
    return rows.some(({ path }) => path === '') ? rows : [{ path: '', visibility: 'private' }, ...rows];
  }

  /** @throws AccountError when the path cannot be one, or the manager is not its maintainer */
  async setVisibility(asked: OwnVisibility, manager: Manager): Promise<OwnVisibility> {
    const namespace = { path: readNamespace(asked.path), visibility: asked.visibility };
    requireMaintainer(manager, namespace.path);
    return await this.#changes.make(manager.author, async ({ tx, at, record }) => {
      await putNamespace(tx, namespace, at);
      await record('namespace.changed', { namespace: namespace.path, visibility: namespace.visibility });
      return namespace;
    });
  }

  /** The path is as the one above it from then on. @throws AccountError when it had no visibility of its own */
  async inheritVisibility(path: string, manager: Manager): Promise<void> {
    const namespace = readNamespace(path);
    requireMaintainer(manager, namespace);
    await this.#changes.make(manager.author, async ({ tx, record }) => {
      if (!(await deleteNamespace(tx, namespace))) {
        throw new AccountError(
          'missing',
          `${displayNamespace(namespace)} has no visibility of its own: see "chartroom namespace list"`,
        );
      }
      await record('namespace.removed', { namespace });
    });
  }
}
