// Sends small answers with one write to the socket.
import { ServerResponse } from 'node:http';

/** Copying so much costs less than a second piece of the write: bytes. */
const COPIED = 16 * 1024;

type Ended = () => void;

/**
 * Node puts head and body together when the body is text, and else hands the system two pieces, which costs more than all else of
 * a small answer. As Latin-1 any bytes are text: each is one character, and goes out as the same byte.
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
    return super.end(...(written as [unknown, BufferEncoding, Ended]));
  }
}
