// Verifies at full speed all that is stored: bytes against their digests, and database and blobs against each other, both ways.
import { type BlobCheck, type CheckDependencies, checkBlob, inspectBlob } from '../registry/check-blob.ts';
import { DAMAGE_WORDS } from '../registry/record-damage.ts';
import { type HealingRecords, recordSound } from '../registry/record-healing.ts';
import { namesOf, whoNeeds } from '../registry/who-needs.ts';
import { type BlobCheckRow, findBlobCheck, listBlobChecks } from '../tables/blob-checks.ts';
import { pagesOf } from '../tables/pages.ts';
import { type Problem, Problems } from './problems.ts';
import { tidySetAside } from './tidy-set-aside.ts';
import { isUnrecorded } from './unrecorded-bytes.ts';
import { verifyManifests, verifyTags, verifyVersions } from './verify-rows.ts';

const PAGE = 200;

export interface VerifyOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** Whether damaged blobs are marked and set aside, as the scrub does; else nothing is changed. */
  readonly repair: boolean;
}

export interface VerifyProgress {
  readonly blobs: number;
  /** Read of them. */
  readonly bytes: number;
  readonly manifests: number;
  readonly tags: number;
  readonly versions: number;
}

export interface VerifyResult extends VerifyProgress {
  /** False when the database is so damaged that nothing else was looked at. */
  readonly isComplete: boolean;
  /** Stored bytes of which the database knows nothing, for an hour or longer: pushes that were broken off. No problem: garbage collection takes them. */
  readonly leftovers: { readonly blobs: number; readonly bytes: number };
  /** Damaged blobs whose bytes are kept beside the others for the operator. */
  readonly setAside: number;
  /** What is kept of blobs that are sound again, or that nobody has any more: the next check removes it. */
  readonly outdatedAside: number;
  /** How many problems there are, of which the first 1000 are listed. */
  readonly problemCount: number;
  readonly problems: readonly Problem[];
}

type VerifyDependencies = CheckDependencies & HealingRecords;

/** May run beside a server, in another process too: what changes meanwhile is no problem. @throws the signal's reason */
export async function verifyStorage(dependencies: VerifyDependencies, options: VerifyOptions): Promise<VerifyResult> {
  const { database } = dependencies;
  const problems = new Problems();
  const counts = { blobs: 0, bytes: 0, manifests: 0, tags: 0, versions: 0 };
  const nothing = { leftovers: { blobs: 0, bytes: 0 }, setAside: 0, outdatedAside: 0 };
  const { damaged, dangling } = await database.check();
  for (const what of damaged) {
    problems.add({ kind: 'database', what: `the database is damaged: ${what}`, affected: [], remedy: RESTORE });
  }
  for (const what of dangling) problems.add({ kind: 'row', what, affected: [], remedy: RESTORE });
  if (damaged.length > 0) return { ...counts, ...nothing, isComplete: false, ...resultOf(problems) };
  const { signal, onProgress = () => undefined } = options;
  const count = (what: 'manifests' | 'tags' | 'versions') => (): void => {
    counts[what] += 1;
    onProgress(counts);
  };
  const walk = { database, problems, signal };
  await verifyManifests({ ...walk, onRow: count('manifests') });
  await verifyTags({ ...walk, onRow: count('tags') });
  await verifyVersions({ ...walk, onRow: count('versions') });
  await verifyBlobs(dependencies, options, problems, counts);
  const found = { leftovers: await countLeftovers(dependencies, signal), ...(await countSetAside(dependencies)) };
  return { ...counts, ...found, isComplete: true, ...resultOf(problems) };
}

const RESTORE = 'restore the database from a backup';
const PUSH_AGAIN = 'push the same content again, or restore the file from a backup';
/** While it is not marked, whoever asks before pushing is told that it is there, and sends nothing. */
const MARK_AND_PUSH =
  'run "chartroom verify --repair", then push the same content again; or restore the file from a backup';
const NEEDED_BY_NONE = 'no repository has it, so garbage collection takes it; see whether the disk is sound';

function resultOf(problems: Problems): Pick<VerifyResult, 'problemCount' | 'problems'> {
  return { problemCount: problems.number, problems: problems.listed };
}

async function verifyBlobs(
  dependencies: VerifyDependencies,
  { signal, repair, onProgress = () => undefined }: VerifyOptions,
  problems: Problems,
  counts: { blobs: number; bytes: number } & VerifyProgress,
): Promise<void> {
  const { database } = dependencies;
  const look = repair ? checkBlob : inspectBlob;
  const onBytes = (bytes: number): void => {
    signal.throwIfAborted();
    counts.bytes += bytes;
    onProgress(counts);
  };
  for await (const page of pagesOf<BlobCheckRow>((last) => listBlobChecks(database, last?.digest ?? '', PAGE))) {
    const sound: BlobCheckRow[] = [];
    for (const row of page) {
      signal.throwIfAborted();
      const check = await look(dependencies, row, onBytes);
      if (check.kind === 'sound') sound.push(row);
      const problem = await problemOf(dependencies, row, check, repair);
      if (problem) problems.add(problem);
      counts.blobs += 1;
      onProgress(counts);
    }
    if (repair) await recordSound(dependencies, sound);
  }
  // At the end, when it is known what is sound again.
  if (repair) await tidySetAside(dependencies, onBytes);
}

async function problemOf(
  { database }: CheckDependencies,
  { digest, damagedAt }: BlobCheckRow,
  check: BlobCheck,
  repair: boolean,
): Promise<Problem | undefined> {
  const damage = check.kind === 'damaged' ? check.damage : undefined;
  const isMarkedOnly = damage === undefined && damagedAt !== null && !repair;
  if (damage === undefined && !isMarkedOnly) return undefined;
  const affected = namesOf(await whoNeeds(database, digest));
  if (damage === undefined) {
    const what = `blob ${digest} is marked as damaged, and has sound bytes again`;
    return {
      kind: 'blob',
      what,
      affected,
      remedy: 'run "chartroom verify --repair", or wait for the server\'s next check',
    };
  }
  const isMarked = repair || (check.kind === 'damaged' && check.isKnown);
  const remedy = affected.length === 0 ? NEEDED_BY_NONE : isMarked ? PUSH_AGAIN : MARK_AND_PUSH;
  const fault =
    damage === 'missing' && damagedAt !== null ? 'was found to be damaged, and is not healed' : DAMAGE_WORDS[damage];
  return { kind: 'blob', what: `blob ${digest} ${fault}`, affected, remedy };
}

async function countLeftovers(
  dependencies: CheckDependencies,
  signal: AbortSignal,
): Promise<VerifyResult['leftovers']> {
  const { blobs, clock } = dependencies;
  let [number, bytes] = [0, 0];
  for await (const digest of blobs.list()) {
    signal.throwIfAborted();
    if (!(await isUnrecorded(dependencies, digest, clock.now()))) continue;
    const size = await blobs.size(digest);
    // Garbage collection was faster.
    if (size === undefined) continue;
    number += 1;
    bytes += size;
  }
  return { blobs: number, bytes };
}

async function countSetAside({
  blobs,
  database,
}: CheckDependencies): Promise<Pick<VerifyResult, 'setAside' | 'outdatedAside'>> {
  let [setAside, outdatedAside] = [0, 0];
  for await (const digest of blobs.listSetAside()) {
    const row = await findBlobCheck(database, digest);
    const isOutdated = !row || (row.damagedAt === null && (await blobs.size(digest)) !== undefined);
    if (isOutdated) outdatedAside += 1;
    else setAside += 1;
  }
  return { setAside, outdatedAside };
}
