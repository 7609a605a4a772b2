// Reads a packed chart once, as a stream: checks everything in it by Helm's rules and keeps only the files that describe it.
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type Extract, extract, type Header } from 'tar-stream';
import { RegistryError } from '../oci/error.ts';

export interface ChartArchive {
  /** The one folder that everything lies in; a chart packed by Helm has the chart's name here. */
  readonly folder: string;
  readonly chartYaml: Uint8Array;
  /** The dependencies of charts of apiVersion v1, which Helm reads over Chart.yaml. */
  readonly requirementsYaml: Uint8Array | undefined;
}

/** bytes of one file, unpacked (Helm's MaxDecompressedFileSize) */
const MAXIMUM_FILE_BYTES = 5 * 1024 * 1024;
/** bytes of all files, unpacked; Helm (MaxDecompressedChartSize) refuses a chart that reaches it */
const MAXIMUM_CHART_BYTES = 100 * 1024 * 1024;
/** Files and folders; Helm sets no limit, large umbrella charts have some thousands. */
const MAXIMUM_ENTRIES = 20_000;
/** bytes of the tar stream: the files, and 2.5 KiB for the headers and the padding of each entry */
const MAXIMUM_TAR_BYTES = MAXIMUM_CHART_BYTES + MAXIMUM_ENTRIES * 2560;
const MEBIBYTE = 1024 * 1024;

const CHART_YAML = 'Chart.yaml';
const REQUIREMENTS_YAML = 'requirements.yaml';
const ADVICE = 'pack the chart with helm package';
/** What `mode` says of the kind of a file (stat.h); Helm takes an entry for a folder when these bits say so. */
const KIND_BITS = 0o170000;
const FOLDER_KIND = 0o040000;

/**
 * Reads `content` to its end or to the first thing that is wrong, and closes it in either case.
 * @throws RegistryError MANIFEST_INVALID with what is wrong with the archive; whatever `content` throws, unchanged
 */
export async function readChartArchive(content: AsyncIterable<Uint8Array>): Promise<ChartArchive> {
  const input = new WatchedInput(content);
  const gunzip = createGunzip();
  const entries = extract();
  const [unpacked, collected] = await Promise.allSettled([
    pipeline(input.chunks(), gunzip, limitedTar, entries),
    collectEntries(entries),
  ]);
  // One failure makes the other, so the cause is looked for first: the input, then what was found in the archive.
  if (input.failure) throw input.failure.error;
  if (collected.status === 'rejected' && collected.reason instanceof RegistryError) throw collected.reason;
  // Zeros behind the gzip stream: zlib ends at once where they follow in a later chunk, and leaves them where they do not.
  const endedEarly = unpacked.status === 'rejected' && codeOf(unpacked.reason) === 'ERR_STREAM_PREMATURE_CLOSE';
  const leftBytes = unpacked.status === 'fulfilled' && gunzip.bytesWritten !== input.bytes;
  if (collected.status === 'fulfilled' && (endedEarly || leftBytes)) {
    throw invalid('has bytes behind the end of its gzip stream');
  }
  if (unpacked.status === 'rejected') throw explained(unpacked.reason);
  if (collected.status === 'rejected') throw explained(collected.reason);
  return collected.value;
}

/** Remembers what the input threw, to tell a failing disk from a bad archive, and how many bytes it gave. */
class WatchedInput {
  readonly #content: AsyncIterable<Uint8Array>;
  failure: { readonly error: unknown } | undefined;
  bytes = 0;

  constructor(content: AsyncIterable<Uint8Array>) {
    this.#content = content;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#content) {
        this.bytes += chunk.byteLength;
        yield chunk;
      }
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }
}

/** Ends what the limits per file do not see: headers and padding without end. */
async function* limitedTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > MAXIMUM_TAR_BYTES) {
      throw invalid(`unpacks to more than ${Math.floor(MAXIMUM_TAR_BYTES / MEBIBYTE)} MiB of tar, headers included`);
    }
    yield chunk;
  }
}

async function collectEntries(entries: Extract): Promise<ChartArchive> {
  const contents = new ArchiveContents();
  for await (const entry of entries) {
    const kept = contents.add(entry.header);
    if (kept === undefined) entry.resume();
    else contents.keep(kept, await bytesOf(entry));
  }
  return contents.finish();
}

