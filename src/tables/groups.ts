// Tables groups and group_members: who belongs together.
import type { Queryable, Transaction } from '../ports/database.ts';

export interface GroupRow {
  readonly name: string;
  /** What a directory or provider calls it; it makes the members of such a group at every login. */
  readonly externalName: string | null;
  readonly administrator: number;
  readonly createdAt: number;
}

/** `login`: made by the last login from elsewhere. */
export type MembershipSource = 'local' | 'login';

export interface MemberRow {
  readonly user: string;
  readonly source: MembershipSource;
}

const COLUMNS = 'name, external_name as "externalName", administrator, created_at as "createdAt"';

/** False when the name, or the external one, is taken. */
export async function insertGroup(
  tx: Transaction,
  group: { readonly name: string; readonly externalName: string | null; readonly administrator: boolean },
  now: number,
): Promise<boolean> {
  const rows = await tx.query(
    `insert into groups (name, external_name, administrator, created_at) values ($1, $2, $3, $4)
     on conflict do nothing returning name`,
    [group.name, group.externalName, Number(group.administrator), now],
  );
  return rows.length > 0;
}

/** Replaces both. False when there is no such group. @throws ConstraintViolation when the external name is taken */
export async function updateGroup(
  tx: Transaction,
  group: { readonly name: string; readonly externalName: string | null; readonly administrator: boolean },
): Promise<boolean> {
  const rows = await tx.query(
    'update groups set external_name = $2, administrator = $3 where name = $1 returning name',
    [group.name, group.externalName, Number(group.administrator)],
  );
  return rows.length > 0;
}

/** With its grants and memberships. False when there is no such group. */
export async function deleteGroup(tx: Transaction, name: string): Promise<boolean> {
  return (await tx.query('delete from groups where name = $1 returning name', [name])).length > 0;
}

export async function findGroup(database: Queryable, name: string): Promise<GroupRow | undefined> {
  return (await database.query<GroupRow>(`select ${COLUMNS} from groups where name = $1`, [name]))[0];
}

export async function findGroupByExternalName(
  database: Queryable,
  externalName: string,
): Promise<GroupRow | undefined> {
  return (await database.query<GroupRow>(`select ${COLUMNS} from groups where external_name = $1`, [externalName]))[0];
}

/** In byte order of the names, behind `last`. */
export async function listGroups(
  database: Queryable,
  page: { readonly last: string; readonly limit: number },
): Promise<readonly GroupRow[]> {
  return await database.query<GroupRow>(`select ${COLUMNS} from groups where name > $1 order by name limit $2`, [
    page.last,
    page.limit,
  ]);
}

/** The groups that a user is in, whoever put it there. */
export async function listGroupsOf(database: Queryable, user: string): Promise<readonly GroupRow[]> {
  return await database.query<GroupRow>(
    `select ${COLUMNS} from groups where name in (select group_name from group_members where user_name = $1) order by name`,
    [user],
  );
}

export async function listMembers(
  database: Queryable,
  group: string,
  page: { readonly last: string; readonly limit: number },
): Promise<readonly MemberRow[]> {
  // A member twice over is shown as what stays: the one that an administrator made.
  return await database.query<MemberRow>(
    `select user_name as "user", min(source) as source from group_members where group_name = $1 and user_name > $2
     group by user_name order by user_name limit $3`,
    [group, page.last, page.limit],
  );
}

/** False when it is there already. @throws ConstraintViolation when there is no such group or user */
export async function insertMember(
  tx: Transaction,
  member: { readonly group: string; readonly user: string; readonly source: MembershipSource },
): Promise<boolean> {
  const rows = await tx.query(
    `insert into group_members (group_name, user_name, source) values ($1, $2, $3)
     on conflict (group_name, user_name, source) do nothing returning group_name`,
    [member.group, member.user, member.source],
  );
  return rows.length > 0;
}

/** Whoever made it so. False when it was none. */
export async function deleteMember(
  tx: Transaction,
  member: { readonly group: string; readonly user: string },
): Promise<boolean> {
  const rows = await tx.query(
    'delete from group_members where group_name = $1 and user_name = $2 returning group_name',
    [member.group, member.user],
  );
  return rows.length > 0;
}

/** The names of the groups in which the last login from elsewhere put the user. */
export async function listGroupsFromLogin(database: Queryable, user: string): Promise<readonly string[]> {
  const rows = await database.query<{ name: string }>(
    `select group_name as name from group_members where user_name = $1 and source = 'login' order by group_name`,
    [user],
  );
  return rows.map(({ name }) => name);
}

/** Those whom logins have put there. @returns their names */
export async function deleteMembersFromLogins(tx: Transaction, group: string): Promise<readonly string[]> {
  const rows = await tx.query<{ name: string }>(
    `delete from group_members where group_name = $1 and source = 'login' returning user_name as name`,
    [group],
  );
  return rows.map(({ name }) => name).toSorted();
}

export async function deleteMemberFromLogin(tx: Transaction, group: string, user: string): Promise<void> {
  await tx.query(`delete from group_members where group_name = $1 and user_name = $2 and source = 'login'`, [
    group,
    user,
  ]);
}
