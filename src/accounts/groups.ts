// Manages groups: people who have roles together.
import type { Author } from '../events/author.ts';
import {
  deleteGroup,
  deleteMember,
  deleteMembersFromLogins,
  findGroup,
  type GroupRow,
  insertGroup,
  insertMember,
  listGroups,
  listGroupsOf,
  listMembers,
  type MemberRow,
  updateGroup,
} from '../tables/groups.ts';
import { findUser } from '../tables/users.ts';
import { AccountError } from './account-error.ts';
import { requireName } from './account-name.ts';
import type { Change, Changes, PageQuery } from './changes.ts';
import { unknownUser } from './users.ts';

const MAXIMUM_EXTERNAL_NAME = 512;

export interface Group {
  readonly name: string;
  /** What the directory or the identity provider calls it; null when members are made here only. */
  readonly externalName: string | null;
  /** Whether its members may do everything. */
  readonly administrator: boolean;
  /** milliseconds since 1970 */
  readonly createdAt: number;
}

export class Groups {
  readonly #changes: Changes;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /** @throws AccountError when one of the names is taken, or cannot be one */
  async add(group: Omit<Group, 'createdAt'>, author: Author): Promise<Group> {
    const { name, externalName, administrator } = group;
    requireName(name, "a group's name");
    requireExternalName(externalName);
    return await this.#changes.make(author, async ({ tx, at, record }) => {
      if (!(await insertGroup(tx, group, at))) throw taken(group);
      await record('group.added', { group: name, externalName, administrator });
      return { name, externalName, administrator, createdAt: at };
    });
  }

  /** @param member only those that this user is in */
  async list(page: PageQuery, member?: string): Promise<readonly Group[]> {
    if (member === undefined) return (await listGroups(this.#changes.reading, page)).map(shown);
    const groups = await listGroupsOf(this.#changes.reading, member);
    return groups
      .filter(({ name }) => name > page.last)
      .slice(0, page.limit)
      .map(shown);
  }

  /** @throws AccountError when there is no such group */
  async find(name: string): Promise<Group> {
    const group = await findGroup(this.#changes.reading, name);
    if (!group) throw unknownGroup(name);
    return shown(group);
  }

  /** @throws AccountError when there is no such group, or the external name is taken */
  async change(
    name: string,
    asked: { readonly externalName?: string | null | undefined; readonly administrator?: boolean | undefined },
    author: Author,
  ): Promise<Group> {
    requireExternalName(asked.externalName ?? null);
    const { externalName = null } = asked;
    return await this.#changes.make(
      author,
      async (change) => {
        const { tx, record } = change;
        const row = await findGroup(tx, name);
        if (!row) throw unknownGroup(name);
        const before = shown(row);
        const after: Group = {
          ...before,
          externalName: asked.externalName === undefined ? before.externalName : asked.externalName,
          administrator: asked.administrator ?? before.administrator,
        };
        await updateGroup(tx, after);
        await record('group.changed', {
          group: name,
          externalName: after.externalName,
          administrator: after.administrator,
        });
        if (after.externalName !== before.externalName) await endLoginMemberships(change, name);
        return after;
      },
      () => taken({ name, externalName }),
    );
  }

  /** With all its roles. @throws AccountError when there is no such group */
  async remove(name: string, author: Author): Promise<void> {
    await this.#changes.make(author, async ({ tx, record }) => {
      if (!(await deleteGroup(tx, name))) throw unknownGroup(name);
      await record('group.removed', { group: name });
    });
  }

  /** @throws AccountError when there is no such group */
  async listMembers(group: string, page: PageQuery): Promise<readonly MemberRow[]> {
    await this.find(group);
    return await listMembers(this.#changes.reading, group, page);
  }

  /** Who is one already stays one. @throws AccountError when there is no such group or user */
  async addMember(group: string, user: string, author: Author): Promise<void> {
    await this.#changes.make(author, async ({ tx, record }) => {
      await requireBoth(tx, group, user);
      if (await insertMember(tx, { group, user, source: 'local' })) await record('group.member-added', { group, user });
    });
  }

  /** @throws AccountError when the user is no member */
  async removeMember(group: string, user: string, author: Author): Promise<void> {
    await this.#changes.make(author, async ({ tx, record }) => {
      await requireBoth(tx, group, user);
      if (!(await deleteMember(tx, { group, user }))) {
        throw new AccountError('missing', `${user} is no member of ${group}: see "chartroom group show ${group}"`);
      }
      await record('group.member-removed', { group, user });
    });
  }
}

/** Whoever was in it by what it was called elsewhere may be in nothing that it is called now. The next login tells. */
async function endLoginMemberships({ tx, record }: Change, group: string): Promise<void> {
  for (const user of await deleteMembersFromLogins(tx, group)) {
    await record('group.member-removed', { group, user, source: 'login' });
  }
}

async function requireBoth(tx: Change['tx'], group: string, user: string): Promise<void> {
  if (!(await findGroup(tx, group))) throw unknownGroup(group);
  if (!(await findUser(tx, user))) throw unknownUser(user);
}

function shown({ name, externalName, administrator, createdAt }: GroupRow): Group {
  return { name, externalName, administrator: administrator === 1, createdAt };
}

function requireExternalName(externalName: string | null): void {
  if (externalName !== null && (externalName === '' || externalName.length > MAXIMUM_EXTERNAL_NAME)) {
    throw new AccountError('invalid', `an external name has 1 to ${MAXIMUM_EXTERNAL_NAME} characters`);
  }
}

function taken({ name, externalName }: { readonly name: string; readonly externalName: string | null }): AccountError {
  const external = externalName === null ? '' : `, or one with the external name ${externalName}`;
  return new AccountError('conflict', `there is already a group ${name}${external}: see "chartroom group list"`);
}

export function unknownGroup(name: string): AccountError {
  return new AccountError('missing', `there is no group ${name.slice(0, 100)}: see "chartroom group list"`);
}