async function bytesOf(entry: AsyncIterable<unknown>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

/** What the archive turned out to hold so far. */
class ArchiveContents {
  readonly #kept = new Map<string, Uint8Array>();
  #folder: string | undefined;
  #entries = 0;
  #files = 0;
  #bytes = 0;

  /** Checks an entry; gives its path in the chart if its bytes are wanted. */
  add(header: Header): string | undefined {
    this.#entries += 1;
    if (this.#entries > MAXIMUM_ENTRIES) throw invalid(`has more than ${MAXIMUM_ENTRIES} files and folders`);
    const isFolder = header.type === 'directory' || (header.mode & KIND_BITS) === FOLDER_KIND;
    if (!isFolder && header.type !== 'file') {
      throw invalid(`has ${quoted(header.name)}, which is ${kindOf(header.type)}: a chart has files and folders only`);
    }
    if (Object.keys(header.pax ?? {}).some((key) => key.startsWith('GNU.sparse.'))) {
      throw invalid(`has ${quoted(header.name)}, which is stored as a sparse file: ${ADVICE}`);
    }
    const path = this.#place(header.name, isFolder);
    this.#weigh(header);
    if (isFolder) return undefined;
    this.#files += 1;
    if (path !== CHART_YAML && path !== REQUIREMENTS_YAML) return undefined;
    if (this.#kept.has(path)) throw invalid(`has the file ${quoted(header.name)} twice`);
    return path;
  }

  keep(path: string, bytes: Uint8Array): void {
    this.#kept.set(path, bytes);
  }

  finish(): ChartArchive {
    if (this.#files === 0) throw invalid('is empty');
    const chartYaml = this.#kept.get(CHART_YAML);
    if (this.#folder === undefined || chartYaml === undefined) {
      throw invalid(`has no Chart.yaml in its top folder ${quoted(`${this.#folder}/`)}: ${ADVICE}`);
    }
    return { folder: this.#folder, chartYaml, requirementsYaml: this.#kept.get(REQUIREMENTS_YAML) };
  }

  /** The path below the top folder. Helm ignores how that folder is called, even when there are several; we do not. */
  #place(name: string, isFolder: boolean): string {
    const { folder, path } = splitName(name, isFolder);
    this.#folder ??= folder;
    if (folder !== this.#folder) {
      throw invalid(
        `has the two top folders ${quoted(this.#folder)} and ${quoted(folder)}: everything must lie in one`,
      );
    }
    return path;
  }

  #weigh(header: Header): void {
    const bytes = header.size;
    if (bytes > MAXIMUM_FILE_BYTES) {
      throw invalid(`has the file ${quoted(header.name)} of ${bytes} bytes: Helm loads files of at most 5 MiB`);
    }
    this.#bytes += bytes;
    if (this.#bytes >= MAXIMUM_CHART_BYTES) throw invalid('unpacks to 100 MiB or more: Helm loads less than that');
  }
}

/** Helm's rules on names (pkg/chart/loader/archive), for folders too, which Helm skips. */
function splitName(name: string, isFolder: boolean): { readonly folder: string; readonly path: string } {
  // On Windows a name may have been written with "\", and then "/" does not separate.
  const [folder = '', ...below] = name.split(name.includes('\\') ? '\\' : '/');
  if (folder === '' || below.join('/').startsWith('/')) throw invalid(`has the absolute path ${quoted(name)}`);
  const segments = below
    .join('/')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.');
  const path = segments.join('/');
  if (folder === '..' || segments.includes('..') || path.startsWith('..')) {
    throw invalid(`has the path ${quoted(name)}, which leads out of the chart's folder`);
  }
  if (/^[a-zA-Z]:$/.test(folder) || /^[a-zA-Z]:\//.test(path))
    throw invalid(`has the path ${quoted(name)} with a drive letter`);
  if (folder === CHART_YAML || (path === '' && !isFolder)) {
    throw invalid(`has the file ${quoted(name)} outside of a top folder: it must be <name>/Chart.yaml, so ${ADVICE}`);
  }
  return { folder, path };
}

/** Null stands for a letter that tar-stream does not know. */
function kindOf(type: string | null): string {
  switch (type) {
    case 'symlink':
      return 'a symbolic link';
    case 'link':
      return 'a hard link';
    case 'fifo':
      return 'a named pipe';
    case 'character-device':
    case 'block-device':
      return 'a device';
    default:
      return 'neither a file nor a folder';
  }
}

/** What zlib and tar-stream report, as the person who pushes can use it. */
function explained(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  const code = codeOf(error);
  if (code === 'Z_BUF_ERROR') return invalid(`ends in the middle of its gzip stream: push it again`, error);
  if (typeof code === 'string' && code.startsWith('Z_')) {
    return invalid(
      `is not a gzip stream, is a damaged one or has other bytes behind its end (${(error as Error).message}): ${ADVICE}`,
      error,
    );
  }
  return invalid(`is not a tar archive in its gzip stream, or is a truncated one: ${ADVICE}`, error);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 160));
}

function invalid(why: string, cause?: unknown): RegistryError {
  return new RegistryError(
    'MANIFEST_INVALID',
    `the chart's archive ${why}`,
    cause === undefined ? undefined : { cause },
  );
}
