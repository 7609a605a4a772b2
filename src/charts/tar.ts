// Reads a tar stream as Go's archive/tar does, which Helm uses, and refuses what other readers would take for something else.
import { invalidArchive, PACKING_ADVICE, quotedName } from './invalid-archive.ts';
import { parsePaxRecords } from './tar-pax.ts';

type TarEntryKind =
  | 'file'
  | 'folder'
  | 'symbolic link'
  | 'hard link'
  | 'named pipe'
  | 'device'
  /** a letter that means nothing here */
  | 'unknown';

export interface TarEntry {
  /** bytes that are no UTF-8 are replaced by U+FFFD */
  readonly name: string;
  readonly kind: TarEntryKind;
  /** as stat.h has it: permissions, and sometimes the kind of the file */
  readonly mode: number;
  /** bytes of content; always 0 for a folder */
  readonly size: number;
}

/** Whoever reads the entries of an archive. What it throws ends the reading. */
export interface TarVisitor {
  /** Whether the content of this entry is wanted. */
  enter(entry: TarEntry): boolean;
  /** Follows on an `enter` that gave true. `content` belongs to the visitor. */
  content(entry: TarEntry, content: Uint8Array): void;
}

const BLOCK = 512;
const ZEROS = Buffer.alloc(BLOCK);
/** bytes of a PAX header or a long name; Go (maxSpecialFileSize) reads no larger one */
const MAXIMUM_EXTENSION_BYTES = 1024 * 1024;
const SPACE = 0x20;

/** What an extension header says about the entry behind it. */
interface Extensions {
  readonly pax: ReadonlyMap<string, string> | undefined;
  readonly longName: string | undefined;
}

/** What the bytes are that come next. */
type Part =
  | { readonly is: 'header' }
  | { readonly is: 'extension'; readonly letter: string }
  | { readonly is: 'content'; readonly entry: TarEntry };

const HEADER: Part = { is: 'header' };
const NO_EXTENSIONS: Extensions = { pax: undefined, longName: undefined };

/** Takes an archive in chunks of any size. Every method throws RegistryError MANIFEST_INVALID when there is something wrong. */
export class TarReader {
  readonly #visitor: TarVisitor;
  readonly #header = Buffer.alloc(BLOCK);
  #part: Part = HEADER;
  /** Where the bytes of this part go; undefined when nobody wants them. */
  #target: Buffer | undefined = this.#header;
  #missing = BLOCK;
  #filled = 0;
  #padding = 0;
  #extensions = NO_EXTENSIONS;
  /** Blocks of zeros so far; two end the archive. */
  #zeroBlocks = 0;

  constructor(visitor: TarVisitor) {
    this.#visitor = visitor;
  }

