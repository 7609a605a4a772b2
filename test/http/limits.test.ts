// Limits: what is too large is refused with 413, what is no HTTP is refused at all, and the registry goes on.
import { once } from 'node:events';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { errorOf, putManifest } from '../support/artifacts.ts';
import { type RequestOptions, startRegistry } from '../support/start-registry.ts';
import { bytesOf, imageManifest } from './support/manifests.ts';
import { exchange, open, sendRaw, written } from './support/raw-request.ts';
import { storedFiles } from './support/stored-files.ts';
import { finish, inPieces, standing, startUpload } from './support/uploads.ts';

const MAXIMUM = 1_000;
const registry = await startRegistry({ maximumBlobBytes: MAXIMUM });
afterAll(() => registry[Symbol.asyncDispose]());
afterEach(async () => {
  const answer = await registry.request('GET', '/readyz');
  expect([answer.status, await answer.text()]).toEqual([200, 'ok\n']);
});

/** So many bytes, as a body with a length and as one without. */
function bodies(size: number): readonly [string, () => RequestOptions][] {
  return [
    ['with a length', () => ({ body: Buffer.alloc(size, 'x') })],
    ['without a length', () => ({ body: inPieces(...Array<string>(10).fill('x'.repeat(size / 10))) })],
  ];
}

describe('a manifest', () => {
  const LIMIT = 4 * 1024 * 1024;
  /** A manifest with spaces behind it. */
  async function manifestOf(size: number): Promise<Buffer> {
    return Buffer.from(
      bytesOf(await imageManifest(registry, 'large'))
        .toString()
        .padEnd(size),
    );
  }

  test('of 4 MiB is taken', async () => {
    const bytes = await manifestOf(LIMIT);
    expect((await putManifest(registry, 'large', 'limit', bytes)).status).toBe(201);
    const answer = await registry.request('GET', '/v2/large/manifests/limit');
    expect(digestOf(Buffer.from(await answer.arrayBuffer()))).toBe(digestOf(bytes));
  });

  test('of one byte more is refused, with a length and without, and not kept', async () => {
    const bytes = await manifestOf(LIMIT + 1);
    const text = bytes.toString();
    const streamed = inPieces(text.slice(0, LIMIT / 2), text.slice(LIMIT / 2));
    for (const body of [bytes, streamed]) {
      const answer = await registry.request('PUT', '/v2/large/manifests/over', {
        body,
        headers: { 'content-type': OCI_MANIFEST },
      });
      expect(answer.status).toBe(413);
      expect(await errorOf(answer)).toEqual({
        code: 'SIZE_INVALID',
        message: 'the body is too large: a manifest may have 4 MiB, a form 64 KiB',
      });
    }
    expect((await registry.request('GET', '/v2/large/manifests/over')).status).toBe(404);
    expect((await registry.request('GET', `/v2/large/manifests/${digestOf(bytes)}`)).status).toBe(404);
  });

  test('that is announced far too large is refused before it is sent', async () => {
    const headers = ['Content-Length: 9000000000000000', `Content-Type: ${OCI_MANIFEST}`];
    const answer = await sendRaw(registry.url, { method: 'PUT', target: '/v2/large/manifests/over', headers });
    expect(answer.status).toBe(413);
  });
});

