// Table notices: what maintainers say of a published version, or of a whole chart.
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Transaction } from '../ports/database.ts';

export interface NoticeRow {
  readonly repository: RepositoryName;
  /** Empty for the whole chart. */
  readonly tag: Tag | '';
  readonly kind: 'deprecated' | 'yanked';
  /** Empty when none was given. */
  readonly reason: string;
  /** What to use instead: a version, or a chart with or without one. Empty when none was given. */
  readonly replacement: string;
  readonly notedAt: number;
  readonly notedBy: string;
}

const COLUMNS = 'repository, tag, kind, reason, replacement, noted_at as "notedAt", noted_by as "notedBy"';

/** In the place of the one that was there. */
export async function putNotice(tx: Transaction, notice: NoticeRow): Promise<void> {
  await tx.query(
    `insert into notices (repository, tag, kind, reason, replacement, noted_at, noted_by) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (repository, tag) do update set kind = excluded.kind, reason = excluded.reason,
       replacement = excluded.replacement, noted_at = excluded.noted_at, noted_by = excluded.noted_by`,
    [notice.repository, notice.tag, notice.kind, notice.reason, notice.replacement, notice.notedAt, notice.notedBy],
  );
}

/** @returns what was taken away */
export async function deleteNotice(
  tx: Transaction,
  repository: RepositoryName,
  tag: Tag | '',
): Promise<NoticeRow | undefined> {
  const rows = await tx.query<NoticeRow>(
    `delete from notices where repository = $1 and tag = $2 returning ${COLUMNS}`,
    [repository, tag],
  );
  return rows[0];
}
