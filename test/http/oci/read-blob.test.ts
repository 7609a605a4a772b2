// Reading a blob: whole, in ranges, conditionally.
import { rm, writeFile } from 'node:fs/promises';
import pino from 'pino';
import { afterAll, describe, expect, test } from 'vitest';
import { openApp } from '../../../src/app.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { digestOf, encodedOf } from '../../../src/oci/digest.ts';
import { errorOf, pushBlob } from '../../support/artifacts.ts';
import { blobPath } from '../../support/blob-path.ts';
import { temporaryFolder } from '../../support/chartroom-process.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { eventually } from '../support/eventually.ts';
import { openFilesOf } from '../support/open-files.ts';
import { open, written } from '../support/raw-request.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

const CONTENT = '0123456789';
const DIGEST = await pushBlob(registry, 'team/web', Buffer.from(CONTENT));
const PATH = `/v2/team/web/blobs/${DIGEST}`;
const EMPTY = `/v2/team/web/blobs/${await pushBlob(registry, 'team/web', Buffer.alloc(0))}`;

async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return await registry.request('GET', path, { headers });
}

describe('the whole blob', () => {
  test('comes with its length, digest and type', async () => {
    const answer = await get(PATH);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-length')).toBe('10');
    expect(answer.headers.get('docker-content-digest')).toBe(DIGEST);
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(answer.headers.get('accept-ranges')).toBe('bytes');
    expect(answer.headers.get('etag')).toBe(`"${DIGEST}"`);
    expect(await answer.text()).toBe(CONTENT);
  });

  test('is announced by HEAD with the same headers and no body', async () => {
    const [got, head] = [await get(PATH), await registry.request('HEAD', PATH)];
    expect(head.status).toBe(200);
    for (const name of ['content-length', 'docker-content-digest', 'content-type', 'accept-ranges', 'etag']) {
      expect([name, head.headers.get(name)]).toEqual([name, got.headers.get(name)]);
    }
    expect(await head.text()).toBe('');
  });

  test('is never compressed, whatever the client takes', async () => {
    const answer = await get(PATH, { 'accept-encoding': 'gzip, br, zstd' });
    expect(answer.headers.get('content-encoding')).toBe(null);
    expect(answer.headers.get('content-length')).toBe('10');
  });

  test('may be empty', async () => {
    const answer = await get(EMPTY);
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([200, '0', '']);
  });
});

describe('a range', () => {
  test.each([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=4-', '456789', 'bytes 4-9/10'],
    ['bytes=9-9', '9', 'bytes 9-9/10'],
    ['bytes=0-9', '0123456789', 'bytes 0-9/10'],
    ['bytes=5-999', '56789', 'bytes 5-9/10'],
    ['bytes=5-99999999999999999999999999', '56789', 'bytes 5-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-999', '0123456789', 'bytes 0-9/10'],
    ['Bytes=0-3', '0123', 'bytes 0-3/10'],
  ])('"%s" is answered with 206 and these bytes', async (range, bytes, contentRange) => {
    const answer = await get(PATH, { range });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe(contentRange);
    expect(answer.headers.get('content-length')).toBe(String(bytes.length));
    expect(await answer.text()).toBe(bytes);
  });

  test.each(['bytes=10-', 'bytes=10-20', 'bytes=999999999999999999999-', 'bytes=-0'])(
    '"%s" lies beyond the end: 416 with the size',
    async (range) => {
      const answer = await get(PATH, { range });
      expect(answer.status).toBe(416);
      expect(answer.headers.get('content-range')).toBe('bytes */10');
      expect((await errorOf(answer)).code).toBe('SIZE_INVALID');
    },
  );

  test.each([
    'bytes=0-1,3-4',
    'bytes=3-1',
    'bytes=',
    'bytes=-',
    'bytes',
    'bytes=a-b',
    'bytes=--1',
    'items=0-1',
    'bytes=0-1; x',
    '0-1',
  ])('"%s" is not one that is served, so all is sent', async (range) => {
    const answer = await get(PATH, { range });
    expect([answer.status, await answer.text()]).toEqual([200, CONTENT]);
  });

  test.each(['bytes=0-', 'bytes=0-0', 'bytes=-1'])('"%s" of an empty blob is 416', async (range) => {
    const answer = await get(EMPTY, { range });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([416, 'bytes */0']);
  });

  test('does not matter to HEAD', async () => {
    const answer = await registry.request('HEAD', PATH, { headers: { range: 'bytes=0-3' } });
    expect([answer.status, answer.headers.get('content-length')]).toEqual([200, '10']);
  });

  test('resumes a download at any byte', async () => {
    const bytes = Buffer.alloc(3 * 1024 * 1024 + 7, 'resumable ');
    const path = `/v2/team/web/blobs/${await pushBlob(registry, 'team/web', bytes)}`;
    const middle = 1_500_001;
    const parts = [await get(path, { range: `bytes=0-${middle - 1}` }), await get(path, { range: `bytes=${middle}-` })];
    const whole = Buffer.concat(await Promise.all(parts.map(async (part) => Buffer.from(await part.arrayBuffer()))));
    expect(digestOf(whole)).toBe(digestOf(bytes));
  });
});

describe('If-Range', () => {
  test('with the blob’s entity tag lets the range through', async () => {
    const answer = await get(PATH, { range: 'bytes=0-3', 'if-range': `"${DIGEST}"` });
    expect([answer.status, await answer.text()]).toEqual([206, '0123']);
  });

  test.each(['"other"', `W/"${DIGEST}"`, DIGEST, 'Mon, 23 Nov 2026 10:00:00 GMT'])(
    'with %s does not, so all is sent',
    async (condition) => {
      const answer = await get(PATH, { range: 'bytes=0-3', 'if-range': condition });
      expect([answer.status, await answer.text()]).toEqual([200, CONTENT]);
    },
  );

  test('with another entity tag spares a range beyond the end its 416', async () => {
    expect((await get(PATH, { range: 'bytes=10-', 'if-range': '"other"' })).status).toBe(200);
  });
});

