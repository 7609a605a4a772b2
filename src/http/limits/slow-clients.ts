// Cuts off clients that hardly send what they announced, or hardly read what they asked for, and with them what they hold.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { answerUnreadable } from '../unreadable-requests.ts';

interface Slowness {
  /** What of a body must come from one check to the next. */
  readonly minimumBodyBytes: number;
  /** In how many of these intervals a reader must take a piece of its answer, which has a MiB at the most. */
  readonly intervalsToRead: number;
}

/** A request and its answer, until both are over. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What had come on the connection when its body was waited for at the last check: bytes. */
  received: number | undefined;
  /** What had gone out when some of the answer was waiting at the last check: bytes. */
  sent: number | undefined;
  /** At how many checks nothing more had gone out. */
  unread: number;
  /** Where it stands among all that are under way. */
  place: number;
}

export class SlowClients {
  readonly #slowness: Slowness;
  /**
   * No Set: what V8 leaves behind when it makes room in one, with all that was in it, points to what it goes on with. Whatever was
   * under way at such a moment would be taken for alive until the next large collection: all its memory, and a tenth of all time.
   */
  readonly #exchanges: Exchange[] = [];

  constructor(slowness: Slowness) {
    this.#slowness = slowness;
  }

  watch(server: Server): void {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const place = this.#exchanges.length;
      const exchange = { request, response, received: undefined, sent: undefined, unread: 0, place };
      this.#exchanges.push(exchange);
      // The body of a request that was refused goes on coming, and is thrown away.
      const forget = (): void => {
        if (response.closed && (request.complete || request.destroyed)) this.#forget(exchange);
      };
      response.once('close', forget);
      request.once('close', forget);
    });
  }

  /** To be called at equal intervals. Who comes in between is looked at from its first check on. */
  check(): void {
    for (const exchange of [...this.#exchanges]) {
      const { request, response } = exchange;
      const { socket } = request;
      if (socket.destroyed) this.#forget(exchange);
      else if (this.#hardlySends(exchange)) {
        // The answers of requests before this one must not be mixed with it.
        if (response.headersSent || response.socket !== socket) socket.destroy();
        else answerUnreadable({ code: 'ERR_HTTP_REQUEST_TIMEOUT' }, socket);
      } else if (this.#hardlyReads(exchange)) socket.destroy();
    }
  }

  /** The last one takes its place. */
  #forget(exchange: Exchange): void {
    const { place } = exchange;
    if (this.#exchanges[place] !== exchange) return;
    const last = this.#exchanges.pop();
    if (!last || last === exchange) return;
    last.place = place;
    this.#exchanges[place] = last;
  }

  #hardlySends(exchange: Exchange): boolean {
    const { request, received } = exchange;
    // What has come and was not taken yet is late because of us.
    const isAwaited = !request.complete && request.readableLength === 0;
    exchange.received = isAwaited ? request.socket.bytesRead : undefined;
    if (!isAwaited || received === undefined) return false;
    return request.socket.bytesRead - received < this.#slowness.minimumBodyBytes;
  }

  #hardlyReads(exchange: Exchange): boolean {
    const { response, sent } = exchange;
    const { socket } = response;
    if (!socket || socket.writableLength === 0) {
      exchange.sent = undefined;
      return false;
    }
    exchange.sent = socket.bytesWritten - socket.writableLength;
    exchange.unread = exchange.sent === sent ? exchange.unread + 1 : 0;
    return exchange.unread >= this.#slowness.intervalsToRead;
  }
}
