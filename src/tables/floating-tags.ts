// Table tags, the floating ones: kept by the server on the newest version of a line, never written by clients.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

export interface FloatingTagWrite {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly digest: Digest;
  readonly pushId: string;
  readonly at: number;
  readonly by: string;
}

/** A tag of that name which a client has made, or had made, stays as it is. */
export async function pointFloatingTag(tx: Transaction, write: FloatingTagWrite): Promise<void> {
  await tx.query(
    `insert into tags (repository, name, digest, fixed, identity, provenance, push_id, pushed_at, pushed_by, floating, listed)
     values ($1, $2, $3, 0, $3, '', $4, $5, $6, 1, 0)
     on conflict (repository, name) do update set digest = excluded.digest, identity = excluded.identity,
       push_id = excluded.push_id, pushed_at = excluded.pushed_at, pushed_by = excluded.pushed_by
     where tags.floating = 1 and tags.digest <> excluded.digest`,
    [write.repository, write.tag, write.digest, write.pushId, write.at, write.by],
  );
}

export async function deleteFloatingTag(tx: Transaction, repository: RepositoryName, tag: Tag): Promise<void> {
  await tx.query('delete from tags where repository = $1 and name = $2 and floating = 1', [repository, tag]);
}

/** All of them in and below a namespace (the root is the empty path). */
export async function deleteFloatingTagsBelow(tx: Transaction, path: string): Promise<void> {
  await tx.query(
    `delete from tags where floating = 1
       and ($1 = '' or repository = $1 or (repository >= $1 || '/' and repository < $1 || '0'))`,
    [path],
  );
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

export async function isFloatingTag(database: Queryable, repository: RepositoryName, tag: Tag): Promise<boolean> {
  const rows = await database.query(
    'select name from tags where repository = $1 and name = $2 and floating = 1 and digest is not null',
    [repository, tag],
  );
  return rows.length > 0;
}
