// Table personal_tokens: what people give to their programs in place of a password.
import type { Queryable, Transaction } from '../ports/database.ts';

export interface PersonalTokenRow {
  readonly id: string;
  readonly user: string;
  readonly name: string;
  /** JSON, as `access/scoped-rights.ts` reads it; null for all that the user may do. */
  readonly scopes: string | null;
  /** 1 when it is also good for the management API. */
  readonly management: number;
  readonly expiresAt: number | null;
  readonly createdAt: number;
}

const COLUMNS = `id, user_name as "user", name, scopes, management, expires_at as "expiresAt", created_at as "createdAt"`;

/** False when the user has one of this name. @throws ConstraintViolation when there is no such user */
export async function insertPersonalToken(tx: Transaction, token: PersonalTokenRow): Promise<boolean> {
  const rows = await tx.query(
    `insert into personal_tokens (id, user_name, name, scopes, management, expires_at, created_at)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (user_name, name) do nothing returning id`,
    [token.id, token.user, token.name, token.scopes, token.management, token.expiresAt, token.createdAt],
  );
  return rows.length > 0;
}

export async function findPersonalToken(database: Queryable, id: string): Promise<PersonalTokenRow | undefined> {
  return (await database.query<PersonalTokenRow>(`select ${COLUMNS} from personal_tokens where id = $1`, [id]))[0];
}

/** Behind the id `last`; of one user, or of all. */
export async function listPersonalTokens(
  database: Queryable,
  user: string | undefined,
  page: { readonly last: string; readonly limit: number },
): Promise<readonly PersonalTokenRow[]> {
  return await database.query<PersonalTokenRow>(
    `select ${COLUMNS} from personal_tokens where ($1 = '' or user_name = $1) and id > $2 order by id limit $3`,
    [user ?? '', page.last, page.limit],
  );
}

export async function countPersonalTokens(database: Queryable, user: string): Promise<number> {
  const rows = await database.query<{ count: number }>(
    'select count(*) as count from personal_tokens where user_name = $1',
    [user],
  );
  return rows[0]?.count ?? 0;
}

/** With its secrets. False when there is no such token. */
export async function deletePersonalToken(tx: Transaction, id: string): Promise<boolean> {
  return (await tx.query('delete from personal_tokens where id = $1 returning id', [id])).length > 0;
}
