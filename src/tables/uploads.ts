// Table uploads: whose upload it is, and for which repository; how far it has come is known by the blob store alone.
import type { RepositoryName } from '../oci/repository-name.ts';
import type { UploadId } from '../ports/blob-store.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

export interface UploadRow {
  readonly id: UploadId;
  readonly repository: RepositoryName;
  readonly owner: string;
  /** The owner's name, as it is shown. */
  readonly createdBy: string;
  /** milliseconds since 1970 */
  readonly createdAt: number;
}

const COLUMNS = 'id, repository, owner, created_at as "createdAt", created_by as "createdBy"';

/**
 * One statement, so that of uploads that begin at once none is too many; where transactions run side by side, as many can be as do.
 * @returns false when the owner has `maximum`
 */
export async function insertUpload(tx: Transaction, upload: UploadRow, maximum: number): Promise<boolean> {
  const rows = await tx.query(
    `insert into uploads (id, repository, owner, created_at, created_by)
     select cast($1 as text), cast($2 as text), cast($3 as text), cast($4 as bigint), cast($5 as text)
     where (select count(*) from uploads where owner = cast($3 as text)) < cast($6 as bigint) returning id`,
    [upload.id, upload.repository, upload.owner, upload.createdAt, upload.createdBy, maximum],
  );
  return rows.length > 0;
}

export async function findUpload(database: Queryable, id: UploadId): Promise<UploadRow | undefined> {
  const rows = await database.query<UploadRow>(`select ${COLUMNS} from uploads where id = $1`, [id]);
  return rows[0];
}

export async function countUploads(database: Queryable): Promise<number> {
  const rows = await database.query<{ count: number }>('select count(*) as count from uploads');
  return Number(rows[0]?.count ?? 0);
}

/** @returns false when there was none */
export async function deleteUpload(tx: Transaction, id: UploadId): Promise<boolean> {
  return (await tx.query('delete from uploads where id = $1 returning id', [id])).length > 0;
}

/** Some of the uploads that were opened before this time, in the order in which they were. */
export async function listUploadsBefore(
  database: Queryable,
  time: number,
  after: { readonly createdAt: number; readonly id: string },
  limit: number,
): Promise<readonly UploadRow[]> {
  return await database.query<UploadRow>(
    `select ${COLUMNS} from uploads
     where created_at < $1 and (created_at, id) > ($2, $3) order by created_at, id limit $4`,
    [time, after.createdAt, after.id, limit],
  );
}
