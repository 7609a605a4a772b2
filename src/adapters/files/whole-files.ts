// Files that are there whole or not at all, also after a power cut: written, measured, put in the place of another.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './folders.ts';

/** Bytes read at once. */
const READ_SIZE = 1024 * 1024;

interface Measured {
  readonly bytes: number;
  /** hex digits */
  readonly sha256: string;
}

type Chunks = AsyncIterable<string | Buffer> | readonly string[];

/** Reads a file through. */
export async function measureFile(path: string): Promise<Measured> {
  return await measure(createReadStream(path, { highWaterMark: READ_SIZE }), async () => undefined);
}

/**
 * Writes a file of its own, for its owner alone, and makes its bytes durable; its name is so after `syncFolder`.
 * @returns what was written; when that fails, nothing of it stays
 */
export async function writeDurably(path: string, chunks: Chunks): Promise<Measured> {
  const file = await open(path, 'w', 0o600);
  try {
    const written = await measure(chunks, (chunk) => file.writeFile(chunk));
    await file.sync();
    return written;
  } catch (error) {
    // What failed first is to be told.
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
}

/** Puts a file, whose bytes are durable, in the place of the one at `path` in the same folder, durably and at once. */
export async function putInPlace(aside: string, path: string): Promise<void> {
  await rename(aside, path);
  await syncFolder(dirname(path));
}

async function measure(chunks: Chunks, pass: (chunk: Buffer) => Promise<void>): Promise<Measured> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    const piece = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    hash.update(piece);
    bytes += piece.length;
    await pass(piece);
  }
  return { bytes, sha256: hash.digest('hex') };
}
