// Pushing a blob: POST then PUT, or one POST; and what is left of a push that fails.
import { afterAll, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { errorOf } from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { eventually } from '../support/eventually.ts';
import { open, sendRaw, written } from '../support/raw-request.ts';
import { storedFiles } from '../support/stored-files.ts';
import { finish, inPieces, standing, startUpload } from '../support/uploads.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

const UUID = '[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}';

async function read(repository: string, digest: string): Promise<string> {
  const answer = await registry.request('GET', `/v2/${repository}/blobs/${digest}`);
  expect(answer.status).toBe(200);
  return await answer.text();
}

test.each(['/v2/team/web/blobs/uploads/', '/v2/team/web/blobs/uploads'])(
  'POST %s opens an upload, whose relative address takes the blob',
  async (path) => {
    const bytes = Buffer.from(`pushed through ${path}`);
    const opened = await registry.request('POST', path);
    expect(opened.status).toBe(202);
    expect(opened.headers.get('location')).toMatch(new RegExp(`^/v2/team/web/blobs/uploads/${UUID}$`));
    expect(opened.headers.get('location')).toContain(opened.headers.get('docker-upload-uuid'));
    expect(opened.headers.get('range')).toBe('0-0');
    const location = opened.headers.get('location') ?? '';
    const created = await finish(registry, location, digestOf(bytes), {
      body: bytes,
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe(`/v2/team/web/blobs/${digestOf(bytes)}`);
    expect(created.headers.get('docker-content-digest')).toBe(digestOf(bytes));
    expect(await read('team/web', digestOf(bytes))).toBe(bytes.toString());
    expect((await standing(registry, location))[0]).toBe(404);
  },
);

test('one POST with the digest pushes a whole blob', async () => {
  const bytes = Buffer.from('single post');
  const answer = await registry.request('POST', `/v2/single/blobs/uploads/?digest=${digestOf(bytes)}`, { body: bytes });
  expect(answer.status).toBe(201);
  expect(answer.headers.get('location')).toBe(`/v2/single/blobs/${digestOf(bytes)}`);
  expect(await read('single', digestOf(bytes))).toBe('single post');
});

test('an empty blob is a blob', async () => {
  const digest = digestOf(Buffer.alloc(0));
  expect((await registry.request('POST', `/v2/empty/blobs/uploads/?digest=${digest}`)).status).toBe(201);
  expect((await finish(registry, await startUpload(registry, 'empty'), digest)).status).toBe(201);
  expect(await read('empty', digest)).toBe('');
});

test('a blob larger than the usual limits of web frameworks is taken', async () => {
  const bytes = Buffer.alloc(5 * 1024 * 1024, 'large ');
  const digest = digestOf(bytes);
  const answer = await registry.request('POST', `/v2/large/blobs/uploads/?digest=${digest}`, { body: bytes });
  expect(answer.status).toBe(201);
  expect(digestOf(Buffer.from(await read('large', digest)))).toBe(digest);
});

test('a body that arrives slowly, in pieces and without a length, is stored whole', async () => {
  const pieces = ['a body ', 'that ', 'takes ', 'its ', 'time'];
  const digest = digestOf(Buffer.from(pieces.join('')));
  const single = await registry.request('POST', `/v2/slow/blobs/uploads/?digest=${digest}`, {
    body: inPieces(...pieces),
  });
  expect(single.status).toBe(201);
  const put = await finish(registry, await startUpload(registry, 'slow'), digest, { body: inPieces(...pieces) });
  expect(put.status).toBe(201);
  expect(await read('slow', digest)).toBe('a body that takes its time');
});

test.each([
  'application/json',
  'application/x-www-form-urlencoded',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/vnd.unknown',
])('a body is taken as bytes, though it says that it is %s', async (type) => {
  const bytes = Buffer.from(`{"not": json &or=form ${type}`);
  const answer = await registry.request('POST', `/v2/typed/blobs/uploads/?digest=${digestOf(bytes)}`, {
    body: bytes,
    headers: { 'content-type': type },
  });
  expect(answer.status).toBe(201);
  expect(await read('typed', digestOf(bytes))).toBe(bytes.toString());
});

test('an empty POST that says it is JSON opens an upload, as crane sends it', async () => {
  const answer = await registry.request('POST', '/v2/crane/blobs/uploads/', {
    headers: { 'content-type': 'application/json' },
  });
  expect(answer.status).toBe(202);
});

test('sha512 digests work in one POST, announced at the start of an upload, or only at its end', async () => {
  const bytes = Buffer.from('sha512');
  const digest = digestOf(bytes, 'sha512');
  const single = await registry.request('POST', `/v2/sha512/a/blobs/uploads/?digest=${digest}`, { body: bytes });
  expect(single.status).toBe(201);
  const opened = await registry.request('POST', '/v2/sha512/b/blobs/uploads/?digest-algorithm=sha512');
  const announced = await finish(registry, opened.headers.get('location') ?? '', digest, { body: bytes });
  expect(announced.status).toBe(201);
  const late = await finish(registry, await startUpload(registry, 'sha512/c'), digest, { body: bytes });
  expect(late.status).toBe(201);
  for (const repository of ['sha512/a', 'sha512/b', 'sha512/c']) expect(await read(repository, digest)).toBe('sha512');
});

test.each(['md5', 'SHA256', 'sha384', ''])('an upload for digest algorithm "%s" is refused', async (algorithm) => {
  const answer = await registry.request('POST', `/v2/other/blobs/uploads/?digest-algorithm=${algorithm}`);
  expect(answer.status).toBe(400);
  expect((await errorOf(answer)).code).toBe('DIGEST_INVALID');
});

test('pushing a blob that is there succeeds again, also ten times at once', async () => {
  const bytes = Buffer.from('pushed by everybody');
  const before = await storedFiles(registry);
  const answers = await Promise.all(
    Array.from({ length: 10 }, () =>
      registry.request('POST', `/v2/busy/blobs/uploads/?digest=${digestOf(bytes)}`, { body: bytes }),
    ),
  );
  expect(answers.map((answer) => answer.status)).toEqual(Array(10).fill(201));
  expect((await storedFiles(registry)).length).toBe(before.length + 1);
  expect(await read('busy', digestOf(bytes))).toBe('pushed by everybody');
});

test('a blob is readable in the repository it was pushed to and in no other', async () => {
  const bytes = Buffer.from('belongs to one');
  await registry.request('POST', `/v2/team/one/blobs/uploads/?digest=${digestOf(bytes)}`, { body: bytes });
  const answer = await registry.request('GET', `/v2/team/other/blobs/${digestOf(bytes)}`);
  expect(answer.status).toBe(404);
  expect((await errorOf(answer)).code).toBe('BLOB_UNKNOWN');
});

test('a blob alone makes no repository', async () => {
  const bytes = Buffer.from('no manifest yet');
  await registry.request('POST', `/v2/blobs-only/blobs/uploads/?digest=${digestOf(bytes)}`, { body: bytes });
  expect((await registry.request('GET', '/v2/blobs-only/tags/list')).status).toBe(404);
  expect(await (await registry.request('GET', '/v2/_catalog')).json()).toEqual({ repositories: [] });
});

test('one POST with another digest than its bytes have is refused and leaves nothing behind', async () => {
  const before = await storedFiles(registry);
  const announced = digestOf(Buffer.from('announced'));
  const answer = await registry.request('POST', `/v2/wrong/blobs/uploads/?digest=${announced}`, { body: 'sent' });
  expect(answer.status).toBe(400);
  expect(await errorOf(answer)).toEqual({
    code: 'DIGEST_INVALID',
    message: `4 bytes arrived with digest ${digestOf(Buffer.from('sent'))}, announced was ${announced}: they were damaged on the way, push again`,
  });
  expect(await storedFiles(registry)).toEqual(before);
  for (const digest of [announced, digestOf(Buffer.from('sent'))]) {
    expect((await registry.request('HEAD', `/v2/wrong/blobs/${digest}`)).status).toBe(404);
  }
});

test('a PUT with another digest than the bytes have is refused, ends the upload and leaves nothing behind', async () => {
  const before = await storedFiles(registry);
  const location = await startUpload(registry, 'wrong');
  const announced = digestOf(Buffer.from('announced'));
  const answer = await finish(registry, location, announced, { body: 'sent' });
  expect(answer.status).toBe(400);
  expect((await errorOf(answer)).code).toBe('DIGEST_INVALID');
  expect((await standing(registry, location))[0]).toBe(404);
  expect(await storedFiles(registry)).toEqual(before);
  expect((await registry.request('HEAD', `/v2/wrong/blobs/${announced}`)).status).toBe(404);
});

const HEX = 'a'.repeat(64);
test.each([
  ['nothing', ''],
  ['no algorithm', HEX],
  ['too few digits', `sha256:${HEX.slice(1)}`],
  ['too many digits', `sha256:${HEX}a`],
  ['upper case', `sha256:${HEX.toUpperCase()}`],
  ['an algorithm we do not have', `md5:${'a'.repeat(32)}`],
  ['a sha512 of sha256 length', `sha512:${HEX}`],
  ['a path', 'sha256:../../../../etc/passwd'],
  ['a line break', `sha256:${HEX}%0a`],
])('a digest that is %s is refused, and the upload can go on', async (_what, digest) => {
  const location = await startUpload(registry, 'digests');
  const answer = await finish(registry, location, digest, { body: 'bytes' });
  expect(answer.status).toBe(400);
  expect((await errorOf(answer)).code).toBe('DIGEST_INVALID');
  const single = await registry.request('POST', `/v2/digests/blobs/uploads/?digest=${digest}`, { body: 'bytes' });
  expect(single.status).toBe(400);
  const again = await finish(registry, location, digestOf(Buffer.from('bytes')), { body: 'bytes' });
  expect(again.status).toBe(201);
});

test('a PUT without a digest is refused', async () => {
  const answer = await registry.request('PUT', await startUpload(registry, 'digests'), { body: 'bytes' });
  expect(answer.status).toBe(400);
  expect((await errorOf(answer)).code).toBe('DIGEST_INVALID');
});

test('a digest that is given twice is refused', async () => {
  const digest = digestOf(Buffer.from('bytes'));
  const location = await startUpload(registry, 'digests');
  const answer = await registry.request('PUT', `${location}?digest=${digest}&digest=${digest}`, { body: 'bytes' });
  expect(answer.status).toBe(400);
});

test('one POST whose body ends early leaves nothing behind', async () => {
  const before = await storedFiles(registry);
  const digest = digestOf(Buffer.alloc(100, 'x'));
  const socket = await open(registry.url);
  const target = `/v2/early/blobs/uploads/?digest=${digest}`;
  socket.write(written({ method: 'POST', target, headers: ['Content-Length: 100'], body: 'x'.repeat(40) }));
  await eventually(async () => (await storedFiles(registry)).length).toBe(before.length + 1);
  socket.destroy();
  await eventually(() => storedFiles(registry)).toEqual(before);
  expect((await registry.request('HEAD', `/v2/early/blobs/${digest}`)).status).toBe(404);
});

test.each([
  ['a negative Content-Length', ['Content-Length: -1']],
  ['a Content-Length beyond all numbers', ['Content-Length: 99999999999999999999999999']],
  ['two lengths', ['Content-Length: 4', 'Content-Length: 5']],
  ['a length and chunks', ['Content-Length: 4', 'Transfer-Encoding: chunked']],
  ['an unknown transfer coding', ['Transfer-Encoding: rot13']],
])('a push with %s is refused and leaves nothing behind', async (_what, headers) => {
  const before = await storedFiles(registry);
  const target = `/v2/lengths/blobs/uploads/?digest=${digestOf(Buffer.from('sent'))}`;
  const answer = await sendRaw(registry.url, { method: 'POST', target, headers, body: 'sent' });
  expect(answer.status).toBe(400);
  await eventually(() => storedFiles(registry)).toEqual(before);
});
