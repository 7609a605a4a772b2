// Table tags: what each tag points at, and the one statement that decides whether it may change.
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

export interface TagRow {
  /** null once the tag was deleted */
  readonly digest: Digest | null;
  readonly fixed: number;
  readonly identity: string;
  readonly provenance: string;
  /** that of the push that made the tag point where it does */
  readonly pushId: string;
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
  readonly identity: string;
  /** Digest of the provenance layer, or the empty string. */
  readonly provenance: string;
  /** A new UUID: in the returned row, it tells that this push has moved the tag. */
  readonly pushId: string;
  readonly pushedAt: number;
  readonly pushedBy: string;
  /** Whether a fixed tag that was deleted may come back with other content. */
  readonly republishDeleted: boolean;
}

const COLUMNS =
  'digest, fixed, identity, provenance, push_id as "pushId", pushed_at as "pushedAt", pushed_by as "pushedBy", deleted_at as "deletedAt", deleted_by as "deletedBy"';

/** The tag is there, and is fixed, by the rule of then or of now, or points there already: it stays on its first push. */
const STAYS = '(tags.digest is not null and (tags.fixed = 1 or excluded.fixed = 1 or tags.digest = excluded.digest))';

/**
 * Points a tag at a manifest, if that is allowed. A fixed tag that is there stays as it is: pushing the same content
 * again, with the same provenance or none, is accepted and changes nothing; a floating one is never pointed from here. One
 * statement, so of racing writers one wins.
 * @returns the tag as it is afterwards; undefined when it is fixed to other content, or floating
 */
export async function pointTag(tx: Transaction, write: TagWrite): Promise<TagRow | undefined> {
  const moved = ['digest', 'provenance', 'push_id', 'pushed_at', 'pushed_by'].map(
    (column) => `${column} = case when ${STAYS} then tags.${column} else excluded.${column} end`,
  );
  const rows = await tx.query<TagRow>(
    `insert into tags (repository, name, digest, fixed, identity, provenance, push_id, pushed_at, pushed_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (repository, name) do update set
       ${moved.join(', ')},
       fixed = case when tags.fixed = 1 then 1 else excluded.fixed end,
       listed = case when ${STAYS} then tags.listed else 1 end,
       identity = excluded.identity,
       deleted_at = null,
       deleted_by = null
     where tags.floating = 0 and ((tags.fixed = 0 and excluded.fixed = 0)
        or (tags.identity = excluded.identity and excluded.provenance in ('', tags.provenance))
        or (tags.digest is null and $10 = 1))
     returning ${COLUMNS}`,
    [
      write.repository,
      write.tag,
      write.digest,
      write.fixed ? 1 : 0,
      write.identity,
      write.provenance,
      write.pushId,
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

/** Tags behind `last` in byte order, at most `limit`; those that are deleted, yanked or floating are left out. */
export async function listTags(
  database: Queryable,
  repository: RepositoryName,
  last: string,
  limit: number,
): Promise<readonly Tag[]> {
  const rows = await database.query<{ name: Tag }>(
    'select name from tags where repository = $1 and name > $2 and digest is not null and listed = 1 order by name limit $3',
    [repository, last, limit],
  );
  return rows.map((row) => row.name);
}

/** Whether the tag is in the list of tags. */
export async function setTagListed(
  tx: Transaction,
  repository: RepositoryName,
  tag: Tag,
  listed: boolean,
): Promise<void> {
  await tx.query('update tags set listed = $3 where repository = $1 and name = $2', [repository, tag, listed ? 1 : 0]);
}

interface TagDeletion {
  readonly repository: RepositoryName;
  readonly at: number;
  readonly by: string;
}

interface DeletedTag {
  readonly tag: Tag;
  readonly digest: Digest;
}

/** Deletes one tag, unless it is floating; a fixed one is remembered. @returns the tag, if it was there */
export async function deleteTag(tx: Transaction, tag: Tag, deletion: TagDeletion): Promise<readonly DeletedTag[]> {
  return await deleteTags(tx, 'name', tag, deletion);
}

/** Deletes all tags of a manifest but floating ones; fixed ones are remembered. */
export async function deleteTagsOf(
  tx: Transaction,
  digest: Digest,
  deletion: TagDeletion,
): Promise<readonly DeletedTag[]> {
  return await deleteTags(tx, 'digest', digest, deletion);
}

async function deleteTags(
  tx: Transaction,
  column: 'name' | 'digest',
  value: string,
  deletion: TagDeletion,
): Promise<readonly DeletedTag[]> {
  const free = await tx.query<DeletedTag>(
    `delete from tags where repository = $1 and ${column} = $2 and fixed = 0 and floating = 0 returning name as tag, digest`,
    [deletion.repository, value],
  );
  // What a row was before its update cannot be returned by both databases, so the digest is read first and compared with.
  const fixed = await tx.query<DeletedTag>(
    `select name as tag, digest from tags where repository = $1 and ${column} = $2 and digest is not null and floating = 0`,
    [deletion.repository, value],
  );
  const remembered: DeletedTag[] = [];
  for (const { tag, digest } of fixed) {
    const updated = await tx.query(
      `update tags set digest = null, deleted_at = $4, deleted_by = $5
       where repository = $1 and name = $2 and digest = $3 returning name`,
      [deletion.repository, tag, digest, deletion.at, deletion.by],
    );
    if (updated.length > 0) remembered.push({ tag, digest });
  }
  return [...free, ...remembered];
}

/** How many there are, but no more than `atMost`. Those that were deleted and are remembered count as well. */
export async function countTags(tx: Transaction, repository: RepositoryName, atMost: number): Promise<number> {
  const rows = await tx.query<{ count: number }>(
    'select count(*) as count from (select 1 from tags where repository = $1 limit $2) as counted',
    [repository, atMost],
  );
  return rows[0]?.count ?? 0;
}
