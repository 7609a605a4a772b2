// A piece of a text, compressed once, that takes its place in longer texts without being compressed again.
import { createHash } from 'node:crypto';
import { crc32, zstdDecompressSync } from 'node:zlib';
import { crcShiftOf } from './crc32-combination.ts';
import { deflateBlocks } from './gzip-member.ts';
import { ZSTD_END, zstdBlocks, zstdHeader } from './zstd-frame.ts';

export const DIGEST_LENGTH = 32;

/** The text itself is not kept: to unpack it costs little beside sending it, and it is ten times as large. */
export class PackedText {
  /** bytes of the text */
  readonly length: number;
  readonly crc: number;
  /** `crcShiftOf` the length */
  readonly crcShift: number;
  readonly deflatedLength: number;
  readonly zstdLength: number;
  /** Digest, deflate blocks and zstd blocks, in memory of just their size: there are many of these. */
  readonly #bytes: Buffer;

  /** @param zstd its blocks, where the usual ones do not fit */
  constructor(text: Buffer, zstd = zstdBlocks(text)) {
    const deflated = deflateBlocks(text);
    this.length = text.length;
    this.crc = crc32(text);
    this.crcShift = crcShiftOf(text.length);
    this.deflatedLength = deflated.length;
    this.zstdLength = zstd.length;
    this.#bytes = Buffer.allocUnsafeSlow(DIGEST_LENGTH + deflated.length + zstd.length);
    this.#bytes.set(createHash('sha256').update(text).digest());
    this.#bytes.set(deflated, DIGEST_LENGTH);
    this.#bytes.set(zstd, DIGEST_LENGTH + deflated.length);
  }

  /** SHA-256 of the text */
  get digest(): Buffer {
    return this.#bytes.subarray(0, DIGEST_LENGTH);
  }

  get deflated(): Buffer {
    return this.#bytes.subarray(DIGEST_LENGTH, DIGEST_LENGTH + this.deflatedLength);
  }

  get zstd(): Buffer {
    return this.#bytes.subarray(DIGEST_LENGTH + this.deflatedLength);
  }

  /** What is held in memory: bytes. */
  get heldBytes(): number {
    return this.#bytes.length;
  }
}

/** @param texts whose zstd blocks fit behind one another */
export function unpack(texts: readonly PackedText[]): Buffer {
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  const frame = Buffer.concat([zstdHeader(length), ...texts.map(({ zstd }) => zstd), ZSTD_END]);
  // Somewhat more than the text, so that zstd does not ask for a second buffer to find out that there is no more.
  return zstdDecompressSync(frame, { chunkSize: length + 64 });
}
