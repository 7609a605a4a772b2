// A client that costs next to nothing: requests as they go over the wire, one after the other on a connection that stays open.
import { connect, type Socket } from 'node:net';

/** Read into again and again, so that a large download makes no garbage. */
const READ_SIZE = 1024 * 1024;

export interface WireAnswer {
  readonly status: number;
  /** The status line and the headers. */
  readonly head: string;
  /** bytes */
  readonly bodyLength: number;
}

interface Asked {
  readonly hasNoBody: boolean;
  resolve(answer: WireAnswer): void;
  reject(error: unknown): void;
}

/** One request at a time. */
export class Wire {
  readonly #socket: Socket;
  #asked: Asked | undefined;
  #begun = '';
  #answer: WireAnswer | undefined;
  /** Of the body of `#answer`: bytes that have not come yet. */
  #left = 0;

  private constructor(url: URL) {
    const callback = (count: number, buffer: Uint8Array): boolean => {
      this.#take(Buffer.from(buffer.buffer, buffer.byteOffset, count));
      return true;
    };
    const onread = { buffer: Buffer.allocUnsafe(READ_SIZE), callback };
    this.#socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true, onread });
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')));
    this.#socket.on('error', (error) => this.#fail(error));
  }

  static async open(url: URL): Promise<Wire> {
    const wire = new Wire(url);
    await new Promise<void>((resolve, reject) => {
      wire.#socket.once('connect', resolve);
      wire.#socket.once('error', reject);
    });
    return wire;
  }

  /** @param head all of it, with the empty line */
  async ask(head: string, body: Buffer | readonly Buffer[] = []): Promise<WireAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<WireAnswer>();
    this.#asked = { hasNoBody: head.startsWith('HEAD '), resolve, reject };
    const chunks = Array.isArray(body) ? body : [body];
    this.#socket.cork();
    this.#socket.write(head, 'latin1');
    for (const [index, chunk] of chunks.entries()) {
      const isTaken = this.#socket.write(chunk);
      if (index === 0) this.#socket.uncork();
      // Another listener of `drain` for each chunk would be one too many when the server has answered and gone.
      if (!isTaken && index < chunks.length - 1) await this.#drained();
    }
    if (chunks.length === 0) this.#socket.uncork();
    return await promise;
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  async #drained(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.once('drain', resolve));
  }

  #fail(error: unknown): void {
    this.#asked?.reject(error);
    this.#asked = undefined;
  }

  #take(chunk: Buffer): void {
    if (this.#answer) this.#left -= chunk.length;
    else this.#begin(chunk);
    if (!this.#answer || this.#left > 0) return;
    const [answer, asked] = [this.#answer, this.#asked];
    this.#answer = undefined;
    this.#asked = undefined;
    asked?.resolve(answer);
  }

  /** Heads are small, and come whole but for once in a while. */
  #begin(chunk: Buffer): void {
    const text = this.#begun + chunk.toString('latin1', 0, Math.min(chunk.length, 16_384));
    const end = text.indexOf('\r\n\r\n');
    if (end === -1) {
      this.#begun = text;
      return;
    }
    const head = text.slice(0, end + 2);
    const status = Number(head.slice(9, 12));
    const hasNoBody = this.#asked?.hasNoBody === true || status === 204 || status === 304;
    const bodyLength = hasNoBody ? 0 : Number(headerOf(head, 'content-length') ?? Number.NaN);
    if (Number.isNaN(bodyLength)) throw new Error(`the answer does not say how long it is: ${head}`);
    this.#answer = { status, head, bodyLength };
    this.#left = bodyLength - (this.#begun.length + chunk.length - end - 4);
    this.#begun = '';
  }
}

/** @param name in lower case */
export function headerOf(head: string, name: string): string | undefined {
  const at = head.toLowerCase().indexOf(`\r\n${name}:`);
  if (at === -1) return undefined;
  const from = at + name.length + 3;
  return head.slice(from, head.indexOf('\r\n', from)).trim();
}
