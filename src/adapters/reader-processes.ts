// Starts the processes that only read, gives them connections, hears what they did, and starts those again that end.
import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import type { MessageFromReader, MessageToReader, ReaderReport, SourceCount } from '../ports/reader-messages.ts';

/** One that ends at its start must not take the machine from those that work: milliseconds. */
const RESTART_DELAY = 1_000;

interface Reader {
  /** Of its process. */
  readonly id: number;
  readonly process: ChildProcess;
  /** Its connections, by the number under which it knows them. Held open here as well, so that they are counted until they end. */
  readonly connections: Map<number, Socket>;
  isReady: boolean;
}

interface ReaderProcessesOptions {
  readonly count: number;
  /** The file of their program. */
  readonly program: URL;
  readonly settings: object;
  /** @returns what is to be told to that reader about the sources in its report */
  onReport(reader: number, report: ReaderReport): readonly SourceCount[];
  onReady(reader: number): void;
  /** @param why `exit code 1`, `SIGKILL` */
  onEnded(reader: number, why: string): void;
}

export class ReaderProcesses {
  readonly #options: ReaderProcessesOptions;
  readonly #readers = new Set<Reader>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  /** Connections that the main process serves itself. */
  #kept = 0;
  #lastConnection = 0;
  #isStopping = false;

  constructor(options: ReaderProcessesOptions) {
    this.#options = options;
  }

  start(): void {
    for (let started = 0; started < this.#options.count; started += 1) this.#startOne();
  }

  /**
   * Gives a connection, of which nothing was read yet, to the process that has the fewest.
   * @returns false when that is this one
   */
  give(socket: Socket): boolean {
    const [reader] = [...this.#readers]
      .filter(({ isReady, process }) => isReady && process.connected)
      .toSorted((one, other) => one.connections.size - other.connections.size);
    if (!reader || this.#isStopping || this.#kept < reader.connections.size) {
      this.#kept += 1;
      socket.once('close', () => {
        this.#kept -= 1;
      });
      return false;
    }
    this.#lastConnection += 1;
    const id = this.#lastConnection;
    reader.connections.set(id, socket);
    // Without a listener, its end would be an uncaught error.
    socket.on('error', () => socket.destroy());
    const message: MessageToReader = { kind: 'connection', id };
    reader.process.send(message, socket, { keepOpen: true }, (error) => {
      if (error) this.#over(reader, id);
    });
    return true;
  }

  /** Resolves when the requests that run have ended, and the processes with them. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const timer of this.#restarts) clearTimeout(timer);
    await Promise.all(
      [...this.#readers].map(async (reader) => {
        const ended = new Promise<void>((resolve) => reader.process.once('exit', () => resolve()));
        this.#send(reader, { kind: 'stop' });
        await ended;
      }),
    );
  }

  /** Ends them at once, whatever they do. */
  cutOff(): void {
    for (const { process } of this.#readers) process.kill('SIGKILL');
  }

  #startOne(): void {
    let child: ChildProcess;
    try {
      child = fork(this.#options.program);
    } catch (error) {
      // For lack of memory, for one: that may be different in a while.
      this.#options.onEnded(0, error instanceof Error ? error.message : String(error));
      this.#startSoon();
      return;
    }
    const reader: Reader = { id: child.pid ?? 0, process: child, connections: new Map(), isReady: false };
    this.#readers.add(reader);
    child.on('message', (message) => this.#hear(reader, message as MessageFromReader));
    // One that could not even be started never exits.
    child.on('error', (error) => {
      if (child.pid === undefined && this.#readers.has(reader)) this.#ended(reader, error.message);
    });
    child.once('exit', (code, signal) => this.#ended(reader, signal ?? `exit code ${code}`));
    this.#send(reader, { kind: 'start', settings: this.#options.settings });
  }

  #hear(reader: Reader, message: MessageFromReader): void {
    // Messages may come after the end of who sent them.
    if (!this.#readers.has(reader)) return;
    switch (message.kind) {
      case 'ready':
        reader.isReady = true;
        this.#options.onReady(reader.id);
        return;
      case 'closed':
        this.#over(reader, message.id);
        return;
      case 'report': {
        const levels = this.#options.onReport(reader.id, message);
        if (levels.length > 0) this.#send(reader, { kind: 'levels', levels });
      }
    }
  }

  #over(reader: Reader, id: number): void {
    reader.connections.get(id)?.destroy();
    reader.connections.delete(id);
  }

  #ended(reader: Reader, why: string): void {
    this.#readers.delete(reader);
    for (const socket of reader.connections.values()) socket.destroy();
    this.#options.onEnded(reader.id, why);
    if (!this.#isStopping) this.#startSoon();
  }

  #startSoon(): void {
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#startOne();
    }, RESTART_DELAY);
    this.#restarts.add(timer);
  }

  /** That one is gone is told by its end. */
  #send({ process }: Reader, message: MessageToReader): void {
    if (process.connected) process.send(message, () => undefined);
  }
}
