// All files of a packed chart in memory, those of the archives in its charts/ too, as Helm would see them.
import { RegistryError } from '../oci/error.ts';
import { type FileTaker, readArchiveFiles } from './archive-files.ts';
import { isBundledArchive, isReadme } from './known-files.ts';
import { UnpackAllowance } from './unpack-allowance.ts';

export interface ChartContents {
  /** In byte order of their paths; at most 20,000, those of bundled archives included. */
  readonly files: readonly ChartFile[];
  /** Paths that stand in the archive more than once. Here as in Helm the last one counts, of READMEs and archives the first. */
  readonly repeated: readonly string[];
  /** What is in the archives in charts/, by their paths (`charts/common-1.0.0.tgz`). */
  readonly archives: ReadonlyMap<string, BundledArchive>;
  /** bytes that all of this holds: less than 100 MiB of files, and their paths */
  readonly size: number;
  /** @param path below the top folder */
  bytes(path: string): Uint8Array | undefined;
  /** Without a byte order mark; undefined when there is no such file, or when it is no text in UTF-8. */
  text(path: string): string | undefined;
}

export interface ChartFile {
  /** below the top folder, with "/"; bytes of the name that are no UTF-8 are replaced by U+FFFD */
  readonly path: string;
  /** bytes */
  readonly size: number;
}

export type BundledArchive =
  | { readonly contents: ChartContents }
  /** why it was not opened, as the end of the sentence "charts/common-1.0.0.tgz …" */
  | { readonly problem: string };

/** Charts in charts in charts; Helm sets no limit, real charts have three levels. */
export const MAXIMUM_BUNDLE_DEPTH = 8;
/** Opening an archive costs some time even when there is nothing in it. */
const MAXIMUM_BUNDLED_ARCHIVES = 500;

/**
 * Reads `content` to its end or to the first thing that is wrong, and closes it in either case. The checks and limits are
 * those of a push; archives in charts/ count as a part of the chart, and one that is damaged or too large stays closed.
 * @throws RegistryError MANIFEST_INVALID with what is wrong with the archive; whatever `content` throws, unchanged
 */
export async function readChartContents(content: AsyncIterable<Uint8Array>): Promise<ChartContents> {
  return await new ContentsReader().read(content, 0);
}

/** The files below a folder of a chart as contents of their own. */
export function contentsOf(
  files: ReadonlyMap<string, Uint8Array>,
  archives: ReadonlyMap<string, BundledArchive>,
  repeated: readonly string[] = [],
): ChartContents {
  return new HeldContents(files, archives, repeated);
}

class ContentsReader {
  readonly #allowance = new UnpackAllowance();
  #archives = 0;

  async read(content: AsyncIterable<Uint8Array>, depth: number): Promise<ChartContents> {
    const files = new CollectedFiles();
    await readArchiveFiles(content, files, this.#allowance);
    const archives = new Map<string, BundledArchive>();
    for (const [path, bytes] of files.kept) {
      if (isBundledArchive(path)) archives.set(path, await this.#open(bytes, depth + 1));
    }
    return new HeldContents(files.kept, archives, [...files.repeated]);
  }

  async #open(bytes: Uint8Array, depth: number): Promise<BundledArchive> {
    if (depth > MAXIMUM_BUNDLE_DEPTH) return { problem: `was not opened: it lies in ${depth - 1} other archives` };
    this.#archives += 1;
    if (this.#archives > MAXIMUM_BUNDLED_ARCHIVES || this.#allowance.isSpent) {
      return { problem: 'was not opened: charts/ has more than is looked through' };
    }
    try {
      return { contents: await this.read(once(bytes), depth) };
    } catch (error) {
      if (error instanceof RegistryError) return { problem: `cannot be read: ${error.message}` };
      throw error;
    }
  }
}

class CollectedFiles implements FileTaker {
  readonly kept = new Map<string, Uint8Array>();
  readonly repeated = new Set<string>();

  wants(path: string): boolean {
    if (!this.kept.has(path)) return true;
    this.repeated.add(path);
    return !isBundledArchive(path) && !isReadme(path);
  }

  take(path: string, content: Uint8Array): void {
    this.kept.set(path, content);
  }
}

class HeldContents implements ChartContents {
  readonly files: readonly ChartFile[];
  readonly repeated: readonly string[];
  readonly archives: ReadonlyMap<string, BundledArchive>;
  readonly size: number;
  readonly #bytes: ReadonlyMap<string, Uint8Array>;

  constructor(
    bytes: ReadonlyMap<string, Uint8Array>,
    archives: ReadonlyMap<string, BundledArchive>,
    repeated: readonly string[],
  ) {
    this.#bytes = bytes;
    this.files = inByteOrder([...bytes].map(([path, content]) => ({ path, size: content.byteLength })));
    this.repeated = repeated;
    this.archives = archives;
    const bundled = [...archives.values()].map((archive) => ('contents' in archive ? archive.contents.size : 0));
    const own = this.files.map(({ path, size }) => path.length + size);
    this.size = [...own, ...bundled].reduce((total, size) => total + size, 0);
  }

  bytes(path: string): Uint8Array | undefined {
    return this.#bytes.get(path);
  }

  text(path: string): string | undefined {
    const bytes = this.#bytes.get(path);
    if (bytes === undefined) return undefined;
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      return undefined;
    }
  }
}

/** JavaScript compares by UTF-16 units, which puts some letters elsewhere. */
function inByteOrder(files: readonly ChartFile[]): readonly ChartFile[] {
  return files
    .map((file) => ({ file, key: Buffer.from(file.path) }))
    .toSorted((one, other) => Buffer.compare(one.key, other.key))
    .map(({ file }) => file);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
