// Blobs that are too large to be had in one piece: how fast they come and go.
import { createHash, randomBytes } from 'node:crypto';
import { eachOnWires, expectStatus, type Session } from './contender.ts';
import { pushBlob } from './pushes.ts';

/** bytes, written again and again */
const PIECE = Buffer.alloc(1024 * 1024, 'not all that is large is of interest ');
const MEGABYTE = 1_000_000;

export interface LargeBlob {
  readonly digest: string;
  /** bytes */
  readonly size: number;
  readonly pieces: readonly Buffer[];
}

/** One that no registry has seen. @param size mebibytes */
export function makeLargeBlob(size: number): LargeBlob {
  const pieces = [randomBytes(PIECE.length), ...Array<Buffer>(size - 1).fill(PIECE)];
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return { digest: `sha256:${hash.digest('hex')}`, size: size * PIECE.length, pieces };
}

/** @returns MB per second */
export async function pushLargeBlob(session: Session, blob: LargeBlob): Promise<number> {
  return await transfer(
    session,
    blob,
    { connections: 1, times: 1 },
    async (wire) => await pushBlob(wire, session, blob.pieces, blob),
  );
}

/**
 * @param connections on each of which it is fetched, all at the same time
 * @param times one after the other, on each of them: one takes a fraction of a second, in which anything may come between
 * @returns MB per second
 */
export async function fetchLargeBlob(
  session: Session,
  blob: LargeBlob,
  connections: number,
  times = 1,
): Promise<number> {
  const path = `/v2/${session.repository}/blobs/${blob.digest}`;
  return await transfer(session, blob, { connections, times }, async (wire) => {
    const head = `GET ${path} HTTP/1.1\r\n${session.headers}\r\n`;
    const { bodyLength } = await expectStatus(200, wire, head);
    if (bodyLength !== blob.size) throw new Error(`${path}: ${bodyLength} bytes instead of ${blob.size}`);
  });
}

async function transfer(
  { contender }: Session,
  { size }: LargeBlob,
  { connections, times }: { readonly connections: number; readonly times: number },
  work: Parameters<typeof eachOnWires>[3],
): Promise<number> {
  const began = performance.now();
  const transfers = connections * times;
  await eachOnWires(contender.url, connections, Array<undefined>(transfers).fill(undefined), work);
  return (transfers * size) / MEGABYTE / ((performance.now() - began) / 1_000);
}
