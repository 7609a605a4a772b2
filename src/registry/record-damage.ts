// Records that the stored bytes of a blob are damaged: in its row, in the audit trail of each repository that has it, and to the log.
import { SYSTEM } from '../events/author.ts';
import { recordEvent } from '../events/record.ts';
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Tag } from '../oci/tag.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database, Queryable } from '../ports/database.ts';
import { type BlobCheckRow, listTagsNeeding, markBlobDamaged, type NeedingTag } from '../tables/blob-checks.ts';
import { repositoriesWithBlob } from '../tables/blobs.ts';

/** More are not named: whoever repairs the blob repairs them as well. */
const MAXIMUM_TAGS = 100;
const MAXIMUM_REPOSITORIES = 20;

/** What is wrong with stored bytes: there are none, the disk does not give them, too few or too many, or others. */
export type Damage = 'missing' | 'unreadable' | 'size' | 'content';

/** Who needs a blob, as far as there is room to name them. */
export interface Needing {
  readonly repositories: readonly RepositoryName[];
  readonly tags: readonly NeedingTag[];
}

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

export async function whoNeeds(database: Queryable, digest: Digest): Promise<Needing> {
  return {
    repositories: await repositoriesWithBlob(database, digest, MAXIMUM_REPOSITORIES),
    tags: await listTagsNeeding(database, digest, MAXIMUM_TAGS),
  };
}

/** `team/web:1.0.0`, and repositories without such a tag by their names alone. */
export function namesOf(needing: Needing): readonly string[] {
  return [
    ...needing.tags.map(({ repository, tag }) => `${repository}:${tag}`),
    ...needing.repositories.filter((repository) => tagsIn(needing, repository).length === 0),
  ];
}

function tagsIn({ tags }: Needing, repository: RepositoryName): readonly Tag[] {
  return tags.filter((each) => each.repository === repository).map(({ tag }) => tag);
}
