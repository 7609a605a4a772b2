// Makes a database again of the journal and the stored blobs, when it is lost.
import { algorithmOf, type Digest, digestOf } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database, Transaction } from '../ports/database.ts';
import { backfillVersions } from '../registry/backfill-versions.ts';
import { countCatalogRevisionUp } from '../tables/catalog-revision.ts';
import { attachProvenance } from '../tables/chart-versions.ts';
import { type BlobLinks, deleteBlobWithoutRepository, listBlobLinks } from '../tables/garbage-blobs.ts';
import type { TagSource } from '../tables/journal-source.ts';
import { findManifestSize } from '../tables/manifests.ts';
import { putNamespace } from '../tables/namespaces.ts';
import { putNotice } from '../tables/notices.ts';
import { pagesOf } from '../tables/pages.ts';
import { putStoredBlob, putTag } from '../tables/rebuilt-rows.ts';
import { createRepository } from '../tables/repositories.ts';
import { type FinalState, readFinalState } from './final-state.ts';
import { type JournalManifest, readRecord } from './journal-records.ts';
import { type PutOutcome, putManifest } from './put-manifest.ts';

/** Rows that are written in one transaction. */
const BATCH = 500;
/** Manifests of one transaction, */
const MANIFESTS = 200;
/** and characters of their lines, which are in memory together, beside the last one. */
const MANIFESTS_LENGTH = 4 * 1024 * 1024;
/** Who has deleted a version whose manifest is lost. */
const REBUILDER = 'chartroom rebuild';

interface RebuildParts {
  /** with all tables, and nothing in them */
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  /** The lines of the journal from the first on, each time it is called. */
  readonly lines: () => AsyncIterable<string>;
}

export interface Rebuilt {
  readonly repositories: number;
  readonly manifests: number;
  readonly tags: number;
  /** In words: what could not be made again, or not wholly. */
  readonly losses: readonly string[];
}

interface AddedProvenance {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** The manifest of the versions that it signs. */
  readonly subject: Digest;
}

export async function rebuild(parts: RebuildParts): Promise<Rebuilt> {
  const { database, lines, clock } = parts;
  const losses: string[] = [];
  const state = await readFinalState(lines());
  if (state.damagedLines > 0) losses.push(`${state.damagedLines} lines of the journal are damaged`);
  await putStoredBlobs(parts);
  const { provenances, ...counts } = await putManifests(parts, state, losses);
  await inBatches(database, [...state.tags.values()], (tx, tag) => restoreTag(tx, tag, clock.now(), losses));
  await inBatches(database, [...state.notices.values()], putNotice);
  await inBatches(database, state.namespaces, (tx, row) => putNamespace(tx, row, clock.now()));
  await backfillVersions(database, (refusal) => losses.push(refusal.message));
  await inBatches(database, provenances, (tx, added) => addProvenance(tx, added, state));
  await forgetUnplacedBlobs(database);
  return { ...counts, tags: state.tags.size, losses };
}

async function putStoredBlobs({ database, blobs, clock }: RebuildParts): Promise<void> {
  const found: { readonly digest: Digest; readonly size: number }[] = [];
  for await (const digest of blobs.list()) {
    const size = await blobs.size(digest);
    if (size !== undefined) found.push({ digest, size });
  }
  const createdAt = clock.now();
  await inBatches(database, found, (tx, blob) => putStoredBlob(tx, { ...blob, createdAt, damagedAt: null }));
}

/** Garbage collection keeps bytes without a row for days, and takes those with a row that no repository has. */
async function forgetUnplacedBlobs(database: Database): Promise<void> {
  for await (const page of pagesOf<BlobLinks>((last) => listBlobLinks(database, last?.digest ?? '', BATCH))) {
    const unplaced = page.filter(({ linked }) => linked === 0);
    await inBatches(database, unplaced, async (tx, { digest }) => {
      await deleteBlobWithoutRepository(tx, digest);
    });
  }
}

/** The journal is read a second time, so that all manifests need not be in memory at once. */
async function putManifests(
  { database, lines, clock }: RebuildParts,
  { goneManifests }: FinalState,
  losses: string[],
): Promise<Pick<Rebuilt, 'manifests' | 'repositories'> & { readonly provenances: readonly AddedProvenance[] }> {
  const provenances: AddedProvenance[] = [];
  const repositories = new Set<RepositoryName>();
  let manifests = 0;
  const put = async (tx: Transaction, row: JournalManifest): Promise<void> => {
    const { repository, digest } = row;
    const { isNew, problems, provenance } = await tryManifest(tx, row, clock.now());
    losses.push(...problems.map((problem) => `${repository}@${digest} ${problem}`));
    if (!isNew) return;
    if (provenance) provenances.push({ repository, ...provenance });
    repositories.add(repository);
    manifests += 1;
  };
  let batch: JournalManifest[] = [];
  let length = 0;
  const flush = async (): Promise<void> => {
    await inBatches(database, batch, put);
    batch = [];
    length = 0;
  };
  for await (const line of lines()) {
    const record = readRecord(line);
    if (record?.record !== 'manifest') continue;
    if (goneManifests.has(`${record.row.repository} ${record.row.digest}`)) continue;
    batch.push(record.row);
    length += line.length;
    if (batch.length >= MANIFESTS || length >= MANIFESTS_LENGTH) await flush();
  }
  await flush();
  return { manifests, repositories: repositories.size, provenances };
}

async function tryManifest(
  tx: Transaction,
  row: JournalManifest,
  now: number,
): Promise<Omit<PutOutcome, 'missing'> & { readonly problems: readonly string[] }> {
  const provenance = undefined;
  const content = Buffer.from(row.content, 'base64');
  if (digestOf(content, algorithmOf(row.digest)) !== row.digest) {
    return { isNew: false, provenance, problems: ['is damaged in the journal'] };
  }
  try {
    const { missing, ...outcome } = await putManifest(tx, { ...row, content }, now);
    return { ...outcome, problems: missing.map((blob) => `needs ${blob}, which is not stored`) };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return { isNew: false, provenance, problems: [`cannot be used: ${error.message}`] };
  }
}

/** A provenance file that was added to versions later: the rows of the versions say so, which were made of their manifests. */
async function addProvenance(
  tx: Transaction,
  { repository, digest, subject }: AddedProvenance,
  { tagged }: FinalState,
): Promise<void> {
  const revision = await countCatalogRevisionUp(tx);
  for (const tag of tagged.get(`${repository} ${subject}`) ?? []) {
    await attachProvenance(tx, { repository, tag, digest: subject }, digest, revision);
  }
}

/** A published version whose manifest is lost is remembered as a deleted one is: only the same content can be pushed to it. */
async function restoreTag(tx: Transaction, tag: TagSource, now: number, losses: string[]): Promise<void> {
  await createRepository(tx, tag.repository, tag.pushedAt);
  const isThere = tag.digest === null || (await findManifestSize(tx, tag.repository, tag.digest)) !== undefined;
  if (isThere) return await putTag(tx, tag);
  losses.push(`${tag.repository}:${tag.tag} pointed at ${tag.digest}, which is lost`);
  if (tag.fixed === 1) await putTag(tx, { ...tag, digest: null, deletedAt: now, deletedBy: REBUILDER });
}

async function inBatches<Item>(
  database: Database,
  items: readonly Item[],
  work: (tx: Transaction, item: Item) => Promise<unknown>,
): Promise<void> {
  for (let start = 0; start < items.length; start += BATCH) {
    await database.transaction(async (tx) => {
      for (const item of items.slice(start, start + BATCH)) await work(tx, item);
    });
  }
}
