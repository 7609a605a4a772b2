// Every blob that a database names, page by page, and what a damaged one belongs to.
import type { Digest } from '../oci/digest.ts';
import type { DamagedBlob } from '../ports/backup.ts';
import type { Queryable } from '../ports/database.ts';
import { namesOf, whoNeeds } from '../registry/who-needs.ts';
import { listBlobChecks } from '../tables/blob-checks.ts';
import type { StoredBlob } from '../tables/blobs.ts';
import { pagesOf } from '../tables/pages.ts';
import { eachAtOnce } from './each-at-once.ts';

const PAGE = 1_000;
/** Small blobs wait for the disk, one after the other, most of the time. */
const AT_ONCE = 4;
/** Named of those that need a blob. */
const MAXIMUM_USES = 5;

/** In the order of their digests. */
async function* namedBlobs(database: Queryable): AsyncIterable<StoredBlob> {
  const list = (last: StoredBlob | undefined) => listBlobChecks(database, last?.digest ?? '', PAGE);
  for await (const page of pagesOf(list)) yield* page;
}

/**
 * Tries something with every blob that the database names, several at a time.
 * @param attempt says in words what is wrong with a blob; undefined when nothing is
 * @returns those with which something is wrong, in the order of their digests
 */
export async function findDamagedBlobs(
  database: Queryable,
  attempt: (blob: StoredBlob) => Promise<string | undefined>,
  onProgress: (done: number) => void,
): Promise<readonly DamagedBlob[]> {
  const damaged: DamagedBlob[] = [];
  let done = 0;
  await eachAtOnce(namedBlobs(database), AT_ONCE, async (blob) => {
    const problem = await attempt(blob);
    if (problem !== undefined) damaged.push(await describeDamage(database, blob.digest, problem));
    done += 1;
    onProgress(done);
  });
  return damaged.toSorted((one, other) => (one.digest < other.digest ? -1 : 1));
}

async function describeDamage(database: Queryable, digest: Digest, problem: string): Promise<DamagedBlob> {
  const usedBy = namesOf(await whoNeeds(database, digest)).slice(0, MAXIMUM_USES);
  return { digest, problem, usedBy };
}
