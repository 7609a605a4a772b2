// Unpacked charts, as many as fit into a budget: an archive is opened once for all who ask for it at the same time.
import type { Readable } from 'node:stream';
import fastq from 'fastq';
import { type ChartContents, readChartContents } from '../charts/contents.ts';
import { BlobDamaged } from '../oci/blob-damaged.ts';
import { algorithmOf, type Digest, finishHash, startHash } from '../oci/digest.ts';
import { RegistryError, TooManyRequests } from '../oci/error.ts';
import type { BlobStore } from '../ports/blob-store.ts';

type OpenedArchive =
  | { readonly kind: 'contents'; readonly contents: ChartContents }
  /** The archive, though it was let in once, cannot be read: why. `isDamaged`: in the store, so that a push mends it. */
  | { readonly kind: 'unreadable'; readonly problem: string; readonly isDamaged: boolean };

/** Archives that are unpacked at once: each may have 100 MiB. */
const MAXIMUM_RUNNING = 2;
const MAXIMUM_WAITING = 200;
/** bytes of what is kept */
const BUDGET = 64 * 1024 * 1024;
/** What an archive and each file of it take beside their bytes, so that the budget holds for many small ones too. */
const ARCHIVE_OVERHEAD = 4 * 1024;
const FILE_OVERHEAD = 512;

export class ContentsCache {
  readonly #queue: fastq.queueAsPromised<Digest, OpenedArchive>;
  readonly #budget: number;
  readonly #opening = new Map<Digest, Promise<OpenedArchive>>();
  /** The least recently used first. */
  readonly #kept = new Map<Digest, { readonly opened: OpenedArchive; readonly weight: number }>();
  #weight = 0;

  constructor(blobs: BlobStore, budget = BUDGET) {
    this.#queue = fastq.promise((digest: Digest) => open(blobs, digest), MAXIMUM_RUNNING);
    this.#budget = budget;
  }

  /** @throws RegistryError TOO_MANY_REQUESTS; what the blob store throws */
  async open(contentDigest: Digest): Promise<OpenedArchive> {
    const kept = this.#kept.get(contentDigest);
    if (kept) {
      this.#kept.delete(contentDigest);
      this.#kept.set(contentDigest, kept);
      return kept.opened;
    }
    const running = this.#opening.get(contentDigest);
    if (running) return await running;
    if (this.#queue.length() >= MAXIMUM_WAITING) {
      throw new TooManyRequests('too many charts are being opened at the moment: try again in a second', 1);
    }
    const opening = this.#queue.push(contentDigest);
    this.#opening.set(contentDigest, opening);
    try {
      const opened = await opening;
      this.#keep(contentDigest, opened);
      return opened;
    } finally {
      this.#opening.delete(contentDigest);
    }
  }

  #keep(digest: Digest, opened: OpenedArchive): void {
    const weight = weightOf(opened);
    if (weight > this.#budget || (opened.kind === 'unreadable' && opened.isDamaged)) return;
    this.#kept.set(digest, { opened, weight });
    this.#weight += weight;
    for (const [oldest, { weight: freed }] of this.#kept) {
      if (this.#weight <= this.#budget) return;
      this.#kept.delete(oldest);
      this.#weight -= freed;
    }
  }
}

async function open(blobs: BlobStore, digest: Digest): Promise<OpenedArchive> {
  try {
    return { kind: 'contents', contents: await readChartContents(await openStream(blobs, digest)) };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const isDamaged = error instanceof BlobDamaged || !(await isWhole(blobs, digest));
    const { message } = isDamaged ? new BlobDamaged(digest) : error;
    return { kind: 'unreadable', problem: message, isDamaged };
  }
}

/** Found out only once an archive could not be read: one that was changed has other checksums than those in it. */
async function isWhole(blobs: BlobStore, digest: Digest): Promise<boolean> {
  const algorithm = algorithmOf(digest);
  const hash = startHash(algorithm);
  for await (const chunk of await openStream(blobs, digest)) hash.update(chunk);
  return finishHash(hash, algorithm) === digest;
}

async function openStream(blobs: BlobStore, digest: Digest): Promise<Readable> {
  const body = await blobs.open(digest);
  if (body.kind === 'stream') return body.stream;
  throw new Error('the blob store answers its own server with a redirect');
}

function weightOf(opened: OpenedArchive): number {
  if (opened.kind === 'unreadable') return ARCHIVE_OVERHEAD;
  return ARCHIVE_OVERHEAD + opened.contents.size + filesIn(opened.contents) * FILE_OVERHEAD;
}

function filesIn({ files, archives }: ChartContents): number {
  const bundled = [...archives.values()].map((archive) => ('contents' in archive ? filesIn(archive.contents) : 0));
  return bundled.reduce((total, count) => total + count, files.length);
}
