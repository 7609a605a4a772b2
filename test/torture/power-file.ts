// One file under the layer: what of it is on the disk for sure, and the writes that may or may not be.
import type { Random } from '../support/random.ts';

/** A disk writes a sector whole or not at all: bytes. */
const SECTOR = 512;

type Change =
  | { readonly kind: 'write'; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly length: number };

export class PowerFile {
  /** Permission bits. */
  readonly mode: number;
  #synced: Buffer;
  #pending: Change[] = [];

  constructor(mode: number, synced: Buffer = Buffer.alloc(0)) {
    this.mode = mode;
    this.#synced = synced;
  }

  change(change: Change): void {
    this.#pending.push(change);
  }

  sync(): void {
    this.#synced = applied(this.#synced, this.#pending);
    this.#pending = [];
  }

  /** As programs see it while the power is on. */
  contents(): Buffer {
    return applied(this.#synced, this.#pending);
  }

  /** After the power is cut: each write that was not synced is there, or not, or some of its sectors are. */
  contentsAfterCut(random: Random, share: number): Buffer {
    return applied(
      this.#synced,
      this.#pending.flatMap((change): readonly Change[] => {
        if (!random.chance(share)) return [];
        return change.kind === 'write' && random.chance(0.5) ? torn(change, random) : [change];
      }),
    );
  }
}

function torn({ offset, data }: Extract<Change, { kind: 'write' }>, random: Random): readonly Change[] {
  const parts: Change[] = [];
  for (let at = offset; at < offset + data.length; ) {
    const end = Math.min(offset + data.length, (Math.floor(at / SECTOR) + 1) * SECTOR);
    if (random.chance(0.5)) parts.push({ kind: 'write', offset: at, data: data.subarray(at - offset, end - offset) });
    at = end;
  }
  return parts;
}

function applied(contents: Buffer, changes: readonly Change[]): Buffer {
  if (changes.length === 0) return contents;
  let length = contents.length;
  const capacity = changes.reduce(
    (size, change) => Math.max(size, change.kind === 'write' ? change.offset + change.data.length : change.length),
    length,
  );
  const result = Buffer.alloc(capacity);
  contents.copy(result);
  for (const change of changes) {
    if (change.kind === 'write') {
      change.data.copy(result, change.offset);
      length = Math.max(length, change.offset + change.data.length);
    } else {
      // What is cut off is zero when the file grows over it again.
      result.fill(0, change.length, Math.max(length, change.length));
      length = change.length;
    }
  }
  return result.subarray(0, length);
}
