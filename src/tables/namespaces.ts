// Table namespaces: what paths say themselves of what lies below them. What one does not say is as the nearest one above has it.
import type { Queryable, Transaction } from '../ports/database.ts';

export type Visibility = 'public' | 'private';

export interface NamespaceRow {
  /** Empty for the root. */
  readonly path: string;
  /** Whether everybody may read. */
  readonly visibility: Visibility | null;
  /** Whether the server keeps tags such as 1 and 1.2 on the newest version. */
  readonly floatingTags: number | null;
  /** JSON of what Artifact Hub is told about who owns the charts. Only of the namespace itself. */
  readonly artifactHub: string | null;
}

const COLUMNS = 'path, visibility, floating_tags as "floatingTags", artifact_hub as "artifactHub"';

/** Null: as it is above. What is left out stays as it was. */
type NamespaceChange = Pick<NamespaceRow, 'path'> & Partial<NamespaceRow>;

export async function putNamespace(tx: Transaction, change: NamespaceChange, now: number): Promise<void> {
  const { path, visibility, floatingTags, artifactHub } = change;
  const said = Object.entries({ visibility, floating_tags: floatingTags, artifact_hub: artifactHub }).flatMap(
    ([column, value]) => (value === undefined ? [] : [{ column, value }]),
  );
  const columns = ['path', 'updated_at', ...said.map(({ column }) => column)];
  const placeholders = columns.map((_, index) => `$${index + 1}`);
  const updates = columns.slice(1).map((column) => `${column} = excluded.${column}`);
  await tx.query(
    `insert into namespaces (${columns.join(', ')}) values (${placeholders.join(', ')})
     on conflict (path) do update set ${updates.join(', ')}`,
    [path, now, ...said.map(({ value }) => value)],
  );
}

/** From then on the path is as the one above it. False when it said nothing itself. */
export async function deleteNamespace(tx: Transaction, path: string): Promise<boolean> {
  return (await tx.query('delete from namespaces where path = $1 returning path', [path])).length > 0;
}

export async function listNamespaces(database: Queryable): Promise<readonly NamespaceRow[]> {
  return await database.query<NamespaceRow>(`select ${COLUMNS} from namespaces order by path`);
}

export async function findNamespace(database: Queryable, path: string): Promise<NamespaceRow | undefined> {
  const rows = await database.query<NamespaceRow>(`select ${COLUMNS} from namespaces where path = $1`, [path]);
  return rows[0];
}

/** What the namespaces among `paths` say about floating tags, those that say nothing left out. */
export async function listFloatingSettings(
  database: Queryable,
  paths: readonly string[],
): Promise<readonly { readonly path: string; readonly floatingTags: number }[]> {
  const placeholders = paths.map((_, index) => `$${index + 1}`).join(', ');
  return await database.query(
    `select path, floating_tags as "floatingTags" from namespaces
     where path in (${placeholders}) and floating_tags is not null order by path`,
    [...paths],
  );
}
