// What the tests of accounts share: the users, groups, robots, tokens and secrets that they write.
import type { Database } from '../../../src/ports/database.ts';
import { type GrantRow, putGrant } from '../../../src/tables/grants.ts';
import { insertGroup, insertMember, type MembershipSource } from '../../../src/tables/groups.ts';
import { insertPersonalToken, type PersonalTokenRow } from '../../../src/tables/personal-tokens.ts';
import { insertRobot, type NewRobot } from '../../../src/tables/robots.ts';
import { insertSecret, type SecretHolder } from '../../../src/tables/secrets.ts';
import { insertUser, type NewUser } from '../../../src/tables/users.ts';

/** What names are sorted by: bytes, so neither dots nor underscores nor digits in a way of their own. */
export const NAMES_IN_BYTE_ORDER = ['a', 'a-b', 'a.b', 'a1', 'a10', 'a2', 'a_b', 'ab', 'b'];

export function user(name: string, change: Partial<NewUser> = {}): NewUser {
  return {
    name,
    id: `id of ${name}`,
    login: 'password',
    passwordHash: `hash of ${name}`,
    issuer: null,
    subject: null,
    administrator: false,
    ...change,
  };
}

export function robot(name: string, change: Partial<NewRobot> = {}): NewRobot {
  return {
    name,
    id: `id of ${name}`,
    namespace: 'team',
    description: `pushes for ${name}`,
    scopes: '[]',
    expiresAt: null,
    createdAt: 1,
    createdBy: 'ann',
    ...change,
  };
}

export function personalToken(id: string, change: Partial<PersonalTokenRow> = {}): PersonalTokenRow {
  return { id, user: 'ann', name: id, scopes: null, management: 0, expiresAt: null, createdAt: 1, ...change };
}

export async function addUsers(database: Database, ...names: readonly string[]): Promise<void> {
  await database.transaction(async (tx) => {
    for (const name of names) await insertUser(tx, user(name), 1);
  });
}

export async function addGroups(database: Database, ...names: readonly string[]): Promise<void> {
  await database.transaction(async (tx) => {
    for (const name of names) await insertGroup(tx, { name, externalName: null, administrator: false }, 1);
  });
}

export async function addMembers(
  database: Database,
  ...members: readonly (readonly [group: string, user: string, source: MembershipSource])[]
): Promise<void> {
  await database.transaction(async (tx) => {
    for (const [group, member, source] of members) await insertMember(tx, { group, user: member, source });
  });
}

export async function addGrants(database: Database, ...grants: readonly GrantRow[]): Promise<void> {
  await database.transaction(async (tx) => {
    for (const grant of grants) await putGrant(tx, grant, 1);
  });
}

export async function addRobots(database: Database, ...names: readonly string[]): Promise<void> {
  await database.transaction(async (tx) => {
    for (const name of names) await insertRobot(tx, robot(name));
  });
}

export async function addTokens(database: Database, ...tokens: readonly PersonalTokenRow[]): Promise<void> {
  await database.transaction(async (tx) => {
    for (const token of tokens) await insertPersonalToken(tx, token);
  });
}

export async function addSecret(database: Database, id: string, holder: SecretHolder, createdAt = 1): Promise<void> {
  await database.transaction((tx) => insertSecret(tx, { id, hash: `hash of ${id}`, holder, createdAt }));
}

/** How many rows a table has. */
export async function countRows(database: Database, table: string): Promise<number> {
  const [row] = await database.query<{ count: number }>(`select count(*) as count from ${table}`);
  return row?.count ?? 0;
}
