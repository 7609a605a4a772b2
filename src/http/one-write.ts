// Sends small answers with one write to the socket, and those of one turn of the event loop one right after the other.
import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Copying so much costs less than a second piece of the write: bytes. */
const COPIED = 16 * 1024;

/** Answers that are written together, so that the first does not wait for a long row of others. */
const MAXIMUM_WAITING = 16;

type Ended = () => void;

/**
 * Node puts head and body together when the body is text, and else hands the system two pieces, which costs more than all else of
 * a small answer. As Latin-1 any bytes are text: each is one character, and goes out as the same byte.
 *
 * A write that wakes who waits for it costs as much again. So answers wait for the end of the turn, in which those before them
 * are made: a client, or a proxy, with many connections here is awake when the second one comes.
 */
export class OneWriteResponse extends ServerResponse {
  override end(ended?: Ended): this;
  override end(chunk: unknown, ended?: Ended): this;
  override end(chunk: unknown, encoding: BufferEncoding, ended?: Ended): this;
  override end(...given: readonly unknown[]): this {
    const [chunk, encoding, ended] = given;
    const isSmall = Buffer.isBuffer(chunk) && chunk.length <= COPIED;
    const written = isSmall
      ? [chunk.toString('latin1'), 'latin1', typeof encoding === 'function' ? encoding : ended]
      : given;
    const end = () => super.end(...(written as [unknown, BufferEncoding, Ended]));
    return this.socket ? writeLater(this.socket, end) : end();
  }
}

/** One of them may be there twice. */
let waiting: Socket[] = [];

/** Keeps what `write` writes, until the end of the turn. */
function writeLater<Result>(socket: Socket, write: () => Result): Result {
  socket.cork();
  // Node uncorks the socket at the end of every answer, however often it was corked.
  socket.uncork = () => undefined;
  try {
    return write();
  } finally {
    Reflect.deleteProperty(socket, 'uncork');
    if (waiting.length === 0) setImmediate(writeWaiting);
    waiting.push(socket);
    if (waiting.length >= MAXIMUM_WAITING) writeWaiting();
  }
}

/** Now: what is done next may close connections whose answers are made. */
export function writeWaiting(): void {
  const sockets = waiting;
  waiting = [];
  for (const socket of sockets) {
    while (socket.writableCorked > 0) socket.uncork();
  }
}
