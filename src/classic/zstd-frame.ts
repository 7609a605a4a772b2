// One Zstandard frame put together from parts that were compressed each by itself (RFC 8878).
import { constants, zstdCompressSync } from 'node:zlib';

// It must be one frame: some clients, Node among them, stop behind the first without a word.
//
// What the blocks of one frame share is the window, the entropy tables and the last three offsets (section 3.1.1). The first
// blocks of a frame of its own refer to no text and to no table before them, but they may mean the offsets that every frame
// begins with: 1, 4 and 8. So they can stand anywhere in another frame where these are the last three offsets: in the
// beginning, behind raw blocks (which have none), and behind `RESTORE_OFFSETS`.

/** 1 MiB; browsers take at most 8 (RFC 9659) */
const WINDOW_LOG = 20;
/** The least that the window may be, without the fraction. (section 3.1.1.1.2) */
const WINDOW_DESCRIPTOR = (WINDOW_LOG - 10) << 3;
const MAGIC_NUMBER = 0xfd2fb528;
/** The content's size stands in 8 bytes, the window's behind it; no checksum, no dictionary. (section 3.1.1.1.1) */
const FRAME_DESCRIPTOR = 0b11_0_0_0_0_00;
const SIZE_BYTES = [0, 2, 4, 8] as const;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;

const LAST = 1;
const BLOCK_HEADER_LENGTH = 3;
type BlockType = 'raw' | 'repeated' | 'compressed';
const BLOCK_TYPES: readonly BlockType[] = ['raw', 'repeated', 'compressed'];

export const ZSTD_HEADER_LENGTH = 14;
/** An empty raw block. */
export const ZSTD_END = block('raw', Buffer.alloc(0), LAST);

/** What `RESTORE_OFFSETS` says: blanks. */
export const BLANKS = ' '.repeat(33);

/**
 * A block that leaves 1, 4 and 8 as the last three offsets, since its sequences copy from 8, 4 and 1 bytes back:
 * eight literal blanks and a copy of three, three times. (section 3.1.1.3)
 */
export const RESTORE_OFFSETS = block(
  'compressed',
  Buffer.from([
    // Literals: 24 times the same byte, a blank.
    (24 << 3) | 1,
    0x20,
    // Three sequences. Lengths of literals and copies have one code each, 8 and 0 (a copy of 3); offsets the predefined codes.
    3,
    0b01_00_01_00,
    8,
    0,
    // Read from the end, bit by bit: a 1 that ends it, the state for offset code 3, 8 + 3 less 8 (three bits), the state for
    // code 2, 4 + 3 less 4 (two bits), the state for code 2, 1 + 3 less 4 (two bits). The states are those of appendix A.
    ...bitsFromEnd('1', '00101', '011', '01110', '11', '01110', '00'),
  ]),
);

/** @param length of the whole text: bytes */
export function zstdHeader(length: number): Buffer {
  const header = Buffer.alloc(ZSTD_HEADER_LENGTH);
  header.writeUInt32LE(MAGIC_NUMBER, 0);
  header[4] = FRAME_DESCRIPTOR;
  header[5] = WINDOW_DESCRIPTOR;
  header.writeBigUInt64LE(BigInt(length), 6);
  return header;
}

/** A block that is not compressed. @param text at most 128 KiB */
export function rawZstdBlock(text: Uint8Array): Buffer {
  return block('raw', text);
}

/** Compressed blocks, none of them the last, for where 1, 4 and 8 are the last three offsets. */
export function zstdBlocks(text: Uint8Array): Buffer {
  const frame = zstdCompressSync(text, { params: { [constants.ZSTD_c_windowLog]: WINDOW_LOG } });
  const start = headerLengthOf(frame);
  let position = start;
  for (let isLast = false; !isLast; ) {
    const header = frame.readUIntLE(position, BLOCK_HEADER_LENGTH);
    const type = BLOCK_TYPES[(header >> 1) & 3];
    isLast = (header & LAST) === LAST;
    frame.writeUIntLE(header & ~LAST, position, BLOCK_HEADER_LENGTH);
    // What is repeated stands there once.
    position += BLOCK_HEADER_LENGTH + (type === 'repeated' ? 1 : header >> 3);
  }
  return frame.subarray(start, position);
}

/** (section 3.1.1.1) */
function headerLengthOf(frame: Buffer): number {
  const descriptor = frame[4] ?? 0;
  const isSingleSegment = (descriptor & 0b00_1_0_0_0_00) !== 0;
  const sizeFlag = descriptor >> 6;
  // Without a window, a size of one byte is what the flag 0 stands for.
  const sizeBytes = sizeFlag === 0 && isSingleSegment ? 1 : (SIZE_BYTES[sizeFlag] ?? 0);
  return 5 + (isSingleSegment ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 0b11] ?? 0) + sizeBytes;
}

/** (section 3.1.1.2) */
function block(type: BlockType, content: Uint8Array, last: typeof LAST | 0 = 0): Buffer {
  const header = Buffer.alloc(BLOCK_HEADER_LENGTH);
  header.writeUIntLE((content.length << 3) | (BLOCK_TYPES.indexOf(type) << 1) | last, 0, BLOCK_HEADER_LENGTH);
  return Buffer.concat([header, content]);
}

/** @param fields in the order in which they are read, each a binary number with its leading zeros */
function bitsFromEnd(...fields: readonly string[]): readonly number[] {
  let rest = Number.parseInt(fields.join(''), 2);
  const bytes: number[] = [];
  for (; rest > 0; rest >>>= 8) bytes.push(rest & 0xff);
  return bytes;
}
