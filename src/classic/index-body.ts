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

/** bytes of texts, compressed or not, that are sent together: each piece has its price, and a slow reader holds two of them */
const CHUNK_LENGTH = 256 * 1024;
/** bytes: what a slow reader holds anyway; some 10,000 versions */
const SHARED_LENGTH = 2 * CHUNK_LENGTH;

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
  const gzipLength = GZIP_HEADER.length + lengthOf(texts, (text) => text.deflatedLength) + GZIP_TRAILER_LENGTH;
  const zstdLength = ZSTD_HEADER_LENGTH + lengthOf(texts, (text) => text.zstdLength) + ZSTD_END.length;
  let trailer: Buffer | undefined;
  const gzip = (): Iterable<Buffer> => {
    trailer ??= gzipTrailer(crcOf(texts), length);
    return joined(texts, (text) => text.deflated, GZIP_HEADER, trailer);
  };
  const zstd = (): Iterable<Buffer> => joined(texts, (text) => text.zstd, zstdHeader(length), ZSTD_END);
  return {
    identity: { etag: tag, length, chunks: () => unpacked(texts) },
    gzip: { etag: `${tag}-gzip`, length: gzipLength, chunks: shared(gzip, gzipLength) },
    zstd: { etag: `${tag}-zstd`, length: zstdLength, chunks: shared(zstd, zstdLength) },
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

/**
 * The same bytes for all who read them at a time, and for those after them until their memory is needed. A longer index is joined
 * for each reader as it reads: slow ones, each of another state of it, must not hold all of each.
 */
function shared(join: () => Iterable<Buffer>, length: number): () => Iterable<Buffer> {
  if (length > SHARED_LENGTH) return join;
  let kept: WeakRef<readonly Buffer[]> | undefined;
  return () => {
    const known = kept?.deref();
    if (known) return known;
    const chunks = [...join()];
    kept = new WeakRef(chunks);
    return chunks;
  };
}

function* unpacked(texts: IndexTexts): Iterable<Buffer> {
  let together: PackedText[] = [];
  let length = 0;
  for (const text of inOrder(texts)) {
    together.push(text);
    length += text.length;
    if (length < CHUNK_LENGTH) continue;
    yield unpack(together);
    together = [];
    length = 0;
  }
  if (together.length > 0) yield unpack(together);
}

function* joined(
  texts: IndexTexts,
  bytesOf: (text: PackedText) => Buffer,
  header: Buffer,
  trailer: Buffer,
): Iterable<Buffer> {
  let together = [header];
  let length = 0;
  for (const text of inOrder(texts)) {
    const bytes = bytesOf(text);
    together.push(bytes);
    length += bytes.length;
    if (length < CHUNK_LENGTH) continue;
    yield Buffer.concat(together);
    together = [];
    length = 0;
  }
  yield Buffer.concat([...together, trailer]);
}

function* inOrder({ opening, groups, between, closing }: IndexTexts): Iterable<PackedText> {
  yield opening;
  for (const [index, text] of groups.entries()) {
    if (index > 0) yield between;
    yield text;
  }
  yield closing;
}
