// Small answers in one write: every byte as it was, on a connection that goes on.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test } from 'vitest';
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
  const [text, encoding] = writes[0] ?? [];
  expect(encoding).toBe('latin1');
  expect(Buffer.from(String(text), 'latin1').subarray(-256).equals(EVERY_BYTE)).toBe(true);
});

test('HEAD has the head of the answer and none of its bytes', async () => {
  bodies.set('/head', EVERY_BYTE);
  const answer = await fetch(`${url}/head`, { method: 'HEAD' });
  expect(answer.headers.get('content-length')).toBe('256');
  expect((await answer.arrayBuffer()).byteLength).toBe(0);
  const next = await fetch(`${url}/head`);
  expect(Buffer.from(await next.arrayBuffer()).equals(EVERY_BYTE)).toBe(true);
});
