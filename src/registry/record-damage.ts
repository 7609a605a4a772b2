// Records that the stored bytes of a blob are damaged: in its row, in the audit trail of the repositories that have it
// (of 20 at most), and to the log.
import { SYSTEM } from '../events/author.ts';
import { recordEvent } from '../events/record.ts';
import type { Digest } from '../oci/digest.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { type BlobCheckRow, markBlobDamaged } from '../tables/blob-checks.ts';
import { type Needing, tagsIn, whoNeeds } from './who-needs.ts';

/** What is wrong with stored bytes: there are none, the disk does not give them, too few or too many, or others. */
export type Damage = 'missing' | 'unreadable' | 'size' | 'content';

/** What is said of such a blob. */
export const DAMAGE_WORDS: Readonly<Record<Damage, string>> = {
  missing: 'has no bytes',
  unreadable: 'cannot be read from the disk',
  size: 'has another size than was pushed',
  content: 'has other bytes than were pushed',
};

export interface FoundDamage extends Needing {
  readonly digest: Digest;
  /** bytes that it should have */
  readonly size: number;
  readonly damage: Damage;
}

export interface DamageRecords {
  readonly database: Database;
  readonly clock: Clock;
  /** Told of each blob that is found to be damaged, once it is on record. */
  readonly onDamage: (found: FoundDamage) => void;
}

/** False when the row has changed since it was read, or has the mark already: then nothing is recorded. */
export async function recordDamage(records: DamageRecords, row: BlobCheckRow, damage: Damage): Promise<boolean> {
  const { database, clock, onDamage } = records;
  const { digest, size } = row;
  const at = clock.now();
  const needing = await database.transaction(async (tx) => {
    if (!(await markBlobDamaged(tx, row, at))) return undefined;
    const found = await whoNeeds(tx, digest);
    for (const repository of found.repositories) {
      const tags = tagsIn(found, repository);
      const event = { kind: 'blob.damaged', at, author: SYSTEM, repository, digest } as const;
      await recordEvent(tx, { ...event, detail: { damage, tags } });
    }
    return found;
  });
  if (needing) onDamage({ digest, size, damage, ...needing });
  return needing !== undefined;
}
