// Uploads in several requests: chunks and their order, and what stays of a chunk that breaks off.
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { errorOf } from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { eventually } from '../support/eventually.ts';
import { open, written } from '../support/raw-request.ts';
import { finish, inPieces, patch, standing, startUpload } from '../support/uploads.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

async function read(repository: string, digest: string): Promise<string> {
  return await (await registry.request('GET', `/v2/${repository}/blobs/${digest}`)).text();
}

/** Sends a request whose body breaks off, once the registry has what was sent of it. */
async function breakOff(
  method: string,
  target: string,
  sent: { readonly announced: number; readonly body: string; readonly arrived: string },
): Promise<void> {
  const socket = await open(registry.url);
  socket.write(written({ method, target, headers: [`Content-Length: ${sent.announced}`], body: sent.body }));
  const location = target.split('?')[0] ?? '';
  await eventually(() => standing(registry, location)).toEqual([204, sent.arrived]);
  socket.destroy();
}

/** Sends a request and three bytes of its body, and nothing more. `answer` is all that comes until the server closes. */
async function leaveHanging(
  method: string,
  target: string,
  header: string,
): Promise<{ readonly answer: Promise<string> }> {
  const socket = await open(registry.url);
  const body = header.startsWith('Content-Length') ? 'abc' : '3\r\nabc\r\n';
  socket.write(
    written({ method, target, headers: [header], body }).replace('Connection: close', 'Connection: keep-alive'),
  );
  await eventually(() => standing(registry, target.split('?')[0] ?? '')).toEqual([204, '0-2']);
  return { answer: text(socket) };
}

describe('chunks in order', () => {
  test('are put together, and each answer says how far the upload has come', async () => {
    const location = await startUpload(registry, 'chunks');
    expect(await standing(registry, location)).toEqual([204, '0-0']);
    const first = await patch(registry, location, 'first ', '0-5');
    expect(first.status).toBe(202);
    expect(first.headers.get('range')).toBe('0-5');
    expect(first.headers.get('location')).toBe(location);
    const second = await patch(registry, location, 'second', '6-11');
    expect([second.status, second.headers.get('range')]).toEqual([202, '0-11']);
    const status = await registry.request('GET', location);
    expect(status.status).toBe(204);
    expect(status.headers.get('range')).toBe('0-11');
    expect(status.headers.get('location')).toBe(location);
    const digest = digestOf(Buffer.from('first second'));
    const created = await finish(registry, location, digest);
    expect(created.status).toBe(201);
    expect(await read('chunks', digest)).toBe('first second');
  });

  test('may end with one in the closing PUT', async () => {
    const location = await startUpload(registry, 'chunks');
    await patch(registry, location, 'first ', '0-5');
    const digest = digestOf(Buffer.from('first last'));
    const headers = { 'content-range': '6-9' };
    expect((await finish(registry, location, digest, { body: 'last', headers })).status).toBe(201);
    expect(await read('chunks', digest)).toBe('first last');
  });

  test('need no range: one without continues at the end, as docker streams it', async () => {
    const location = await startUpload(registry, 'chunks');
    const streamed = await registry.request('PATCH', location, { body: inPieces('stre', 'am', 'ed ') });
    expect([streamed.status, streamed.headers.get('range')]).toEqual([202, '0-8']);
    await patch(registry, location, 'twice');
    const digest = digestOf(Buffer.from('streamed twice'));
    expect((await finish(registry, location, digest)).status).toBe(201);
    expect(await read('chunks', digest)).toBe('streamed twice');
  });

  test('may have the range in the form of RFC 9110', async () => {
    const location = await startUpload(registry, 'chunks');
    expect((await patch(registry, location, 'abc', 'bytes 0-2/*')).status).toBe(202);
    expect((await patch(registry, location, 'def', 'bytes 3-5/6')).status).toBe(202);
    expect((await finish(registry, location, digestOf(Buffer.from('abcdef')))).status).toBe(201);
  });

  test('may be empty', async () => {
    const location = await startUpload(registry, 'chunks');
    await patch(registry, location, 'abc');
    const answer = await registry.request('PATCH', location);
    expect([answer.status, answer.headers.get('range')]).toEqual([202, '0-2']);
  });
});

