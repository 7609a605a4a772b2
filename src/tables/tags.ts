// Table tags: what each tag points at, and the one statement that decides whether it may change.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

export interface TagRow {
  /** null once the tag was deleted */
  readonly digest: Digest | null;
  readonly fixed: number;
  readonly content: string;
  readonly provenance: string;
  readonly pushedAt: number;
  readonly pushedBy: string;
  readonly deletedAt: number | null;
  readonly deletedBy: string | null;
}

export interface TagWrite {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly digest: Digest;
  /** Whether the tag may never point at other content from now on. */
  readonly fixed: boolean;
  /** What counts as the same content: equal text, equal content. */
  readonly content: string;
  /** Digest of the provenance layer, or the empty string. */
  readonly provenance: string;
  readonly pushedAt: number;
  readonly pushedBy: string;
  /** Whether a fixed tag that was deleted may come back with other content. */
  readonly republishDeleted: boolean;
}

const COLUMNS =
  'digest, fixed, content, provenance, pushed_at as "pushedAt", pushed_by as "pushedBy", deleted_at as "deletedAt", deleted_by as "deletedBy"';

/**
 * Points a tag at a manifest, if that is allowed. A fixed tag that is there stays as it is: pushing the same content
 * again, with the same provenance or none, is accepted and changes nothing. One statement, so of racing writers one wins.
 * @returns the tag as it is afterwards; undefined when it is fixed to other content
 */
export async function pointTag(tx: Transaction, write: TagWrite): Promise<TagRow | undefined> {
  const rows = await tx.query<TagRow>(
    `insert into tags (repository, name, digest, fixed, content, provenance, pushed_at, pushed_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (repository, name) do update set
       digest = case when tags.fixed = 1 and tags.digest is not null then tags.digest else excluded.digest end,
       pushed_at = case when tags.fixed = 1 and tags.digest is not null then tags.pushed_at else excluded.pushed_at end,
       pushed_by = case when tags.fixed = 1 and tags.digest is not null then tags.pushed_by else excluded.pushed_by end,
       fixed = case when tags.fixed = 1 then 1 else excluded.fixed end,
       content = excluded.content,
       provenance = case when tags.fixed = 1 and tags.digest is not null then tags.provenance else excluded.provenance end,
       deleted_at = null,
       deleted_by = null
     where tags.fixed = 0
        or (tags.content = excluded.content and excluded.provenance in ('', tags.provenance))
        or (tags.digest is null and $9 = 1)
     returning ${COLUMNS}`,
    [
      write.repository,
      write.tag,
      write.digest,
      write.fixed ? 1 : 0,
      write.content,
      write.provenance,
      write.pushedAt,
      write.pushedBy,
      write.republishDeleted ? 1 : 0,
    ],
  );
  return rows[0];
}

/** The tag, also when it was deleted and is remembered. */
export async function findTag(database: Queryable, repository: RepositoryName, tag: Tag): Promise<TagRow | undefined> {
  const rows = await database.query<TagRow>(`select ${COLUMNS} from tags where repository = $1 and name = $2`, [
    repository,
    tag,
  ]);
  return rows[0];
}

/** Tags behind `last` in byte order, at most `limit`; deleted ones are left out. */
export async function listTags(
  database: Queryable,
  repository: RepositoryName,
  last: string,
  limit: number,
): Promise<readonly Tag[]> {
  const rows = await database.query<{ name: Tag }>(
    'select name from tags where repository = $1 and name > $2 and digest is not null order by name limit $3',
    [repository, last, limit],
  );
  return rows.map((row) => row.name);
}

export async function listTagsOf(
  database: Queryable,
  repository: RepositoryName,
  digest: Digest,
): Promise<readonly Tag[]> {
  const rows = await database.query<{ name: Tag }>(
    'select name from tags where repository = $1 and digest = $2 order by name',
    [repository, digest],
  );
  return rows.map((row) => row.name);
}

/** Deletes a tag; a fixed one is remembered. @returns what it pointed at; undefined when there was no such tag */
export async function deleteTag(
  tx: Transaction,
  deletion: { readonly repository: RepositoryName; readonly tag: Tag; readonly at: number; readonly by: string },
): Promise<Digest | undefined> {
  const before = await findTag(tx, deletion.repository, deletion.tag);
  if (!before || before.digest === null) return undefined;
  await tx.query('delete from tags where repository = $1 and name = $2 and fixed = 0', [
    deletion.repository,
    deletion.tag,
  ]);
  await tx.query(
    'update tags set digest = null, deleted_at = $3, deleted_by = $4 where repository = $1 and name = $2 and fixed = 1 and digest is not null',
    [deletion.repository, deletion.tag, deletion.at, deletion.by],
  );
  return before.digest;
}
