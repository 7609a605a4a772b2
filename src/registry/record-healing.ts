// Records that the bytes of a blob are sound: in its row, and, when it was known to be damaged, in the audit trail of the repositories
// that have it (of 20 at most, the one that was pushed to among them), and to the log.
import { SYSTEM } from '../events/author.ts';
import { recordEvent } from '../events/record.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database, Transaction } from '../ports/database.ts';
import { type BlobCheckRow, noteSoundBlob } from '../tables/blob-checks.ts';
import type { StoredBlob } from '../tables/blobs.ts';
import { type Needing, tagsIn, whoNeeds } from './who-needs.ts';

/** What has brought sound bytes: a push of the same content, or somebody who put them back, as a check has found. */
type Healer = 'push' | 'check';

export interface HealedBlob extends StoredBlob, Needing {
  readonly by: Healer;
}

/** Told of each damaged blob that is sound again, once it is on record. */
export type OnHealed = (healed: HealedBlob) => void;

export interface HealingRecords {
  readonly database: Database;
  readonly clock: Clock;
  readonly onHealed?: OnHealed | undefined;
}

/**
 * In the transaction that takes the mark away.
 * @param pushedTo where a push has healed it
 */
export async function recordHealing(
  tx: Transaction,
  { digest, size }: StoredBlob,
  by: Healer,
  at: number,
  pushedTo?: RepositoryName,
): Promise<HealedBlob> {
  const found = await whoNeeds(tx, digest, pushedTo);
  for (const repository of found.repositories) {
    const event = { kind: 'blob.healed', at, author: SYSTEM, repository, digest } as const;
    await recordEvent(tx, { ...event, detail: { by, tags: tagsIn(found, repository) } });
  }
  return { digest, size, by, ...found };
}

/** Records checks that went well. @param rows as they were read; one that has changed since, or is gone, stays as it is */
export async function recordSound(records: HealingRecords, rows: readonly BlobCheckRow[]): Promise<void> {
  if (rows.length === 0) return;
  const at = records.clock.now();
  const healed = await records.database.transaction(async (tx) => {
    const found: HealedBlob[] = [];
    for (const row of rows) {
      if ((await noteSoundBlob(tx, row, at)) && row.damagedAt !== null) {
        found.push(await recordHealing(tx, row, 'check', at));
      }
    }
    return found;
  });
  for (const blob of healed) records.onHealed?.(blob);
}
