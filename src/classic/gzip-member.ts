// One gzip member put together from parts that were compressed each by itself (RFC 1951, RFC 1952).
import { constants, deflateRawSync } from 'node:zlib';

// It must be one member: some clients, browsers among them, stop behind the first.

/** No name, no time, operating system unknown. (RFC 1952, section 2.3) */
export const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** An empty last block of fixed codes. (RFC 1951, section 3.2.6) */
const LAST_BLOCK = Buffer.from([0x03, 0x00]);

export const GZIP_TRAILER_LENGTH = LAST_BLOCK.length + 8;

/** Deflate blocks that end on a byte, refer to nothing before them, and are not the last ones: more can stand before and behind. */
export function deflateBlocks(text: Uint8Array): Buffer {
  return deflateRawSync(text, { finishFlush: constants.Z_FULL_FLUSH });
}

/** @param length of the whole text: bytes */
export function gzipTrailer(crc: number, length: number): Buffer {
  const sums = Buffer.alloc(8);
  sums.writeUInt32LE(crc, 0);
  sums.writeUInt32LE(length % 2 ** 32, 4);
  return Buffer.concat([LAST_BLOCK, sums]);
}
