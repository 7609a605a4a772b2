// Manages what everybody may read.
import { deleteNamespace, listNamespaces, type NamespaceRow, putNamespace } from '../tables/namespaces.ts';
import { AccountError } from './account-error.ts';
import type { Changes } from './changes.ts';
import { type Manager, requireMaintainer } from './manager.ts';
import { displayNamespace, readNamespace } from './namespace-path.ts';

export class Namespaces {
  readonly #changes: Changes;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /** Those with a visibility of their own; all others are as the one above them. The root comes first, private until it says otherwise. */
  async list(): Promise<readonly NamespaceRow[]> {
    const rows = await listNamespaces(this.#changes.reading);
    return rows.some(({ path }) => path === '') ? rows : [{ path: '', visibility: 'private' }, ...rows];
  }

  /** @throws AccountError when the path cannot be one, or the manager is not its maintainer */
  async setVisibility(asked: NamespaceRow, manager: Manager): Promise<NamespaceRow> {
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