describe('a blob', () => {
  test.each(bodies(MAXIMUM))('of the largest size is taken, %s', async (_how, options) => {
    const digest = digestOf(Buffer.alloc(MAXIMUM, 'x'));
    const single = await registry.request('POST', `/v2/blobs/at/blobs/uploads/?digest=${digest}`, options());
    expect(single.status).toBe(201);
    expect((await finish(registry, await startUpload(registry, 'blobs/at'), digest, options())).status).toBe(201);
  });

  test.each(bodies(MAXIMUM + 10))('above it is refused in one POST, %s, and not kept', async (_how, options) => {
    const before = await storedFiles(registry);
    const digest = digestOf(Buffer.alloc(MAXIMUM + 10, 'x'));
    const answer = await registry.request('POST', `/v2/blobs/over/blobs/uploads/?digest=${digest}`, options());
    expect(answer.status).toBe(413);
    expect(await errorOf(answer)).toEqual({
      code: 'SIZE_INVALID',
      message: 'a blob may have at most 1000 bytes here (setting maximumBlobBytes)',
    });
    expect(await storedFiles(registry)).toEqual(before);
    expect((await registry.request('HEAD', `/v2/blobs/over/blobs/${digest}`)).status).toBe(404);
  });

  test.each(bodies(MAXIMUM + 10))('above it is refused in PATCH and PUT, %s', async (_how, options) => {
    const digest = digestOf(Buffer.alloc(MAXIMUM + 10, 'x'));
    for (const method of ['PATCH', 'PUT']) {
      const location = await startUpload(registry, 'blobs/over');
      const answer = await registry.request(method, `${location}?digest=${digest}`, options());
      expect([answer.status, (await errorOf(answer)).code]).toEqual([413, 'SIZE_INVALID']);
      expect((await registry.request('DELETE', location)).status).toBe(204);
    }
  });

  test.each(bodies(600))('is refused when its chunks are too large together, %s', async (_how, options) => {
    const location = await startUpload(registry, 'blobs/over');
    expect((await registry.request('PATCH', location, options())).status).toBe(202);
    expect((await registry.request('PATCH', location, options())).status).toBe(413);
    const [status, range] = await standing(registry, location);
    expect(status).toBe(204);
    expect(Number(range?.slice(2))).toBeLessThan(MAXIMUM);
  });

  test('much larger than the limit is refused while the client still sends', async () => {
    const body = Buffer.alloc(20 * 1024 * 1024);
    const answer = await registry.request('POST', `/v2/blobs/over/blobs/uploads/?digest=${digestOf(body)}`, { body });
    expect(answer.status).toBe(413);
  });

  test.each([
    ['a length', 'Content-Length: 9007199254740991'],
    ['a range', 'Content-Range: 0-900000000000000'],
  ])('that is announced far too large by %s is refused', async (_what, header) => {
    const location = await startUpload(registry, 'blobs/over');
    const answer = await sendRaw(registry.url, { method: 'PATCH', target: location, headers: [header] });
    expect(answer.status).toBe(413);
    expect(await standing(registry, location)).toEqual([204, '0-0']);
  });
});