describe('If-None-Match', () => {
  test.each([`"${DIGEST}"`, `W/"${DIGEST}"`, `"other", "${DIGEST}"`, '*'])(
    'with %s is answered with 304, for GET and HEAD',
    async (known) => {
      for (const method of ['GET', 'HEAD']) {
        const answer = await registry.request(method, PATH, { headers: { 'if-none-match': known } });
        expect(answer.status).toBe(304);
        expect(answer.headers.get('etag')).toBe(`"${DIGEST}"`);
        expect(await answer.text()).toBe('');
      }
    },
  );

  test.each(['"other"', DIGEST, ''])('with %s is answered with the blob', async (known) => {
    expect((await get(PATH, { 'if-none-match': known })).status).toBe(200);
  });

  test('goes before Range', async () => {
    expect((await get(PATH, { 'if-none-match': `"${DIGEST}"`, range: 'bytes=0-3' })).status).toBe(304);
  });

  test('does not make a blob appear that is not there', async () => {
    const path = `/v2/team/web/blobs/${digestOf(Buffer.from('never pushed'))}`;
    expect((await get(path, { 'if-none-match': '*' })).status).toBe(404);
  });
});

test('a blob that is not there is 404, for GET with the reason and for HEAD without', async () => {
  const digest = digestOf(Buffer.from('never pushed'));
  const answer = await get(`/v2/team/web/blobs/${digest}`);
  expect(answer.status).toBe(404);
  expect(await errorOf(answer)).toEqual({ code: 'BLOB_UNKNOWN', message: `team/web has no blob ${digest}` });
  const head = await registry.request('HEAD', `/v2/team/web/blobs/${digest}`);
  expect([head.status, await head.text()]).toEqual([404, '']);
});

test.each([
  'latest',
  'sha256:abc',
  `sha256:${'A'.repeat(64)}`,
  `md5:${'a'.repeat(32)}`,
  '%00',
  '..%2F..%2Fchartroom.db',
])('something that is no digest is refused: %s', async (text) => {
  const answer = await get(`/v2/team/web/blobs/${text}`);
  expect(answer.status).toBe(400);
  expect((await errorOf(answer)).code).toBe('DIGEST_INVALID');
});

test('a blob whose bytes were lost is refused with what heals it, and is not there for HEAD', async () => {
  const digest = await pushBlob(registry, 'team/web', Buffer.from('to be lost'));
  await rm(blobPath(registry.dataDir, digest));
  const answer = await get(`/v2/team/web/blobs/${digest}`);
  const { code, message } = await errorOf(answer);
  expect([answer.status, code]).toEqual([410, 'BLOB_UNKNOWN']);
  expect(message).toMatch(/was damaged or lost in the registry's store.*push the same content again/);
  expect((await registry.request('HEAD', `/v2/team/web/blobs/${digest}`)).status).toBe(404);
});

describe('a blob whose file has another size than was pushed', () => {
  test.each([
    ['shorter', '01234'],
    ['longer', '0123456789abc'],
    ['empty', ''],
  ])('%s is refused at once, which the log explains, and no promise of bytes that never come', async (_what, bytes) => {
    const lines: string[] = [];
    await using folder = await temporaryFolder();
    const defaults = loadConfig({ flags: {}, environment: {} });
    const config = { ...defaults, dataDir: folder.path, auth: 'none' as const };
    await using app = await openApp(config, pino({}, { write: (line: string) => lines.push(line) }));
    const url = await app.server.listen({ host: '127.0.0.1', port: 0 });
    const digest = digestOf(Buffer.from(CONTENT));
    const push = () => fetch(`${url}/v2/team/web/blobs/uploads/?digest=${digest}`, { method: 'POST', body: CONTENT });
    await push();
    await writeFile(blobPath(folder.path, digest), bytes);
    for (const headers of [{}, { range: 'bytes=0-3' }]) {
      const answer = await fetch(`${url}/v2/team/web/blobs/${digest}`, { headers });
      expect(answer.status).toBe(410);
      expect((await errorOf(answer)).message).toContain(`blob ${digest} was damaged or lost`);
    }
    await push();
    const told = (what: string) => lines.filter((line) => line.includes(what)).map((line) => JSON.parse(line));
    expect(told('is damaged in the store')).toMatchObject([
      { level: 50, digest, size: 10, damage: 'size', neededBy: ['team/web'] },
    ]);
    expect(told('is healed: the same content was pushed again')).toMatchObject([
      { level: 30, digest, size: 10, by: 'push', neededBy: ['team/web'] },
    ]);
    await eventually(() => openFilesOf(encodedOf(digest))).toEqual([]);
  });
});

test.skipIf(process.platform !== 'linux')('a client that leaves in the middle leaves no file open', async () => {
  const digest = await pushBlob(registry, 'team/web', Buffer.alloc(32 * 1024 * 1024));
  const isOpen = async (): Promise<boolean> => (await openFilesOf(encodedOf(digest))).length > 0;
  const socket = await open(registry.url);
  socket.pause();
  socket.write(written({ method: 'GET', target: `/v2/team/web/blobs/${digest}` }));
  await eventually(isOpen).toBe(true);
  socket.destroy();
  await eventually(isOpen).toBe(false);
});
