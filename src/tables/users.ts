// Table users: the accounts of people.
import type { Queryable, Transaction } from '../ports/database.ts';

/** Who checks the password: we do, a directory (LDAP), or a provider of identities (OpenID Connect). */
type LoginKind = 'password' | 'directory' | 'provider';

export interface UserRow {
  readonly name: string;
  /** No other user has, had or will have it, also not of the same name. */
  readonly id: string;
  /** Counts up whenever everything that was issued to the user must end. */
  readonly version: number;
  readonly login: LoginKind;
  /** Null for users who log in elsewhere. */
  readonly passwordHash: string | null;
  /** Who the user is elsewhere. */
  readonly issuer: string | null;
  readonly subject: string | null;
  readonly administrator: number;
  readonly disabled: number;
  readonly createdAt: number;
  readonly lastLoginAt: number | null;
}

export interface NewUser {
  readonly name: string;
  readonly id: string;
  readonly login: LoginKind;
  readonly passwordHash: string | null;
  readonly issuer: string | null;
  readonly subject: string | null;
  readonly administrator: boolean;
}

const COLUMNS = `name, id, version, login, password_hash as "passwordHash", issuer, subject, administrator, disabled,
  created_at as "createdAt", last_login_at as "lastLoginAt"`;

/** False when the name is taken, or the subject has a user already. */
export async function insertUser(tx: Transaction, user: NewUser, now: number): Promise<boolean> {
  const rows = await tx.query(
    `insert into users (name, id, version, login, password_hash, issuer, subject, administrator, disabled, created_at, updated_at)
     values ($1, $2, 1, $3, $4, $5, $6, $7, 0, $8, $8) on conflict do nothing returning name`,
    [user.name, user.id, user.login, user.passwordHash, user.issuer, user.subject, user.administrator ? 1 : 0, now],
  );
  return rows.length > 0;
}

export async function findUser(database: Queryable, name: string): Promise<UserRow | undefined> {
  const rows = await database.query<UserRow>(`select ${COLUMNS} from users where name = $1`, [name]);
  return rows[0];
}

export async function findUserById(database: Queryable, id: string): Promise<UserRow | undefined> {
  const rows = await database.query<UserRow>(`select ${COLUMNS} from users where id = $1`, [id]);
  return rows[0];
}

export async function findUserBySubject(
  database: Queryable,
  issuer: string,
  subject: string,
): Promise<UserRow | undefined> {
  const rows = await database.query<UserRow>(`select ${COLUMNS} from users where issuer = $1 and subject = $2`, [
    issuer,
    subject,
  ]);
  return rows[0];
}

/** In byte order of the names, behind `last`. */
export async function listUsers(
  database: Queryable,
  page: { readonly last: string; readonly limit: number },
): Promise<readonly UserRow[]> {
  return await database.query<UserRow>(`select ${COLUMNS} from users where name > $1 order by name limit $2`, [
    page.last,
    page.limit,
  ]);
}

export async function hasUsers(database: Queryable): Promise<boolean> {
  return (await database.query('select name from users limit 1')).length > 0;
}

/** Administrators by their own account, whom nobody has disabled. */
export async function hasAdministrator(database: Queryable): Promise<boolean> {
  return (await database.query('select name from users where administrator = 1 and disabled = 0 limit 1')).length > 0;
}

/** What is given changes; `ends` counts the version up. False when there is no such user. */
export async function updateUser(
  tx: Transaction,
  name: string,
  change: {
    readonly passwordHash?: string | undefined;
    readonly administrator?: boolean | undefined;
    readonly disabled?: boolean | undefined;
    readonly ends: boolean;
  },
  now: number,
): Promise<boolean> {
  const flag = (value: boolean | undefined) => (value === undefined ? null : Number(value));
  const rows = await tx.query(
    `update users set password_hash = coalesce($2, password_hash), administrator = coalesce($3, administrator),
       disabled = coalesce($4, disabled), version = version + $5, updated_at = $6
     where name = $1 returning name`,
    [name, change.passwordHash ?? null, flag(change.administrator), flag(change.disabled), Number(change.ends), now],
  );
  return rows.length > 0;
}

export async function setLastLogin(tx: Transaction, id: string, at: number): Promise<void> {
  await tx.query('update users set last_login_at = $2 where id = $1', [id, at]);
}

/** With the user's grants, memberships and personal tokens. False when there is no such user. */
export async function deleteUser(tx: Transaction, name: string): Promise<boolean> {
  return (await tx.query('delete from users where name = $1 returning name', [name])).length > 0;
}
