// Every blob that a database names, page by page, and what a damaged one belongs to.
import type { Digest } from '../oci/digest.ts';
import type { DamagedBlob } from '../ports/backup.ts';
import type { Queryable } from '../ports/database.ts';
import { DAMAGE_WORDS, type Damage } from '../registry/record-damage.ts';
import { namesOf, whoNeeds } from '../registry/who-needs.ts';
import { type BlobCheckRow, listBlobChecks } from '../tables/blob-checks.ts';
import { pagesOf } from '../tables/pages.ts';
import { eachAtOnce } from './each-at-once.ts';

const PAGE = 1_000;
/** Small blobs wait for the disk, one after the other, most of the time. */
const AT_ONCE = 4;
/** Named of those that need a blob. */
const MAXIMUM_USES = 5;

/** In the order of their digests. */
async function* namedBlobs(database: Queryable): AsyncIterable<BlobCheckRow> {
  const list = (last: BlobCheckRow | undefined) => listBlobChecks(database, last?.digest ?? '', PAGE);
  for await (const page of pagesOf(list)) yield* page;
}

/**
 * Tries something with every blob that the database names, several at a time.
 * @param attempt says what is wrong with a blob; undefined when nothing is
 * @returns those with which something is wrong, in the order of their digests
 */
export async function findDamagedBlobs(
  database: Queryable,
  attempt: (blob: BlobCheckRow) => Promise<Damage | undefined>,
  onProgress: (done: number) => void,
): Promise<readonly DamagedBlob[]> {
  const damaged: DamagedBlob[] = [];
  let done = 0;
  await eachAtOnce(namedBlobs(database), AT_ONCE, async (blob) => {
    const damage = await attempt(blob);
    if (damage !== undefined) damaged.push(await describeDamage(database, blob.digest, damage));
    done += 1;
    onProgress(done);
  });
  return damaged.toSorted(byDigest);
}

export function byDigest(one: DamagedBlob, other: DamagedBlob): number {
  return one.digest < other.digest ? -1 : 1;
}

export async function describeDamage(database: Queryable, digest: Digest, damage: Damage): Promise<DamagedBlob> {
  const usedBy = namesOf(await whoNeeds(database, digest)).slice(0, MAXIMUM_USES);
  return { digest, problem: DAMAGE_WORDS[damage], usedBy };
}
