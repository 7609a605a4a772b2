// Manages who has which role where.
import { isRole, ROLES } from '../access/roles.ts';
import type { Author } from '../events/author.ts';
import { deleteGrant, type GrantFilter, type GrantRow, listGrants, putGrant } from '../tables/grants.ts';
import { findGroup } from '../tables/groups.ts';
import { findUser } from '../tables/users.ts';
import { AccountError } from './account-error.ts';
import type { Changes } from './changes.ts';
import { unknownGroup } from './groups.ts';
import { displayNamespace, readNamespace } from './namespace-path.ts';
import { unknownUser } from './users.ts';

export class Grants {
  readonly #changes: Changes;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /**
   * Gives a role on a namespace, in place of the one that may be there.
   * @throws AccountError when there is no such user, group or role, or the namespace cannot be one
   */
  async put(asked: GrantRow, author: Author): Promise<GrantRow> {
    const grant = { ...asked, namespace: readNamespace(asked.namespace) };
    const { holder, name, namespace, role } = grant;
    if (!isRole(role)) {
      throw new AccountError('invalid', `"${role.slice(0, 100)}" is not a role: use one of ${ROLES.join(', ')}`);
    }
    return await this.#changes.make(author, async ({ tx, at, record }) => {
      const isThere = holder === 'user' ? await findUser(tx, name) : await findGroup(tx, name);
      if (!isThere) throw holder === 'user' ? unknownUser(name) : unknownGroup(name);
      await putGrant(tx, grant, at);
      await record('grant.added', { [holder]: name, namespace, role });
      return grant;
    });
  }

  /** @throws AccountError when there is no role to take away */
  async remove(asked: Omit<GrantRow, 'role'>, author: Author): Promise<void> {
    const { holder, name } = asked;
    const namespace = readNamespace(asked.namespace);
    await this.#changes.make(author, async ({ tx, record }) => {
      if (!(await deleteGrant(tx, { holder, name, namespace }))) {
        throw new AccountError(
          'missing',
          `${name.slice(0, 100)} has no role on ${displayNamespace(namespace)}: see "chartroom grant list"`,
        );
      }
      await record('grant.removed', { [holder]: name, namespace });
    });
  }

  /** Of users first, then of groups, by name and namespace. */
  async list(
    filter: GrantFilter,
    page: { readonly after: Omit<GrantRow, 'role'> | undefined; readonly limit: number },
  ): Promise<readonly GrantRow[]> {
    const namespace = filter.namespace === undefined ? undefined : readNamespace(filter.namespace);
    return await listGrants(this.#changes.reading, { ...filter, namespace }, page);
  }
}
