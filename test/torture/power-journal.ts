// Reads the journal that power-layer.c writes: what a program did to a folder, in order.

export type FolderStep =
  | {
      readonly kind: 'open';
      readonly inode: bigint;
      readonly path: string;
      readonly mode: number;
      readonly isCut: boolean;
    }
  | { readonly kind: 'write'; readonly inode: bigint; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly inode: bigint; readonly length: number }
  | { readonly kind: 'sync-file'; readonly inode: bigint; readonly path: string }
  | { readonly kind: 'sync-folder'; readonly path: string }
  | { readonly kind: 'rename' | 'link'; readonly from: string; readonly to: string }
  | { readonly kind: 'unlink' | 'mkdir'; readonly path: string };

const MAGIC = 0x4c52574f;
/** `struct header`, little-endian, padded to eight bytes. */
const HEADER_BYTES = 40;

/** A record that a kill has broken off at the end was never acknowledged by the layer, and is left out. */
export function* readJournal(bytes: Buffer): Generator<FolderStep> {
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    if (bytes.readUInt32LE(at) !== MAGIC) throw new Error(`no record of the journal begins at ${at}`);
    const operation = bytes.readUInt32LE(at + 4);
    const inode = bytes.readBigUInt64LE(at + 8);
    const offset = Number(bytes.readBigUInt64LE(at + 16));
    const length = Number(bytes.readBigUInt64LE(at + 24));
    const firstEnd = at + HEADER_BYTES + bytes.readUInt32LE(at + 32);
    const secondEnd = firstEnd + bytes.readUInt32LE(at + 36);
    if (secondEnd + length > bytes.length) return;
    const first = bytes.toString('utf8', at + HEADER_BYTES, firstEnd);
    const second = bytes.toString('utf8', firstEnd, secondEnd);
    const data = bytes.subarray(secondEnd, secondEnd + length);
    yield stepOf(operation, { inode, offset, first, second, data });
    at = secondEnd + length;
  }
}

interface Fields {
  readonly inode: bigint;
  readonly offset: number;
  readonly first: string;
  readonly second: string;
  readonly data: Buffer;
}

function stepOf(operation: number, { inode, offset, first, second, data }: Fields): FolderStep {
  switch (operation) {
    case 1:
      return { kind: 'open', inode, path: first, mode: offset, isCut: second === 't' };
    case 2:
      return { kind: 'write', inode, offset, data };
    case 3:
      return { kind: 'truncate', inode, length: offset };
    case 4:
      return { kind: 'sync-file', inode, path: first };
    case 5:
      return { kind: 'sync-folder', path: first };
    case 6:
      return { kind: 'rename', from: first, to: second };
    case 7:
      return { kind: 'unlink', path: first };
    case 8:
      return { kind: 'mkdir', path: first };
    case 9:
      return { kind: 'link', from: first, to: second };
    default:
      throw new Error(`the journal has an operation ${operation}, which nobody knows`);
  }
}
