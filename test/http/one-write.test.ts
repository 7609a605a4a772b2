// Small answers in one write: every byte as it was, on a connection that goes on.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { createLimitedServer } from '../../src/http/limits/limited-server.ts';
import { serverLimits } from '../../src/http/limits/server-limits.ts';
import { OneWriteResponse } from '../../src/http/one-write.ts';

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const LIMIT = 16 * 1024;

const bodies = new Map<string, Buffer>();
const writes: unknown[][] = [];
let ended = 0;
const server = createServer({ ServerResponse: OneWriteResponse }, (request, response) => {
  const body = bodies.get(request.url ?? '') ?? Buffer.alloc(0);
  writes.length = 0;
  response.setHeader('content-length', body.length);
  response.end(body, () => {
    ended += 1;
  });
});
server.on('connection', (socket) => {
  const write = socket.write.bind(socket) as (...given: unknown[]) => boolean;
  socket.write = (...given: unknown[]) => {
    writes.push(given);
    return write(...given);
  };
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
afterAll(() => server.close());
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

test.each([0, 1, 255, 256, 257, LIMIT - 1, LIMIT, LIMIT + 1, 100_000])(
  'a body of %i bytes arrives as it is',
  async (size) => {
    const body = Buffer.alloc(size, EVERY_BYTE);
    bodies.set(`/${size}`, body);
    const before = ended;
    const answer = await fetch(`${url}/${size}`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
    expect(answer.headers.get('content-length')).toBe(String(size));
    await expect.poll(() => ended).toBe(before + 1);
  },
);

test('a small answer is one piece for the system, head and body', async () => {
  bodies.set('/small', EVERY_BYTE);
  await (await fetch(`${url}/small`)).arrayBuffer();
  expect(writes).toHaveLength(1);
  const [piece, encoding] = writes[0] ?? [];
  expect(encoding).toBe('latin1');
  expect(Buffer.from(String(piece), 'latin1').subarray(-256).equals(EVERY_BYTE)).toBe(true);
});

test('HEAD has the head of the answer and none of its bytes', async () => {
  bodies.set('/head', EVERY_BYTE);
  const answer = await fetch(`${url}/head`, { method: 'HEAD' });
  expect(answer.headers.get('content-length')).toBe('256');
  expect((await answer.arrayBuffer()).byteLength).toBe(0);
  const next = await fetch(`${url}/head`);
  expect(Buffer.from(await next.arrayBuffer()).equals(EVERY_BYTE)).toBe(true);
});

test('answers of one turn go out one after the other, at its end', async () => {
  const responses: ServerResponse[] = [];
  await using both = await listening((_request, response) => void responses.push(response));
  const clients = [connect(both.port), connect(both.port)];
  for (const client of clients) client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await expect.poll(() => responses.length).toBe(2);
  const sockets = responses.map((response) => response.socket as Socket);
  await nextTurn();
  for (const response of responses) response.writeHead(200, { 'content-length': 4 }).end(Buffer.from('body'));
  expect(sockets.map((socket) => socket.bytesWritten > 0 && socket.writableLength === 0)).toEqual([false, false]);
  expect(responses.map((response) => response.writableEnded)).toEqual([true, true]);
  const answers = await Promise.all(clients.map((client) => text(client)));
  expect(answers.map((answer) => answer.endsWith('\r\n\r\nbody'))).toEqual([true, true]);
});

test('requests that come together on one connection are answered in their order', async () => {
  await using server = await listening((request, response) => void response.end(Buffer.from(`<${request.url}>`)));
  const client = connect(server.port);
  const paths = Array.from({ length: 5 }, (_, index) => `/${index}`);
  client.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
  client.write('GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const bodies = [...(await text(client)).matchAll(/<(.*?)>/g)].map(([, path]) => path);
  expect(bodies).toEqual([...paths, '/last']);
});

test('a client that goes away before its answer is written harms nothing', async () => {
  const responses: ServerResponse[] = [];
  await using server = await listening((_request, response) => void responses.push(response));
  const client = connect(server.port);
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await expect.poll(() => responses.length).toBe(1);
  const [response] = responses;
  const closed = new Promise<void>((resolve) => response?.once('close', resolve));
  response?.end(Buffer.from('body'));
  response?.socket?.destroy();
  await closed;
  await nextTurn();
  expect(response?.writableFinished).toBe(false);
});

test('an answer that is made is written before idle connections are closed', async () => {
  const server = createLimitedServer(
    (request, response) => {
      request.resume().once('end', () => {
        response.end(Buffer.from('body'));
        server.closeIdleConnections();
      });
    },
    { limits: serverLimits(), trustedProxies: [] },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = connect((server.address() as AddressInfo).port);
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(await text(client)).toMatch(/\r\n\r\nbody$/);
  await new Promise((resolve) => server.close(resolve));
});

test('an answer of which some is not with the system yet is sent whole when the server stops', async () => {
  const large = Buffer.alloc(8 * 1024 * 1024, EVERY_BYTE);
  const server = createLimitedServer((_request, response) => void response.end(large), {
    limits: serverLimits(),
    trustedProxies: [],
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = connect((server.address() as AddressInfo).port);
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await new Promise((resolve) => client.once('readable', resolve));
  const closed = new Promise((resolve) => server.close(resolve));
  const sweep = setInterval(() => server.closeIdleConnections(), 5);
  const answer = await buffer(client);
  expect(answer.subarray(-large.length).equals(large)).toBe(true);
  await closed;
  clearInterval(sweep);
});

async function listening(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer({ ServerResponse: OneWriteResponse }, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