test('a form for a token above 64 KiB is refused', async () => {
  const answer = await registry.request('POST', '/token', {
    body: `grant_type=password&username=${'x'.repeat(65 * 1024)}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect([answer.status, (await errorOf(answer)).code]).toEqual([413, 'SIZE_INVALID']);
});

describe('junk is refused in the form of the spec', () => {
  const HOST = 'Host: registry.test';
  test.each([
    ['a negative length', `PUT /v2/a/manifests/b HTTP/1.1\r\n${HOST}\r\nContent-Length: -5\r\n\r\n`, 400],
    ['a length that is no number', `PUT /v2/a/manifests/b HTTP/1.1\r\n${HOST}\r\nContent-Length: ten\r\n\r\n`, 400],
    [
      'a length beyond all',
      `PUT /v2/a/manifests/b HTTP/1.1\r\n${HOST}\r\nContent-Length: ${'9'.repeat(40)}\r\n\r\n`,
      400,
    ],
    ['two lengths', `PUT /v2/ HTTP/1.1\r\n${HOST}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400],
    [
      'a length and chunks',
      `PUT /v2/ HTTP/1.1\r\n${HOST}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['chunks that are none', `POST /token HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n`, 400],
    [
      'a chunk beyond all numbers',
      `POST /token HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n`,
      400,
    ],
    ['a control character in a header', `GET /v2/ HTTP/1.1\r\n${HOST}\r\nX: a\x01b\r\n\r\n`, 400],
    ['a header without a name', `GET /v2/ HTTP/1.1\r\n${HOST}\r\n: a\r\n\r\n`, 400],
    ['a header without a colon', `GET /v2/ HTTP/1.1\r\n${HOST}\r\nnothing\r\n\r\n`, 400],
    ['a folded header', `GET /v2/ HTTP/1.1\r\n${HOST}\r\n folded\r\n\r\n`, 400],
    ['bare line feeds', `GET /v2/ HTTP/1.1\n${HOST}\n\n`, 400],
    ['a raw umlaut in the path', `GET /v2/t\xe4m/tags/list HTTP/1.1\r\n${HOST}\r\n\r\n`, 400],
    ['an unknown method', `BREW /v2/ HTTP/1.1\r\n${HOST}\r\n\r\n`, 400],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['noise', '\x00\xff\x00\xff\r\n\r\n', 400],
    ['a head above 16 KiB', `GET /v2/ HTTP/1.1\r\n${HOST}\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['a path above 16 KiB', `GET /v2/${'x'.repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n\r\n`, 431],
    ['a thousand long headers', `GET /v2/ HTTP/1.1\r\n${`X: ${'x'.repeat(100)}\r\n`.repeat(1_000)}\r\n`, 431],
  ])('%s', async (_what, text, status) => {
    const answer = await exchange(registry.url, text);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(JSON.parse(answer.body)).toEqual({ errors: [{ code: 'UNSUPPORTED', message: expect.any(String) }] });
  });

  test.each(['TRACE', 'OPTIONS', 'PATCH', 'DELETE', 'PUT', 'POST'])(
    'a method that an address does not have: %s',
    async (method) => {
      for (const target of ['/v2/', '/', '/livez', '/v2/_catalog', '/v2/team/web/tags/list']) {
        const answer = await sendRaw(registry.url, { method, target, headers: ['Content-Length: 0'] });
        expect([target, answer.status]).toEqual([target, 405]);
        expect(answer.headers.get('allow')).toMatch(/^GET(?:, HEAD)?$/);
        expect(JSON.parse(answer.body)).toMatchObject({ errors: [{ code: 'UNSUPPORTED' }] });
      }
    },
  );
});

describe('the registry also understands', () => {
  test('HTTP/1.0', async () => {
    const answer = await sendRaw(registry.url, { method: 'GET', target: '/v2/', version: 'HTTP/1.0' });
    expect([answer.status, answer.body]).toEqual([200, '{}']);
  });

  test('a GET with a body', async () => {
    const headers = ['Content-Length: 4'];
    expect((await sendRaw(registry.url, { method: 'GET', target: '/v2/', headers, body: 'body' })).status).toBe(200);
  });

  test('a long query, and one with keys of the prototype', async () => {
    for (const query of [
      `x=${'x'.repeat(12_000)}`,
      '__proto__=1&constructor=2&toString=3',
      '&&&===&',
      '%zz=%zz',
      '[]=&a[b]=c',
    ]) {
      const answer = await sendRaw(registry.url, { method: 'GET', target: `/v2/_catalog?${query}` });
      expect(answer.status).toBe(200);
    }
  });

  test('requests one behind the other on one connection', async () => {
    const one = written({ method: 'GET', target: '/v2/', headers: ['Connection: keep-alive'] });
    const answer = await exchange(registry.url, one + one + written({ method: 'GET', target: '/v2/' }));
    expect(answer.body.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });

  test('a request that arrives byte by byte', async () => {
    const socket = await open(registry.url);
    socket.setNoDelay(true);
    for (const byte of written({ method: 'GET', target: '/v2/' })) socket.write(byte);
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(data.toString()).toMatch(/^HTTP\/1\.1 200 OK/);
    socket.destroy();
  });

  test('nothing of a connection that says nothing, and closes with it', async () => {
    const sockets = await Promise.all(Array.from({ length: 50 }, () => open(registry.url)));
    for (const socket of sockets) socket.destroy();
    expect((await registry.request('GET', '/v2/')).status).toBe(200);
  });
});