describe('a chunk out of order', () => {
  test.each([
    ['repeated', '0-2'],
    ['overlapping', '2-4'],
    ['leaving a gap', '4-6'],
    ['far away', '900000000000000-900000000000002'],
  ])('that is %s gets 416 with where the upload stands, and changes nothing', async (_what, range) => {
    const location = await startUpload(registry, 'order');
    await patch(registry, location, 'abc', '0-2');
    const answer = await patch(registry, location, 'xyz', range);
    expect(answer.status).toBe(416);
    expect(answer.headers.get('range')).toBe('0-2');
    expect(answer.headers.get('location')).toBe(location);
    expect((await errorOf(answer)).code).toBe('BLOB_UPLOAD_INVALID');
    expect((await patch(registry, location, 'def', '3-5')).status).toBe(202);
    expect((await finish(registry, location, digestOf(Buffer.from('abcdef')))).status).toBe(201);
  });

  test('in the closing PUT gets 416 with the address to go on at, and the upload stays', async () => {
    const location = await startUpload(registry, 'order');
    await patch(registry, location, 'abc', '0-2');
    const digest = digestOf(Buffer.from('abcdef'));
    const headers = { 'content-range': '0-2' };
    const answer = await finish(registry, location, digest, { body: 'def', headers });
    expect(answer.status).toBe(416);
    expect(answer.headers.get('range')).toBe('0-2');
    expect(answer.headers.get('location')).toBe(location);
    expect((await finish(registry, location, digest, { body: 'def' })).status).toBe(201);
  });

  test('as the first one gets 416', async () => {
    const location = await startUpload(registry, 'order');
    const answer = await patch(registry, location, 'abc', '1-3');
    expect([answer.status, answer.headers.get('range')]).toEqual([416, '0-0']);
  });
});

describe('a range that cannot be', () => {
  test.each([
    '5-2',
    '-5-10',
    '-3',
    '0-',
    'a-b',
    '0-2,3-5',
    '0x0-0x2',
    '0-99999999999999999999',
    '+0-2',
    '0 - 2',
    '0-2/a',
  ])('"%s" is refused, and changes nothing', async (range) => {
    const location = await startUpload(registry, 'ranges');
    const answer = await patch(registry, location, 'abc', range);
    expect(answer.status).toBe(400);
    expect((await errorOf(answer)).code).toBe('BLOB_UPLOAD_INVALID');
    expect(await standing(registry, location)).toEqual([204, '0-0']);
  });

  test.each(['0-3', '0-1', '0-999999'])('"%s" for three bytes is refused, and changes nothing', async (range) => {
    const location = await startUpload(registry, 'ranges');
    const answer = await patch(registry, location, 'abc', range);
    expect(answer.status).toBe(400);
    expect((await errorOf(answer)).code).toBe('SIZE_INVALID');
    expect(await standing(registry, location)).toEqual([204, '0-0']);
  });

  test.each(['3-9', '3-4'])('"%s" for three streamed bytes is refused, and they are cut off again', async (range) => {
    const location = await startUpload(registry, 'ranges');
    await patch(registry, location, 'abc');
    const headers = { 'content-range': range };
    const answer = await registry.request('PATCH', location, { body: inPieces('d', 'ef'), headers });
    expect(answer.status).toBe(400);
    expect((await errorOf(answer)).code).toBe('SIZE_INVALID');
    expect(await standing(registry, location)).toEqual([204, '0-2']);
    expect((await finish(registry, location, digestOf(Buffer.from('abc')))).status).toBe(201);
  });
});

describe('a body that ends early', () => {
  test('leaves the upload at what arrived, and PATCH and PUT go on from there', async () => {
    const location = await startUpload(registry, 'early');
    await breakOff('PATCH', location, { announced: 1000, body: 'arrived ', arrived: '0-7' });
    expect(await standing(registry, location)).toEqual([204, '0-7']);
    expect((await patch(registry, location, 'went on ', '8-15')).status).toBe(202);
    const digest = digestOf(Buffer.from('arrived went on ended'));
    expect((await finish(registry, location, digest, { body: 'ended' })).status).toBe(201);
    expect(await read('early', digest)).toBe('arrived went on ended');
  });

  test('in the closing PUT leaves the upload open as well', async () => {
    const location = await startUpload(registry, 'early');
    await patch(registry, location, 'abc');
    const digest = digestOf(Buffer.from('abcdefghi'));
    await breakOff('PUT', `${location}?digest=${digest}`, { announced: 6, body: 'def', arrived: '0-5' });
    expect((await patch(registry, location, 'ghi', '6-8')).status).toBe(202);
    expect((await finish(registry, location, digest)).status).toBe(201);
  });

  test('with a range is resumed at the byte that is missing', async () => {
    const location = await startUpload(registry, 'early');
    const socket = await open(registry.url);
    const headers = ['Content-Length: 9', 'Content-Range: 0-8'];
    socket.write(written({ method: 'PATCH', target: location, headers, body: 'abc' }));
    await eventually(() => standing(registry, location)).toEqual([204, '0-2']);
    socket.destroy();
    expect((await patch(registry, location, 'abcdefghi', '0-8')).status).toBe(416);
    expect((await patch(registry, location, 'defghi', '3-8')).status).toBe(202);
    expect((await finish(registry, location, digestOf(Buffer.from('abcdefghi')))).status).toBe(201);
  });

  test('since the client closes its side of the connection gets 400, and leaves what arrived', async () => {
    const location = await startUpload(registry, 'early');
    const socket = await open(registry.url);
    const answer = once(socket, 'data') as Promise<[Buffer]>;
    socket.write(written({ method: 'PATCH', target: location, headers: ['Content-Length: 9'], body: 'abc' }));
    await eventually(() => standing(registry, location)).toEqual([204, '0-2']);
    socket.end();
    expect((await answer)[0].toString()).toMatch(/^HTTP\/1\.1 400 /);
    expect((await patch(registry, location, 'def')).status).toBe(202);
    expect((await finish(registry, location, digestOf(Buffer.from('abcdef')))).status).toBe(201);
  });
});

