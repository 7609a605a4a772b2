// Tables grants and namespaces: who has which role where, and what is public.
import type { Queryable, Transaction } from '../ports/database.ts';

export interface GrantRow {
  readonly user: string;
  readonly namespace: string;
  readonly role: string;
}

export interface NamespaceRow {
  readonly path: string;
  readonly visibility: 'public' | 'private';
}

/** Gives a user a role on a namespace, in place of the one it may have there. */
export async function putGrant(tx: Transaction, grant: GrantRow, now: number): Promise<void> {
  await tx.query(
    `insert into grants (principal_kind, principal, namespace, role, granted_at) values ('user', $1, $2, $3, $4)
     on conflict (principal_kind, principal, namespace) do update set role = excluded.role, granted_at = excluded.granted_at`,
    [grant.user, grant.namespace, grant.role, now],
  );
}

/** False when there was no such grant. */
export async function deleteGrant(tx: Transaction, user: string, namespace: string): Promise<boolean> {
  const rows = await tx.query(
    `delete from grants where principal_kind = 'user' and principal = $1 and namespace = $2 returning role`,
    [user, namespace],
  );
  return rows.length > 0;
}

export async function deleteGrantsOf(tx: Transaction, user: string): Promise<void> {
  await tx.query(`delete from grants where principal_kind = 'user' and principal = $1`, [user]);
}

export async function listGrants(database: Queryable, user?: string): Promise<readonly GrantRow[]> {
  const filter = user === undefined ? '' : 'and principal = $1';
  return await database.query<GrantRow>(
    `select principal as "user", namespace, role from grants where principal_kind = 'user' ${filter} order by principal, namespace`,
    user === undefined ? [] : [user],
  );
}

export async function putNamespace(tx: Transaction, namespace: NamespaceRow, now: number): Promise<void> {
  await tx.query(
    `insert into namespaces (path, visibility, updated_at) values ($1, $2, $3)
     on conflict (path) do update set visibility = excluded.visibility, updated_at = excluded.updated_at`,
    [namespace.path, namespace.visibility, now],
  );
}

export async function listNamespaces(database: Queryable): Promise<readonly NamespaceRow[]> {
  return await database.query<NamespaceRow>('select path, visibility from namespaces order by path');
}

/** Those of the given paths that have a setting of their own. */
export async function findNamespaces(database: Queryable, paths: readonly string[]): Promise<readonly NamespaceRow[]> {
  const placeholders = paths.map((_, index) => `$${index + 1}`).join(', ');
  return await database.query<NamespaceRow>(
    `select path, visibility from namespaces where path in (${placeholders})`,
    paths,
  );
}
