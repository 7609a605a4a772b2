// Unpacks a chart once, as a stream, checks every entry by Helm's rules and gives out the files that somebody wants.
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { RegistryError } from '../oci/error.ts';
import { invalidArchive, PACKING_ADVICE, quotedName } from './invalid-archive.ts';
import { type TarEntry, TarReader, type TarVisitor } from './tar.ts';
import type { UnpackAllowance } from './unpack-allowance.ts';

export interface FileTaker {
  /** Whether the bytes of a file are wanted. @param path below the top folder */
  wants(path: string): boolean;
  take(path: string, content: Uint8Array): void;
}

/** The files that say what a chart is. Which of two would count depends on who reads them. */
const UNREPEATABLE: ReadonlySet<string> = new Set(['Chart.yaml', 'requirements.yaml']);
/** What `mode` says of the kind of a file (stat.h); Helm takes an entry for a folder when all bits but the permissions say so. */
const LARGEST_MODE = 0o177777;
const KIND_BITS = 0o170000;
const FOLDER_KIND = 0o040000;
/** characters of a name; file systems allow some thousands, real charts have some hundreds */
const MAXIMUM_NAME = 1024;
const CHUNK_BYTES = 64 * 1024;

/**
 * Reads `content` to its end or to the first thing that is wrong, and closes it in either case.
 * @returns the one folder that everything lies in; a chart packed by Helm has the chart's name here
 * @throws RegistryError MANIFEST_INVALID with what is wrong with the archive; whatever `content` throws, unchanged
 */
export async function readArchiveFiles(
  content: AsyncIterable<Uint8Array>,
  taker: FileTaker,
  allowance: UnpackAllowance,
): Promise<string> {
  const input = new WatchedInput(content);
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const entries = new EntryChecks(taker, allowance);
  let isRead = false;
  try {
    await pipeline(input.chunks(), gunzip, async (chunks: AsyncIterable<Uint8Array>) => {
      const tar = new TarReader(entries);
      for await (const chunk of chunks) {
        allowance.addTar(chunk.byteLength);
        tar.write(chunk);
      }
      tar.end();
      isRead = true;
    });
  } catch (error) {
    // One failure makes others, so the first is looked for: that of the input.
    if (input.failure) throw input.failure.error;
    // Zeros behind the gzip stream: zlib ends at once where they follow in a later chunk, and leaves them where they do not.
    if (isRead && codeOf(error) === 'ERR_STREAM_PREMATURE_CLOSE') throw bytesBehindTheEnd();
    throw explained(error);
  }
  if (gunzip.bytesWritten !== input.bytes) throw bytesBehindTheEnd();
  return entries.folder();
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

/** What Helm asks of the entries of a chart. */
class EntryChecks implements TarVisitor {
  readonly #taker: FileTaker;
  readonly #allowance: UnpackAllowance;
  readonly #unrepeatable = new Set<string>();
  #folder: string | undefined;
  #files = 0;
  #path = '';

  constructor(taker: FileTaker, allowance: UnpackAllowance) {
    this.#taker = taker;
    this.#allowance = allowance;
  }

  enter(entry: TarEntry): boolean {
    this.#allowance.addEntry();
    if (entry.name.length > MAXIMUM_NAME) {
      throw invalidArchive(
        `has the name ${quotedName(entry.name)}… of ${entry.name.length} characters: at most 1024 are allowed`,
      );
    }
    if (entry.kind !== 'file' && entry.kind !== 'folder') {
      throw invalidArchive(
        `has ${quotedName(entry.name)}, which is ${describe(entry.kind)}: a chart has files and folders only`,
      );
    }
    if (entry.mode > LARGEST_MODE) {
      throw invalidArchive(`has ${quotedName(entry.name)} with the mode ${entry.mode.toString(8)}: ${PACKING_ADVICE}`);
    }
    const isFolder = entry.kind === 'folder' || (entry.mode & KIND_BITS) === FOLDER_KIND;
    const path = this.#place(entry.name, isFolder);
    this.#allowance.addFile(entry.name, entry.size);
    if (isFolder) return false;
    this.#files += 1;
    if (UNREPEATABLE.has(path)) {
      if (this.#unrepeatable.has(path)) throw invalidArchive(`has the file ${quotedName(entry.name)} twice`);
      this.#unrepeatable.add(path);
    }
    this.#path = path;
    return this.#taker.wants(path);
  }

  content(_entry: TarEntry, content: Uint8Array): void {
    this.#taker.take(this.#path, content);
  }

  folder(): string {
    if (this.#files === 0 || this.#folder === undefined) throw invalidArchive('is empty');
    if (!this.#unrepeatable.has('Chart.yaml')) {
      throw invalidArchive(`has no Chart.yaml in its top folder ${quotedName(`${this.#folder}/`)}: ${PACKING_ADVICE}`);
    }
    return this.#folder;
  }

  /** The path below the top folder. Helm ignores how that folder is called, even when there are several; we do not. */
  #place(name: string, isFolder: boolean): string {
    const { folder, path } = splitName(name, isFolder);
    this.#folder ??= folder;
    if (folder !== this.#folder) {
      throw invalidArchive(
        `has the two top folders ${quotedName(this.#folder)} and ${quotedName(folder)}: everything must lie in one`,
      );
    }
    return path;
  }
}

/** Helm's rules on names (pkg/chart/loader/archive), for folders too, which Helm skips. */
function splitName(name: string, isFolder: boolean): { readonly folder: string; readonly path: string } {
  // On Windows a name may have been written with "\", and then "/" does not separate.
  const [folder = '', ...below] = name.split(name.includes('\\') ? '\\' : '/');
  if (folder === '' || below.join('/').startsWith('/')) {
    throw invalidArchive(`has the absolute path ${quotedName(name)}`);
  }
  const segments = below
    .join('/')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.');
  const path = segments.join('/');
  if (folder === '..' || segments.includes('..') || path.startsWith('..')) {
    throw invalidArchive(`has the path ${quotedName(name)}, which leads out of the chart's folder`);
  }
  if (/^[a-zA-Z]:$/.test(folder) || /^[a-zA-Z]:\//.test(path)) {
    throw invalidArchive(`has the path ${quotedName(name)} with a drive letter`);
  }
  if (folder === 'Chart.yaml' || (path === '' && !isFolder)) {
    throw invalidArchive(
      `has the file ${quotedName(name)} outside of a top folder: it must be <name>/Chart.yaml, so ${PACKING_ADVICE}`,
    );
  }
  return { folder, path };
}

function describe(kind: Exclude<TarEntry['kind'], 'file' | 'folder'>): string {
  return kind === 'unknown' ? 'neither a file nor a folder' : `a ${kind}`;
}

/** What zlib reports, as the person who pushes can use it. */
function explained(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  const code = codeOf(error);
  if (code === 'Z_BUF_ERROR') return invalidArchive(`ends in the middle of its gzip stream: push it again`, error);
  if (typeof code !== 'string' || !code.startsWith('Z_')) throw error;
  return invalidArchive(
    `is not a gzip stream, is a damaged one or has other bytes behind its end (${(error as Error).message}): ${PACKING_ADVICE}`,
    error,
  );
}

function bytesBehindTheEnd(): RegistryError {
  return invalidArchive('has bytes behind the end of its gzip stream');
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
