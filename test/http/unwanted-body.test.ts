// A body that is refused before its end: the client gets to read why, and its connection stays good.
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRegistry, type TestRegistry } from '../support/start-registry.ts';
import { eventually } from './support/eventually.ts';
import { open, written } from './support/raw-request.ts';

const KEEP = 'Connection: keep-alive';
const MEBIBYTE = 1024 * 1024;

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

test.each([
  ['a manifest', 'PUT', '/v2/team/web/manifests/1.0.0', 'application/vnd.oci.image.manifest.v1+json', ''],
  ['what is managed', 'POST', '/api/v1/users', 'application/json', ''],
  [
    'a form',
    'POST',
    '/api/team/charts',
    'multipart/form-data; boundary=x',
    '--x\r\nContent-Disposition: form-data; name="prov"; filename="file"\r\n\r\n',
  ],
])(
  'of %s that is too large the rest is passed over, and the next request is answered',
  async (_what, method, target, type, beginning) => {
    const socket = await open(registry.url);
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    const length = beginning.length + 16 * MEBIBYTE;
    const headers = [KEEP, `Content-Type: ${type}`, `Content-Length: ${length}`];
    socket.write(written({ method, target, headers, body: beginning }));
    socket.write(Buffer.alloc(8 * MEBIBYTE, 'x'));
    await eventually(async () => received.split(' ')[1]).toBe('413');
    socket.write(Buffer.alloc(8 * MEBIBYTE, 'x'));
    socket.write(written({ method: 'GET', target: '/livez' }));
    await once(socket, 'close');
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
  },
);
