// An index in the three codings in which it is sent, put together from texts that are compressed already.
import { createHash } from 'node:crypto';
import { combineCrcs } from './crc32-combination.ts';
import { GZIP_HEADER, GZIP_TRAILER_LENGTH, gzipTrailer } from './gzip-member.ts';
import { DIGEST_LENGTH, type PackedText, unpack } from './packed-text.ts';
import { ZSTD_END, ZSTD_HEADER_LENGTH, zstdHeader } from './zstd-frame.ts';

type IndexCoding = 'identity' | 'gzip' | 'zstd';

export interface IndexBody {
  /** A strong entity tag without its quotes (RFC 9110, section 8.8.3): another one for each coding. */
  readonly etag: string;
  /** bytes */
  readonly length: number;
  /** The bytes, as often as they are asked for; they stay the same when the index changes meanwhile. */
  chunks(): Iterable<Buffer>;
}

export type IndexBodies = Readonly<Record<IndexCoding, IndexBody>>;

/** bytes of compressed texts that are sent together, and of texts that are unpacked together */
const CHUNK_LENGTH = 64 * 1024;
const TEXT_LENGTH = 256 * 1024;

/** What an index is joined from; each text's zstd blocks fit behind those before it. */
interface IndexTexts {
  readonly opening: PackedText;
  readonly groups: readonly PackedText[];
  /** stands between any two groups */
  readonly between: PackedText;
  readonly closing: PackedText;
}

export function bodiesOf(texts: IndexTexts): IndexBodies {
  const tag = tagOf(texts);
  const length = lengthOf(texts, (text) => text.length);
  let trailer: Buffer | undefined;
  return {
    identity: {
      etag: tag,
      length,
      chunks: () => unpacked(texts),
    },
    gzip: {
      etag: `${tag}-gzip`,
      length: GZIP_HEADER.length + lengthOf(texts, (text) => text.deflatedLength) + GZIP_TRAILER_LENGTH,
      chunks: () => {
        trailer ??= gzipTrailer(crcOf(texts), length);
        return joined(texts, (text) => text.deflated, GZIP_HEADER, trailer);
      },
    },
    zstd: {
      etag: `${tag}-zstd`,
      length: ZSTD_HEADER_LENGTH + lengthOf(texts, (text) => text.zstdLength) + ZSTD_END.length,
      chunks: () => joined(texts, (text) => text.zstd, zstdHeader(length), ZSTD_END),
    },
  };
}

/** What stands between the groups goes with the opening, which says what kind of index it is. */
function tagOf({ opening, groups, closing }: IndexTexts): string {
  const digests = Buffer.allocUnsafe((groups.length + 2) * DIGEST_LENGTH);
  for (const [index, text] of [opening, ...groups, closing].entries()) {
    digests.set(text.digest, index * DIGEST_LENGTH);
  }
  return createHash('sha256').update(digests).digest('base64url');
}

function lengthOf({ opening, groups, between, closing }: IndexTexts, measure: (text: PackedText) => number): number {
  const betweens = Math.max(0, groups.length - 1) * measure(between);
  return groups.reduce((sum, text) => sum + measure(text), measure(opening) + betweens + measure(closing));
}

function crcOf(texts: IndexTexts): number {
  let crc = 0;
  for (const text of inOrder(texts)) crc = combineCrcs(crc, text.crc, text.crcShift);
  return crc;
}

function* unpacked(texts: IndexTexts): Iterable<Buffer> {
  for (const together of chunked(texts, TEXT_LENGTH, (text) => text.length)) yield unpack(together);
}

function* joined(
  texts: IndexTexts,
  bytesOf: (text: PackedText) => Buffer,
  header: Buffer,
  trailer: Buffer,
): Iterable<Buffer> {
  yield header;
  for (const together of chunked(texts, CHUNK_LENGTH, (text) => bytesOf(text).length)) {
    yield Buffer.concat(together.map(bytesOf));
  }
  yield trailer;
}

/** The texts in order, as many together as make up that length. */
function* chunked(
  texts: IndexTexts,
  length: number,
  measure: (text: PackedText) => number,
): Iterable<readonly PackedText[]> {
  let together: PackedText[] = [];
  let sum = 0;
  for (const text of inOrder(texts)) {
    together.push(text);
    sum += measure(text);
    if (sum < length) continue;
    yield together;
    together = [];
    sum = 0;
  }
  if (together.length > 0) yield together;
}

function* inOrder({ opening, groups, between, closing }: IndexTexts): Iterable<PackedText> {
  yield opening;
  for (const [index, text] of groups.entries()) {
    if (index > 0) yield between;
    yield text;
  }
  yield closing;
}
