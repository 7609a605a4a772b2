// Bodies at once: each principal has so many, and however a request ends, there is place for another one.
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { systemClock } from '../../../src/ports/clock.ts';
import { errorOf } from '../../support/artifacts.ts';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';
import { eventually } from '../support/eventually.ts';
import { addMember } from '../support/members.ts';
import { open, written } from '../support/raw-request.ts';
import { storedFiles } from '../support/stored-files.ts';
import { patch, startUpload } from '../support/uploads.ts';

const MAXIMUM = 3;

let registry: TestRegistry;
let sockets: Socket[];
beforeEach(async () => {
  registry = await startRegistry({}, systemClock, { limits: { bodiesAtOnce: MAXIMUM } });
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await registry[Symbol.asyncDispose]();
});

/** A blob of the administrator in one request, of whose body one byte is still to come. */
async function beginBody(): Promise<Socket> {
  const before = await storedFiles(registry);
  const target = `/v2/team/web/blobs/uploads/?digest=${digestOf(Buffer.from('xxy'))}`;
  const socket = await open(registry.url);
  sockets.push(socket);
  socket.write(written({ method: 'POST', target, headers: ['Content-Length: 3'], body: 'xx' }));
  await eventually(async () => (await storedFiles(registry)).length).toBe(before.length + 1);
  return socket;
}

async function pushStatus(as?: string): Promise<number> {
  const options = { body: '{}', ...(as === undefined ? {} : { as }) };
  return (await registry.request('PUT', '/v2/team/web/manifests/1.0.0', options)).status;
}

test('one more than there may be is refused with 429, before it is read, and other requests go on', async () => {
  for (let count = 0; count < MAXIMUM; count += 1) await beginBody();
  const refused = await registry.request('PUT', '/v2/team/web/manifests/1.0.0', { body: '{}' });
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await errorOf(refused)).toEqual({
    code: 'TOOMANYREQUESTS',
    message:
      'too many requests from admin at once: at most 3 with a body are taken at a time; wait 1 second, then try again',
  });
  expect((await registry.request('GET', '/v2/')).status).toBe(200);
});

test('an upload that was begun goes on all the same', async () => {
  const location = await startUpload(registry, 'team/web');
  for (let count = 0; count < MAXIMUM; count += 1) await beginBody();
  expect(await pushStatus()).toBe(429);
  expect((await patch(registry, location, 'more')).status).toBe(202);
});

test('somebody else has a place of their own', async () => {
  const ann = await addMember(registry, 'ann', { role: 'writer', namespace: 'team' });
  for (let count = 0; count < MAXIMUM; count += 1) await beginBody();
  expect(await pushStatus()).toBe(429);
  expect(await pushStatus(ann)).toBe(400);
});

test.each([
  ['to its end', (socket: Socket) => socket.write('y')],
  ['with its connection', (socket: Socket) => socket.destroy()],
])('a body that comes %s makes place for another one', async (_how, end) => {
  const [first] = [await beginBody(), await beginBody(), await beginBody()];
  expect(await pushStatus()).toBe(429);
  if (first) end(first);
  await eventually(() => pushStatus()).toBe(400);
});

test('bodies that were refused or taken leave nothing behind', async () => {
  for (let count = 0; count < 5 * MAXIMUM; count += 1) expect(await pushStatus()).toBe(400);
});