  write(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#zeroBlocks === 2) {
        requireZeros(chunk, at);
        return;
      }
      if (this.#missing > 0) {
        const taken = Math.min(this.#missing, chunk.length - at);
        this.#target?.set(chunk.subarray(at, at + taken), this.#filled);
        this.#filled += taken;
        this.#missing -= taken;
        at += taken;
        if (this.#missing === 0) this.#finishPart();
      } else {
        const skipped = Math.min(this.#padding, chunk.length - at);
        this.#padding -= skipped;
        at += skipped;
        if (this.#padding === 0) this.#expectHeader();
      }
    }
  }

  /** To be called once, behind the last chunk. */
  end(): void {
    const isBetweenEntries = this.#part === HEADER && this.#filled === 0 && this.#extensions === NO_EXTENSIONS;
    if (!isBetweenEntries && this.#zeroBlocks < 2)
      throw invalidArchive(`is a truncated tar archive: ${PACKING_ADVICE}`);
  }

  #expectHeader(): void {
    this.#expect(HEADER, BLOCK, this.#header);
  }

  #expect(part: Part, bytes: number, target: Buffer | undefined): void {
    this.#part = part;
    this.#target = target;
    this.#missing = bytes;
    this.#filled = 0;
    this.#padding = (BLOCK - (bytes % BLOCK)) % BLOCK;
    if (bytes === 0) this.#finishPart();
  }

  #finishPart(): void {
    const part = this.#part;
    const bytes = this.#target;
    if (part.is === 'header') {
      this.#readHeader();
      return;
    }
    if (bytes !== undefined && part.is === 'extension')
      this.#extensions = extended(this.#extensions, part.letter, bytes);
    if (bytes !== undefined && part.is === 'content') this.#visitor.content(part.entry, bytes);
    if (this.#padding === 0) this.#expectHeader();
  }

  #readHeader(): void {
    const block = this.#header;
    if (block.equals(ZEROS)) {
      if (this.#extensions !== NO_EXTENSIONS) throw ambiguous('ends behind an extension header');
      this.#zeroBlocks += 1;
      this.#expectHeader();
      return;
    }
    if (this.#zeroBlocks > 0) throw notTar();
    requireChecksum(block);
    const letter = String.fromCharCode(block[156] ?? 0);
    if (letter === 'x' || letter === 'g' || letter === 'L' || letter === 'K') {
      const bytes = numberAt(block, 124, 12);
      if (bytes > MAXIMUM_EXTENSION_BYTES) throw ambiguous(`has an extension header of ${bytes} bytes`);
      this.#expect({ is: 'extension', letter }, bytes, Buffer.alloc(bytes));
      return;
    }
    const entry = entryOf(block, letter, this.#extensions);
    this.#extensions = NO_EXTENSIONS;
    const isWanted = this.#visitor.enter(entry);
    this.#expect({ is: 'content', entry }, entry.size, isWanted ? Buffer.alloc(entry.size) : undefined);
  }
}

/** Readers disagree about which of two says more, and about what is forgotten at a header for the whole archive. So there is one. */
function extended(extensions: Extensions, letter: string, bytes: Buffer): Extensions {
  switch (letter) {
    case 'x':
      if (extensions.pax !== undefined) throw ambiguous('has two PAX headers for one entry');
      return { ...extensions, pax: parsePaxRecords(bytes) };
    case 'L':
      if (extensions.longName !== undefined) throw ambiguous('has two long names for one entry');
      return { ...extensions, longName: textOf(bytes) };
    case 'g':
      requireHarmlessForAll(parsePaxRecords(bytes));
      if (extensions !== NO_EXTENSIONS) throw ambiguous('has a PAX header for all entries before one for one');
      return extensions;
    default:
      // The long name of the target of a link; where a file follows it says nothing.
      return extensions;
  }
}

/** Go ignores these headers, other readers give what they say to every entry. `git archive` writes one with a comment. */
function requireHarmlessForAll(records: ReadonlyMap<string, string>): void {
  for (const key of records.keys()) {
    if (key === 'path' || key === 'size' || key === 'linkpath' || key.startsWith('GNU.')) {
      throw ambiguous(`has a PAX header that sets ${quotedName(key)} for all entries`);
    }
  }
}

function entryOf(block: Buffer, letter: string, { pax, longName }: Extensions): TarEntry {
  const paxName = pax?.get('path') || undefined;
  if (paxName !== undefined && longName) throw ambiguous(`has two names for one entry, ${quotedName(paxName)} in PAX`);
  const name = paxName ?? (longName || nameIn(block));
  if ([...(pax?.keys() ?? [])].some((key) => key.startsWith('GNU.sparse.'))) {
    throw invalidArchive(`has ${quotedName(name)}, which is stored as a sparse file: ${PACKING_ADVICE}`);
  }
  const size = sizeOf(pax?.get('size') || undefined) ?? numberAt(block, 124, 12);
  const mode = numberAt(block, 100, 8);
  const kind = kindOf(letter, name);
  if (kind === 'folder' && size > 0) throw ambiguous(`has the folder ${quotedName(name)} with content`);
  return { name, kind, mode, size };
}

/** The rules of POSIX ustar, and those of GNU tar, where the prefix is something else. */
function nameIn(block: Buffer): string {
  const name = textOf(block.subarray(0, 100));
  const magic = block.toString('latin1', 257, 265);
  if (magic === 'ustar  \0') {
    // Go takes these times for a prefix when they are no numbers.
    for (const at of [345, 357]) if (block[at] !== 0) numberAt(block, at, 12);
    return name;
  }
  if (!magic.startsWith('ustar\0') || block.toString('latin1', 508) === 'tar\0') throw notTar();
  const prefix = textOf(block.subarray(345, 500));
  return prefix === '' ? name : `${prefix}/${name}`;
}

function kindOf(letter: string, name: string): TarEntryKind {
  switch (letter) {
    case '0':
      if (name.endsWith('/')) throw ambiguous(`has the file ${quotedName(name)}, whose name is that of a folder`);
      return 'file';
    case '\0':
      return name.endsWith('/') ? 'folder' : 'file';
    case '1':
      return 'hard link';
    case '2':
      return 'symbolic link';
    case '3':
    case '4':
      return 'device';
    case '5':
      return 'folder';
    case '6':
      return 'named pipe';
    default:
      return 'unknown';
  }
}

function sizeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[0-9]{1,15}$/.test(text)) throw notTar();
  return Number(text);
}

/** Octal digits, or for numbers that need more digits their bytes behind one that is 0x80 (GNU). Negative ones are refused. */
function numberAt(block: Buffer, at: number, length: number): number {
  const first = block.readUInt8(at);
  if (first >= 0x80) {
    const value = block.subarray(at + 1, at + length).reduce((total, byte) => total * 256 + byte, 0);
    if (first !== 0x80 || !Number.isSafeInteger(value)) throw notTar();
    return value;
  }
  const digits = /^ *([0-7]*)[ \0]*$/.exec(block.toString('latin1', at, at + length))?.[1];
  if (digits === undefined) throw notTar();
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

function requireChecksum(block: Buffer): void {
  let sum = 8 * SPACE;
  for (let at = 0; at < BLOCK; at += 1) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  if (numberAt(block, 148, 8) !== sum) throw notTar();
}

function requireZeros(chunk: Uint8Array, from: number): void {
  for (let at = from; at < chunk.length; at += 1) if (chunk[at] !== 0) throw notTar();
}

/** Up to the first NUL. */
function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
}

function ambiguous(why: string): Error {
  return invalidArchive(`${why}, which not every program reads in the same way: ${PACKING_ADVICE}`);
}

function notTar(): Error {
  return invalidArchive(`is not a tar archive in its gzip stream, or is a damaged one: ${PACKING_ADVICE}`);
}
