// Table contents: what was found in each archive, so that it is opened for this once.
import type { Digest } from '../oci/digest.ts';
import type { Queryable, Transaction } from '../ports/database.ts';

/** @param revision of the inspection: what an older one found does not count @returns JSON */
export async function findDescription(
  database: Queryable,
  contentDigest: Digest,
  revision: number,
): Promise<string | undefined> {
  const rows = await database.query<{ description: string }>(
    'select description from contents where content_digest = $1 and description_revision = $2',
    [contentDigest, revision],
  );
  return rows[0]?.description;
}

export async function putDescription(
  tx: Transaction,
  contentDigest: Digest,
  found: { readonly revision: number; readonly description: string; readonly at: number },
): Promise<void> {
  await tx.query(
    `insert into contents (content_digest, description_revision, description, described_at) values ($1, $2, $3, $4)
     on conflict (content_digest) do update set description_revision = excluded.description_revision,
       description = excluded.description, described_at = excluded.described_at`,
    [contentDigest, found.revision, found.description, found.at],
  );
}

/** For when the archive is gone. */
export async function forgetDescription(tx: Transaction, contentDigest: Digest): Promise<void> {
  await tx.query('delete from contents where content_digest = $1', [contentDigest]);
}
