// Table namespaces: which paths say themselves whether everybody may read what lies below them.
import type { Queryable, Transaction } from '../ports/database.ts';

export interface NamespaceRow {
  /** Empty for the root. */
  readonly path: string;
  readonly visibility: 'public' | 'private';
}

export async function putNamespace(tx: Transaction, namespace: NamespaceRow, now: number): Promise<void> {
  await tx.query(
    `insert into namespaces (path, visibility, updated_at) values ($1, $2, $3)
     on conflict (path) do update set visibility = excluded.visibility, updated_at = excluded.updated_at`,
    [namespace.path, namespace.visibility, now],
  );
}

/** From then on the path is as the one above it. False when it had no setting. */
export async function deleteNamespace(tx: Transaction, path: string): Promise<boolean> {
  return (await tx.query('delete from namespaces where path = $1 returning path', [path])).length > 0;
}

export async function listNamespaces(database: Queryable): Promise<readonly NamespaceRow[]> {
  return await database.query<NamespaceRow>('select path, visibility from namespaces order by path');
}
