// Table tags, the floating ones: kept by the server on the newest version of a line, never written by clients.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable, SqlValue, Transaction } from '../ports/database.ts';

/** Of one statement, so that few of them point very many. */
const BATCH = 100;

/** A tag of that name which a client has made, or had made, stays as it is. */
export async function pointFloatingTags(
  tx: Transaction,
  repository: RepositoryName,
  pointers: readonly (readonly [tag: Tag, digest: Digest])[],
  write: { readonly pushId: string; readonly at: number; readonly by: string },
): Promise<void> {
  for (let start = 0; start < pointers.length; start += BATCH) {
    const batch = pointers.slice(start, start + BATCH);
    const values: SqlValue[] = [repository, write.pushId, write.at, write.by];
    const rows = batch.map(([tag, digest]) => {
      const [name, target] = [values.push(tag), values.push(digest)];
      return `($1, $${name}, $${target}, 0, $${target}, '', $2, $3, $4, 1, 0)`;
    });
    await tx.query(
      `insert into tags (repository, name, digest, fixed, identity, provenance, push_id, pushed_at, pushed_by, floating, listed)
       values ${rows.join(', ')}
       on conflict (repository, name) do update set digest = excluded.digest, identity = excluded.identity,
         push_id = excluded.push_id, pushed_at = excluded.pushed_at, pushed_by = excluded.pushed_by
       where tags.floating = 1 and tags.digest <> excluded.digest`,
      values,
    );
  }
}

export async function deleteFloatingTag(tx: Transaction, repository: RepositoryName, tag: Tag): Promise<void> {
  await tx.query('delete from tags where repository = $1 and name = $2 and floating = 1', [repository, tag]);
}

/** All of a repository. */
export async function deleteFloatingTagsOf(tx: Transaction, repository: RepositoryName): Promise<void> {
  await tx.query('delete from tags where repository = $1 and floating = 1', [repository]);
}

/** In byte order. */
export async function listFloatingTags(
  database: Queryable,
  repository: RepositoryName,
): Promise<readonly { readonly tag: Tag; readonly digest: Digest; readonly pushedAt: number }[]> {
  return await database.query(
    `select name as tag, digest, pushed_at as "pushedAt" from tags
     where repository = $1 and floating = 1 and digest is not null order by name`,
    [repository],
  );
}

/** Whose a tag is: a client's also when it was deleted and is remembered; undefined when there is none. */
export async function findTagKeeper(
  database: Queryable,
  repository: RepositoryName,
  tag: Tag,
): Promise<'client' | 'server' | undefined> {
  const rows = await database.query<{ floating: number }>(
    'select floating from tags where repository = $1 and name = $2',
    [repository, tag],
  );
  const [row] = rows;
  return row && (row.floating === 1 ? 'server' : 'client');
}
