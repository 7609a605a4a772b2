// Compares two versions of a chart, by what is in their archives.
import { setTimeout } from 'node:timers/promises';
import fastq from 'fastq';
import type { ChartComparison } from '../charts/compare/compare-charts.ts';
import type { ComparedChart, ComparedFile } from '../charts/compare/compared-chart.ts';
import type { ChartContents, ChartFile } from '../charts/contents.ts';
import { BoundedMap } from '../events/bounded-map.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { TooManyRequests } from '../oci/error.ts';
import type { ContentsCache } from './contents-cache.ts';
import type { Descriptions } from './descriptions.ts';
import { requireContents } from './version-contents.ts';
import type { VersionFacts } from './versions.ts';

interface Parts {
  readonly archives: ContentsCache;
  readonly descriptions: Descriptions;
}

interface Pair {
  readonly from: VersionFacts;
  readonly to: VersionFacts;
}

const MAXIMUM_WAITING = 10;
/** Between two comparisons, for all other requests: milliseconds. */
const PAUSE = 20;

/** Answers that are kept: each has some 100 KiB, a very large one a few MiB. */
const MAXIMUM_KEPT = 20;

/**
 * One at a time, since each holds two unpacked archives, and keeps the process busy while it compares: up to a second or two for
 * the largest charts, so that the same question is not worked out twice.
 */
export class Comparisons {
  readonly #kept = new BoundedMap<ChartComparison>(MAXIMUM_KEPT);
  /** Those that are under way or waiting, so that all who ask for the same get the same answer. */
  readonly #running = new Map<string, Promise<ChartComparison>>();
  readonly #queue: fastq.queueAsPromised<Pair, ChartComparison>;

  constructor(parts: Parts) {
    this.#queue = fastq.promise(async (pair: Pair) => {
      // When everything is in memory, nothing else would get its turn between one comparison and the next.
      await setTimeout(PAUSE);
      return await compareVersions(parts, pair);
    }, 1);
  }

  /** @throws RegistryError NOT_FOUND when an archive cannot be read; TOO_MANY_REQUESTS; what the blob store throws */
  async compare(from: VersionFacts, to: VersionFacts): Promise<ChartComparison> {
    const key = `${from.contentDigest} ${to.contentDigest}`;
    const known = this.#kept.get(key) ?? this.#running.get(key);
    if (known) return await known;
    if (this.#queue.length() >= MAXIMUM_WAITING) {
      throw new TooManyRequests('too many versions are being compared at the moment: try again in some seconds', 5);
    }
    const running = this.#queue.push({ from, to });
    this.#running.set(key, running);
    try {
      const comparison = await running;
      this.#kept.set(key, comparison);
      return comparison;
    } finally {
      this.#running.delete(key);
    }
  }
}

async function compareVersions(parts: Parts, { from, to }: Pair): Promise<ChartComparison> {
  // Most servers never compare: some 70 files stay out of memory until one does.
  const { compareCharts } = await import('../charts/compare/compare-charts.ts');
  const older = await comparedChart(parts, from);
  const newer = from.contentDigest === to.contentDigest ? older : await comparedChart(parts, to);
  // Parts of texts hold the whole texts in memory: a copy, which is kept, holds nothing of the archives.
  return structuredClone(compareCharts(older, newer));
}

async function comparedChart(
  { archives, descriptions }: Parts,
  { contentDigest, metadata }: VersionFacts,
): Promise<ComparedChart> {
  const contents = await requireContents(archives, contentDigest);
  const description = await descriptions.of(contentDigest, metadata);
  const images = description.kind === 'described' ? description.contents.images.map(({ image }) => image) : [];
  return {
    ...{ metadata, images },
    text: (path) => contents.text(path),
    files: contents.files.map((file) => new FileInArchive(file, contents)),
  };
}

/** Its digest is computed only where somebody asks: where texts do not tell. */
class FileInArchive implements ComparedFile {
  readonly path: string;
  readonly size: number;
  readonly #contents: ChartContents;
  #digest: Digest | undefined;

  constructor({ path, size }: ChartFile, contents: ChartContents) {
    this.path = path;
    this.size = size;
    this.#contents = contents;
  }

  get digest(): string {
    this.#digest ??= digestOf(this.#contents.bytes(this.path) ?? new Uint8Array());
    return this.#digest;
  }
}
