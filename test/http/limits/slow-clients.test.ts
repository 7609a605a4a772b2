// Slow clients: who hardly sends or reads is cut off, who goes on is not, however slowly. The test says when it is looked.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { SlowClients } from '../../../src/http/limits/slow-clients.ts';
import { eventually } from '../support/eventually.ts';
import { open } from '../support/raw-request.ts';

const MINIMUM = 100;
const INTERVALS = 3;
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n';
/** More than all buffers between here and a reader who does not read. */
const LARGE = Buffer.alloc(64 * 1024 * 1024);

let server: Server;
let clients: SlowClients;
let requests: IncomingMessage[];
let socket: Socket;
afterEach(async () => {
  socket.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

async function serve(listener: RequestListener): Promise<void> {
  requests = [];
  clients = new SlowClients({ minimumBodyBytes: MINIMUM, intervalsToRead: INTERVALS });
  server = createServer(listener);
  server.on('request', (request) => requests.push(request));
  clients.watch(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  socket = await open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** Sends, and waits until all of it has come. */
async function send(text: string): Promise<void> {
  const before = requests[0]?.socket.bytesRead ?? 0;
  socket.write(text);
  await eventually(() => requests[0]?.socket.bytesRead ?? 0).toBe(before + text.length);
  await eventually(() => requests[0]?.readableLength).toBe(0);
}

async function readAll(request: IncomingMessage): Promise<number> {
  let size = 0;
  for await (const chunk of request) size += (chunk as Buffer).length;
  return size;
}

function answerSize(): RequestListener {
  return (request, response) => {
    void readAll(request).then(
      (size) => response.end(String(size)),
      () => undefined,
    );
  };
}

test('who sends as much as it takes between any two checks is not cut off', async () => {
  await serve(answerSize());
  await send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n');
  for (let sent = 0; sent < 1_000; sent += MINIMUM) {
    clients.check();
    await send('x'.repeat(MINIMUM));
  }
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toContain('\r\n\r\n1000');
});

test.each([
  ['nothing', ''],
  ['less', 'x'.repeat(MINIMUM - 1)],
])('who sends %s from one check to the next is told so, and cut off', async (_what, text) => {
  await serve(answerSize());
  await send(POST);
  clients.check();
  if (text !== '') await send(text);
  const closed = once(socket, 'close');
  clients.check();
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 [\s\S]*the request did not arrive in time/);
  await closed;
});

test('who began after the last check has until the one after the next', async () => {
  await serve(answerSize());
  clients.check();
  await send(POST);
  clients.check();
  await send('x'.repeat(MINIMUM));
  clients.check();
  expect(requests[0]?.socket.destroyed).toBe(false);
});

test('who waits because the server does not read is not cut off', async () => {
  let request: IncomingMessage | undefined;
  await serve((each) => {
    request = each;
  });
  await send(POST);
  socket.write('x'.repeat(MINIMUM));
  await eventually(() => request?.readableLength).toBe(MINIMUM);
  for (let checks = 0; checks < 5; checks += 1) clients.check();
  expect(request?.socket.destroyed).toBe(false);
});

test('who waits for an answer is not cut off', async () => {
  await serve(() => undefined);
  await send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  for (let checks = 0; checks < 5 * INTERVALS; checks += 1) clients.check();
  expect(requests[0]?.socket.destroyed).toBe(false);
});

test('who was refused and goes on sending hardly anything is cut off as well', async () => {
  await serve((_request, response) => response.writeHead(401).end());
  const closed = once(socket, 'close');
  await send(POST);
  await once(socket, 'data');
  clients.check();
  clients.check();
  await closed;
});

test('who takes nothing of an answer for so many checks is cut off', async () => {
  await serve((_request, response) => response.end(LARGE));
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await eventually(() => requests[0]?.socket.writableLength ?? 0).toBeGreaterThan(0);
  for (let checks = 0; checks < INTERVALS; checks += 1) clients.check();
  expect(requests[0]?.socket.destroyed).toBe(false);
  clients.check();
  expect(requests[0]?.socket.destroyed).toBe(true);
});

test('who takes a piece now and then is not cut off', async () => {
  const piece = LARGE.subarray(0, 8 * 1024 * 1024);
  await serve((_request, response) => {
    for (let sent = 0; sent < 4; sent += 1) response.write(piece);
    response.end();
  });
  // Reads only when it is asked to.
  socket.on('readable', () => undefined);
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const waiting = () => requests[0]?.socket.writableLength ?? 0;
  await eventually(waiting).toBeGreaterThan(piece.length);
  while (waiting() > piece.length) {
    for (let checks = 0; checks < INTERVALS; checks += 1) clients.check();
    const before = waiting();
    while (waiting() >= before) {
      socket.read();
      await setImmediate();
    }
  }
  clients.check();
  expect(requests[0]?.socket.destroyed).toBe(false);
});
