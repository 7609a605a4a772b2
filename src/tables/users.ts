// Table users: accounts, of people and of CI.
import type { Queryable, Transaction } from '../ports/database.ts';

export interface UserRow {
  readonly name: string;
  readonly passwordHash: string;
  readonly administrator: number;
}

const COLUMNS = 'name, password_hash as "passwordHash", administrator';

/** False when the name is taken. */
export async function insertUser(
  tx: Transaction,
  user: { readonly name: string; readonly passwordHash: string; readonly administrator: boolean },
  now: number,
): Promise<boolean> {
  const rows = await tx.query(
    `insert into users (name, password_hash, administrator, created_at, updated_at)
     values ($1, $2, $3, $4, $4) on conflict (name) do nothing returning name`,
    [user.name, user.passwordHash, user.administrator ? 1 : 0, now],
  );
  return rows.length > 0;
}

export async function findUser(database: Queryable, name: string): Promise<UserRow | undefined> {
  const rows = await database.query<UserRow>(`select ${COLUMNS} from users where name = $1`, [name]);
  return rows[0];
}

export async function listUsers(database: Queryable): Promise<readonly UserRow[]> {
  return await database.query<UserRow>(`select ${COLUMNS} from users order by name`);
}

export async function hasUsers(database: Queryable): Promise<boolean> {
  return (await database.query('select name from users limit 1')).length > 0;
}

/** False when there is no such user. */
export async function updatePassword(
  tx: Transaction,
  name: string,
  passwordHash: string,
  now: number,
): Promise<boolean> {
  const rows = await tx.query('update users set password_hash = $2, updated_at = $3 where name = $1 returning name', [
    name,
    passwordHash,
    now,
  ]);
  return rows.length > 0;
}

/** False when there is no such user. */
export async function deleteUser(tx: Transaction, name: string): Promise<boolean> {
  return (await tx.query('delete from users where name = $1 returning name', [name])).length > 0;
}
