// Reads stored bytes for whoever checks them: what stands at a path just now, and whether it can be read.
import type { BigIntStats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { UnreadableBytes } from '../../ports/blob-store.ts';
import { isMissing, isUnreadable } from '../../ports/file-errors.ts';

/** Bytes read at once by a check, which runs beside everything else. */
const CHECK_READ_SIZE = 128 * 1024;

/** Neither a rename nor a link changes the mark, and a file that takes the place of another one has another one. */
export async function markedAt(path: string): Promise<{ readonly size: number; readonly mark: string } | undefined> {
  try {
    const { dev, ino, size, mtimeNs }: BigIntStats = await stat(path, { bigint: true });
    return { size: Number(size), mark: [dev, ino, size, mtimeNs].join(' ') };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw readError(error);
  }
}

export async function* readForCheck(path: string): AsyncIterable<Uint8Array> {
  try {
    const file = await open(path, 'r');
    yield* file.createReadStream({ highWaterMark: CHECK_READ_SIZE });
  } catch (cause) {
    if (isMissing(cause)) throw new UnreadableBytes('the stored bytes have gone meanwhile', { cause });
    throw readError(cause);
  }
}

function readError(cause: unknown): unknown {
  return isUnreadable(cause) ? new UnreadableBytes('the stored bytes cannot be read', { cause }) : cause;
}
