// Connections: those that bring nothing are closed, and what they held is let go; others are served meanwhile.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { encodedOf } from '../../../src/oci/digest.ts';
import { systemClock } from '../../../src/ports/clock.ts';
import { pushBlob } from '../../support/artifacts.ts';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';
import { eventually } from '../support/eventually.ts';
import { openFilesOf } from '../support/open-files.ts';
import { exchange, open, written } from '../support/raw-request.ts';
import { standing, startUpload } from '../support/uploads.ts';

const HOST = 'Host: registry.test\r\n';
/** milliseconds: nothing is expected to take less or more, only to end at all */
const SOON = 100;

async function closed(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(socket, 'close');
  return text;
}

describe('a request whose head does not come', () => {
  test.each([
    ['nothing at all', ''],
    ['half a line', 'GET /v2'],
    ['headers without end', `GET /v2/ HTTP/1.1\r\n${HOST}X: 1\r\n`],
  ])('is closed with 408: %s', async (_what, text) => {
    await using registry = await startRegistry({}, systemClock, {
      limits: { headTimeout: SOON, headCheckInterval: SOON },
    });
    const socket = await open(registry.url);
    socket.write(text);
    expect(await closed(socket)).toMatch(/^HTTP\/1\.1 408 [\s\S]*the request did not arrive in time/);
  });
});

test('a connection that is kept and not used is closed', async () => {
  await using registry = await startRegistry({}, systemClock, { limits: { keepAliveTimeout: SOON } });
  const socket = await open(registry.url);
  socket.write(`GET /livez HTTP/1.1\r\n${HOST}\r\n`);
  expect(await closed(socket)).toContain('200 OK');
});

test('an upload whose body stops is closed with 408, keeps what came, and goes on from there', async () => {
  await using registry = await startRegistry({}, systemClock, { limits: { slownessInterval: SOON } });
  const location = await startUpload(registry, 'team/web');
  const socket = await open(registry.url);
  const answer = closed(socket);
  socket.write(written({ method: 'PATCH', target: location, headers: ['Content-Length: 1000'], body: 'x'.repeat(10) }));
  expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
  await eventually(() => standing(registry, location)).toEqual([204, '0-9']);
  expect((await registry.request('PATCH', location, { body: 'y' })).headers.get('range')).toBe('0-10');
});

// Only Linux tells which files are open.
test.skipIf(process.platform !== 'linux')('a reader who does not read is cut off, and its file is closed', async () => {
  // So many that the open file is seen before it is closed, on a slow machine too.
  const limits = { slownessInterval: SOON, intervalsToRead: 50 };
  await using registry = await startRegistry({}, systemClock, { limits });
  const digest = await pushBlob(registry, 'team/web', Buffer.alloc(32 * 1024 * 1024));
  const socket = await open(registry.url);
  socket.pause();
  socket.write(written({ method: 'GET', target: `/v2/team/web/blobs/${digest}` }));
  await eventually(() => openFilesOf(encodedOf(digest))).toHaveLength(1);
  await eventually(() => openFilesOf(encodedOf(digest))).toHaveLength(0);
  socket.destroy();
});

describe('connections at once', () => {
  const MAXIMUM = 8;

  /** 0 for a connection that is closed at once, which may be seen as one that is reset. */
  async function statusOf({ url }: TestRegistry): Promise<number> {
    const answer = exchange(url, written({ method: 'GET', target: '/livez' }));
    return await answer.then(
      ({ status }) => status,
      () => 0,
    );
  }

  test('of one address may be half of all', async () => {
    await using registry = await startRegistry({}, systemClock, { limits: { maximumConnections: MAXIMUM } });
    using sockets = new DisposableStack();
    for (let count = 0; count < MAXIMUM / 2; count += 1) {
      sockets.adopt(await open(registry.url), (socket) => socket.destroy());
    }
    expect(await statusOf(registry)).toBe(0);
    sockets.dispose();
    await eventually(() => statusOf(registry)).toBe(200);
  });

  test('through a proxy may be all of them, and no more', async () => {
    const settings = { trustedProxies: ['127.0.0.0/8'] };
    await using registry = await startRegistry(settings, systemClock, { limits: { maximumConnections: MAXIMUM } });
    using sockets = new DisposableStack();
    const add = async () => sockets.adopt(await open(registry.url), (socket) => socket.destroy());
    for (let count = 0; count < MAXIMUM - 1; count += 1) await add();
    expect(await statusOf(registry)).toBe(200);
    await add();
    await eventually(() => statusOf(registry)).toBe(0);
    sockets.dispose();
    await eventually(() => statusOf(registry)).toBe(200);
  });
});