test('an upload goes on after a restart, also where a chunk broke off before it', async () => {
  const location = await startUpload(registry, 'restarted');
  await patch(registry, location, 'before ');
  await breakOff('PATCH', location, { announced: 1000, body: 'and ', arrived: '0-10' });
  await registry.restart();
  expect(await standing(registry, location)).toEqual([204, '0-10']);
  expect((await patch(registry, location, 'after', '11-15')).status).toBe(202);
  const digest = digestOf(Buffer.from('before and after'));
  expect((await finish(registry, location, digest)).status).toBe(201);
  expect(await read('restarted', digest)).toBe('before and after');
});

describe('requests that meet on one upload', () => {
  test.each(['Content-Length: 9', 'Transfer-Encoding: chunked'])(
    'do not wait for a body that came to a standstill (%s): the newest goes on at its last byte',
    async (header) => {
      const location = await startUpload(registry, 'meeting');
      const stalled = await leaveHanging('PATCH', location, header);
      expect((await patch(registry, location, 'defghi', '3-8')).status).toBe(202);
      expect(await stalled.answer).toMatch(
        /^HTTP\/1\.1 400 [\s\S]*BLOB_UPLOAD_INVALID[\s\S]*another request goes on with this upload/,
      );
      expect((await finish(registry, location, digestOf(Buffer.from('abcdefghi')))).status).toBe(201);
    },
  );

  test('do not wait for a closing PUT that came to a standstill either', async () => {
    const location = await startUpload(registry, 'meeting');
    const digest = digestOf(Buffer.from('abcdefghi'));
    const stalled = await leaveHanging('PUT', `${location}?digest=${digest}`, 'Content-Length: 9');
    const headers = { 'content-range': '3-8' };
    expect((await finish(registry, location, digest, { body: 'defghi', headers })).status).toBe(201);
    expect(await stalled.answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(await read('meeting', digest)).toBe('abcdefghi');
  });

  test('stop the one before also when they are refused: an equal chunk is out of order by then', async () => {
    const location = await startUpload(registry, 'meeting');
    const stalled = await leaveHanging('PATCH', location, 'Content-Length: 6');
    const answer = await patch(registry, location, 'abcdef', '0-5');
    expect([answer.status, answer.headers.get('range')]).toEqual([416, '0-2']);
    expect(await stalled.answer).toMatch(/^HTTP\/1\.1 400 /);
    expect((await finish(registry, location, digestOf(Buffer.from('abcdef')), { body: 'def' })).status).toBe(201);
  });

  test('see what arrived of a chunk that breaks off', async () => {
    const location = await startUpload(registry, 'meeting');
    const slow = await open(registry.url);
    slow.write(written({ method: 'PATCH', target: location, headers: ['Content-Length: 6'], body: 'abc' }));
    await eventually(() => standing(registry, location)).toEqual([204, '0-2']);
    const retried = patch(registry, location, 'def', '3-5');
    slow.destroy();
    expect((await retried).status).toBe(202);
    expect((await finish(registry, location, digestOf(Buffer.from('abcdef')))).status).toBe(201);
  });

  test('never mix their bytes: of 20 chunks at once for the same place one is taken, the others are out of order or given up', async () => {
    const location = await startUpload(registry, 'meeting');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => patch(registry, location, String(index).padStart(4, '0'), '0-3')),
    );
    const taken = answers.findIndex((answer) => answer.status === 202);
    expect(answers.filter((answer) => answer.status === 416 || answer.status === 400)).toHaveLength(19);
    const digest = digestOf(Buffer.from(String(taken).padStart(4, '0')));
    expect((await finish(registry, location, digest)).status).toBe(201);
  });

  test('of two that end it one succeeds, and the other finds it gone', async () => {
    const location = await startUpload(registry, 'meeting');
    await patch(registry, location, 'abc');
    const digest = digestOf(Buffer.from('abc'));
    const answers = await Promise.all([finish(registry, location, digest), finish(registry, location, digest)]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 404]);
    expect(await read('meeting', digest)).toBe('abc');
  });
});
