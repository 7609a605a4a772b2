// Forms that are wrong, endless or larger than they may be: each gets its answer, and leaves nothing on the disk.
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';
import { eventually } from '../support/eventually.ts';
import { open, sendRaw, written } from '../support/raw-request.ts';
import { storedFiles } from '../support/stored-files.ts';
import { archiveOf, refusalOf, signed, uploadForm } from './support/uploads.ts';

const WEB = { name: 'web', version: '1.0.0' };
const BOUNDARY = 'xYz';
const TYPE = `Content-Type: multipart/form-data; boundary=${BOUNDARY}`;
const MEBIBYTE = 1024 * 1024;
/** bytes; more than a chart may have, and than a form may have around it */
const ENDLESS = 120 * MEBIBYTE;

let registry: TestRegistry;
let stored: readonly string[];
let archive: Buffer;
beforeAll(async () => {
  registry = await startRegistry();
  archive = await archiveOf(WEB);
  stored = await storedFiles(registry);
});
afterEach(async () => {
  await eventually(() => storedFiles(registry)).toEqual(stored);
});
afterAll(() => registry[Symbol.asyncDispose]());

/** The head of a part. */
function part(name: string, filename = 'file'): string {
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\n\r\n`;
}

/** A body that is sent as it is, as a whole and with its length. */
async function send(body: string, type = TYPE): Promise<readonly [status: number, error: string]> {
  const headers = [type, `Content-Length: ${Buffer.byteLength(body)}`];
  const answer = await sendRaw(registry.url, { method: 'POST', target: '/api/team/charts', headers, body });
  return [answer.status, (JSON.parse(answer.body) as { error: string }).error];
}

/** A body of bytes without end, behind a beginning: more and more until the server does not take it any more. */
async function sendEndlessly(beginning: string): Promise<Response> {
  let sent = 0;
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(Buffer.from(beginning)),
    pull: (controller) => {
      sent += MEBIBYTE;
      if (sent > ENDLESS) controller.close();
      else controller.enqueue(Buffer.alloc(MEBIBYTE, 'x'));
    },
  });
  const headers = { 'content-type': TYPE.slice('Content-Type: '.length) };
  return await registry.request('POST', '/api/team/charts', { body, headers });
}

describe('a form is refused', () => {
  test.each([
    ['without a boundary', part('chart'), 'Content-Type: multipart/form-data', 'Boundary not found'],
    ['that has another boundary', '--other\r\n\r\n\r\n--other--\r\n', TYPE, 'the form cannot be taken'],
    ['that is empty', '', TYPE, 'neither a file "chart" nor a file "prov"'],
    ['that has no part', `--${BOUNDARY}--\r\n`, TYPE, 'neither a file "chart" nor a file "prov"'],
    ['that ends in the middle of a file', `${part('chart')}half of it`, TYPE, 'the form cannot be taken'],
    ['that ends behind a file', `${part('chart')}x\r\n--${BOUNDARY}\r\n`, TYPE, 'the form cannot be taken'],
    [
      'that ends in the middle of a head',
      `--${BOUNDARY}\r\nContent-Disposition: form-data; na`,
      TYPE,
      'the form cannot',
    ],
    ['that has other files only', `${part('other')}x\r\n--${BOUNDARY}--\r\n`, TYPE, 'neither a file "chart"'],
    ['with an empty file', `${part('chart')}\r\n--${BOUNDARY}--\r\n`, TYPE, 'the file is empty'],
    [
      'with a name that no field may have',
      `${part('constructor')}x\r\n--${BOUNDARY}--\r\n`,
      TYPE,
      'a name that none may',
    ],
    ['with a name without end', `${part('n'.repeat(200_000))}x\r\n--${BOUNDARY}--\r\n`, TYPE, 'neither a file "chart"'],
    ['with a part without a name', `--${BOUNDARY}\r\n\r\nx\r\n--${BOUNDARY}--\r\n`, TYPE, 'neither a file "chart"'],
  ])('%s', async (_what, body, type, message) => {
    expect(await send(body, type)).toEqual([400, expect.stringContaining(message)]);
  });

  test('with two charts, the first of which is discarded', async () => {
    const answer = await uploadForm(registry, '/api/team/charts', { chart: [archive, archive] });
    expect(await refusalOf(answer)).toEqual([400, 'the form has two files "chart": send one']);
  });

  test('with more parts than any client sends', async () => {
    const parts = (count: number) => Array.from({ length: count }, (_, at) => `${part(`field-${at}`)}x\r\n`).join('');
    expect(await send(`${parts(10)}--${BOUNDARY}--\r\n`)).toEqual([400, expect.stringContaining('neither a file')]);
    expect(await send(`${parts(11)}--${BOUNDARY}--\r\n`)).toEqual([
      400,
      expect.stringContaining('more than 10 fields'),
    ]);
    expect((await send(`${parts(20_000)}--${BOUNDARY}--\r\n`))[0]).toBe(400);
  });

  test('with headers without end in a part', async () => {
    const headers = Array.from({ length: 5_000 }, (_, at) => `X-${at}: ${'v'.repeat(50)}\r\n`).join('');
    expect((await send(`--${BOUNDARY}\r\n${headers}\r\nx\r\n--${BOUNDARY}--\r\n`))[0]).toBe(400);
  });
});

describe('a form without end is refused once it is larger than it may be', () => {
  test.each([
    ['in its chart', part('chart'), 'too large for a packed chart'],
    ['in its provenance file', part('prov'), 'too large for a provenance file'],
    ['in a file that nobody reads', part('other'), 'the form is too large'],
    ['before its first part', 'x', 'the form is too large'],
    ['behind its last part', `${part('other')}x\r\n--${BOUNDARY}--\r\n`, 'the form is too large'],
  ])('%s', async (_where, beginning, message) => {
    const answer = await sendEndlessly(beginning);
    expect(await refusalOf(answer)).toEqual([413, expect.stringContaining(message)]);
  });

  test('behind a chart that was taken, which is discarded', async () => {
    const beginning = `${part('chart')}${'c'.repeat(MEBIBYTE)}\r\n${part('other')}`;
    expect((await refusalOf(await sendEndlessly(beginning)))[0]).toBe(413);
  });

  test('and so is a body that is a chart without end', async () => {
    let sent = 0;
    const body = new ReadableStream({
      pull: (controller) => {
        sent += MEBIBYTE;
        if (sent > ENDLESS) controller.close();
        else controller.enqueue(Buffer.alloc(MEBIBYTE));
      },
    });
    const answer = await registry.request('POST', '/api/team/charts', { body });
    expect(await refusalOf(answer)).toEqual([413, expect.stringContaining('too large for a packed chart')]);
  });

  test('a blob that is larger than the setting allows is no chart either', async () => {
    await using small = await startRegistry({ maximumBlobBytes: 100 });
    const answer = await uploadForm(small, '/api/team/charts', { chart: archive });
    expect(await refusalOf(answer)).toEqual([413, expect.stringContaining('maximumBlobBytes')]);
    expect(await storedFiles(small)).toEqual([]);
  });
});

describe('what announces that it is larger than it may be is refused before it is sent', () => {
  const announced = async (target: string, bytes: number, type: string) => {
    const socket = await open(registry.url);
    const answer = once(socket, 'data') as Promise<[Buffer]>;
    socket.write(written({ method: 'POST', target, headers: [`Content-Length: ${bytes}`, type] }));
    const [received] = await answer;
    socket.destroy();
    return received.toString();
  };

  test.each([
    ['a chart', '/api/team/charts', 111 * MEBIBYTE, 'Content-Type: application/gzip', 'too large for a packed chart'],
    [
      'a provenance file',
      '/api/team/prov',
      2 * MEBIBYTE,
      'Content-Type: text/plain',
      'too large for a provenance file',
    ],
    ['a form', '/api/team/charts', ENDLESS, TYPE, 'the form is too large'],
  ])('%s', async (_what, target, bytes, type, message) => {
    const answer = await announced(target, bytes, type);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain(message);
  });
});

describe('a client that goes away', () => {
  test.each([
    ['in the middle of a form', TYPE, part('chart')],
    ['in the middle of a chart', 'Content-Type: application/gzip', ''],
  ])('%s leaves nothing behind', async (_where, type, beginning) => {
    const socket = await open(registry.url);
    const headers = [type, 'Content-Length: 1000000'];
    socket.write(written({ method: 'POST', target: '/api/team/charts', headers, body: `${beginning}some bytes` }));
    await eventually(() => storedFiles(registry)).not.toEqual(stored);
    socket.destroy();
    await once(socket, 'close');
    await eventually(() => storedFiles(registry)).toEqual(stored);
  });
});

test('after a refused form another one is taken', async () => {
  const { chart, prov } = await signed({ name: 'other', version: '1.0.0' });
  await using fresh = await startRegistry();
  expect((await uploadForm(fresh, '/api/charts', { chart: [chart, chart] })).status).toBe(400);
  expect((await uploadForm(fresh, '/api/charts', { chart, prov })).status).toBe(201);
});
