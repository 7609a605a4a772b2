// How a process that only reads hears from the main process of its server, and tells it something.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { MessageFromReader, MessageToReader } from '../ports/reader-messages.ts';

/**
 * Without the main process, nobody would tell this one to stop: it ends then, whatever it does. Signals are for the main process:
 * a terminal sends them to all.
 */
export function hearMainProcess(onMessage: (message: MessageToReader, connection: Socket | undefined) => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  process.on('message', (message, connection) => {
    onMessage(message as MessageToReader, connection as Socket | undefined);
  });
  process.once('disconnect', () => process.exit(1));
}

/** Resolves when it is under way. */
export async function tellMainProcess(message: MessageFromReader): Promise<void> {
  await new Promise<void>((resolve) => {
    if (process.connected) process.send?.(message, undefined, {}, () => resolve());
    else resolve();
  });
}

/** The connections that the main process has given to this one. */
export class GivenConnections {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #onLast = (): void => undefined;

  constructor(server: Server) {
    this.#server = server;
  }

  /** @param id by which the main process knows it */
  take(id: number, socket: Socket): void {
    this.#open.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      void tellMainProcess({ kind: 'closed', id });
      if (this.#open.size === 0) this.#onLast();
    });
    // As those have it that a server of HTTP takes by itself: a client may end its side once it has sent its request.
    socket.allowHalfOpen = true;
    this.#server.emit('connection', socket);
  }

  /** Resolves when there is none. */
  async allClosed(): Promise<void> {
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onLast = resolve;
    });
  }
}
