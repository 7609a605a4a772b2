// Clients that hold a connection for a long time: they send or read a few bytes at a time.
import { connect as connectSocket, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** Between two pieces: milliseconds. */
const PAUSE = 500;
/** bytes at a time */
const PIECE = 1024;

interface SlowTarget {
  readonly url: URL;
  readonly authorization: string;
  readonly repository: string;
  /** The path of a blob, of some hundreds of KiB. */
  readonly blob: string;
}

/** How one slow request ended. */
export type SlowEnd = 'done' | 'cut off' | 'refused' | 'failed';

/**
 * Sends a blob in small pieces, without its end.
 * @param isOver asked before each piece
 */
export async function sendSlowly(target: SlowTarget, isOver: () => boolean): Promise<SlowEnd> {
  const head = `POST /v2/${target.repository}/blobs/uploads/?digest=sha256:${'0'.repeat(64)} HTTP/1.1`;
  const socket = await openSocket(target, [head, 'Content-Type: application/octet-stream', 'Content-Length: 20000000']);
  for (let sent = 0; !isOver() && !socket.isClosed; sent += 1) {
    socket.write(Buffer.alloc(PIECE, sent));
    await wait(PAUSE);
  }
  return endOf(socket, isOver());
}

/** Reads a blob in small pieces, from a connection that is not emptied meanwhile. */
export async function readSlowly(target: SlowTarget, isOver: () => boolean): Promise<SlowEnd> {
  const socket = await openSocket(target, [`GET ${target.blob} HTTP/1.1`, 'Connection: close']);
  while (!isOver() && !socket.isClosed) {
    socket.read(PIECE * 4);
    await wait(PAUSE);
  }
  return endOf(socket, isOver());
}

/** Sends the head of a request one line at a time, and never its end. */
export async function sendHeadSlowly(target: SlowTarget, isOver: () => boolean): Promise<SlowEnd> {
  const socket = await openSocket(target, ['GET /v2/ HTTP/1.1'], false);
  for (let line = 0; !isOver() && !socket.isClosed; line += 1) {
    socket.write(Buffer.from(`X-Line-${line}: 1\r\n`));
    await wait(4 * PAUSE);
  }
  return endOf(socket, isOver());
}

interface SlowSocket {
  readonly isClosed: boolean;
  readonly received: string;
  read(bytes: number): void;
  write(bytes: Buffer): void;
  destroy(): void;
}

async function openSocket(target: SlowTarget, lines: readonly string[], isWhole = true): Promise<SlowSocket> {
  const socket: Socket = connectSocket({ port: Number(target.url.port), host: target.url.hostname });
  let isClosed = false;
  let received = '';
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('connect', () => resolve());
  socket.on('error', () => undefined);
  socket.on('close', () => {
    isClosed = true;
    resolve();
  });
  await promise;
  const head = [
    ...lines,
    'Host: registry.test',
    `Authorization: ${target.authorization}`,
    ...(isWhole ? ['', ''] : ['']),
  ];
  socket.write(head.join('\r\n'));
  const note = (bytes: Buffer | null): void => {
    if (bytes && received.length < 20) received += bytes.toString('latin1').slice(0, 20);
  };
  return {
    get isClosed() {
      return isClosed;
    },
    get received() {
      note(socket.read() as Buffer | null);
      return received;
    },
    read: (bytes) => note((socket.read(bytes) ?? socket.read()) as Buffer | null),
    write: (bytes) => void socket.write(bytes),
    destroy: () => void socket.destroy(),
  };
}

function endOf(socket: SlowSocket, isOver: boolean): SlowEnd {
  const [, status = ''] = /^HTTP\/1\.1 (\d+)/.exec(socket.received) ?? [];
  socket.destroy();
  if (status.startsWith('5') && status !== '503') return 'failed';
  if (status.startsWith('4') || status === '503') return 'refused';
  if (isOver || status.startsWith('2')) return 'done';
  // Which a server may do with whoever takes too long.
  return 'cut off';
}
