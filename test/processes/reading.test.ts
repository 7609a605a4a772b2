// Two processes on one address: what the one has acknowledged, the other one has, and what was taken away is gone in both.
import { once } from 'node:events';
import { truncate } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { prepareChart, pushArtifact, pushBlob, pushChart } from '../support/artifacts.ts';
import { blobPath } from '../support/blob-path.ts';
import { runChartroom, type TemporaryFolder, temporaryFolder } from '../support/chartroom-process.ts';
import {
  ADMIN,
  type Answer,
  type Connection,
  startTwoProcesses,
  type TwoProcesses,
} from '../support/several-processes.ts';

let folder: TemporaryFolder;
let both: TwoProcesses;

beforeAll(async () => {
  folder = await temporaryFolder();
  both = await startTwoProcesses(folder.path);
});
afterAll(async () => {
  await both?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

test('each process answers reads of its own connections, and says so in the log', async () => {
  const { reader, main, readerPid, server } = both;
  await pushChart(asRegistry(main), 'team/web', { name: 'web', version: '1.0.0' });
  const token = await tokenFor('team/web:pull');
  const path = '/v2/team/web/manifests/1.0.0';
  await loggedTimes(path, 1);
  const answers = [await reader.send('GET', path, { as: token }), await main.send('GET', path, { as: token })];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(answers[0]?.text).toBe(answers[1]?.text);
  expect(headersOf(answers[0])).toEqual(headersOf(answers[1]));
  await loggedTimes(path, 3);
  expect(both.logged(path).filter(({ method }) => method === 'GET')).toMatchObject([
    { pid: readerPid, status: 200, principal: 'admin', address: '127.0.0.1' },
    { pid: server.child.pid, status: 200, principal: 'admin', address: '127.0.0.1' },
  ]);
});

test('what was pushed over one connection is there at once on the other, whichever process has it', async () => {
  const token = await tokenFor('team/seen:pull');
  for (let round = 0; round < 20; round += 1) {
    const [pushing, reading] = round % 2 === 0 ? [both.main, both.reader] : [both.reader, both.main];
    const pushed = await pushArtifact(asRegistry(pushing), 'team/seen', 'moving', `content ${round}`);
    expect(pushed.status).toBe(201);
    const read = await reading.send('GET', '/v2/team/seen/manifests/moving', { as: token });
    expect([read.status, read.headers['docker-content-digest']]).toEqual([
      200,
      pushed.headers.get('docker-content-digest'),
    ]);
    const tag = `tag-${round}`;
    await pushArtifact(asRegistry(pushing), 'team/seen', tag, `content ${round}`);
    const tags = await reading.send('GET', '/v2/team/seen/tags/list', { as: token });
    expect(JSON.parse(tags.text).tags).toContain(tag);
  }
});

test('what is not read with a token is answered by the main process alone, with the same words on each connection', async () => {
  const token = await tokenFor('team/web:pull');
  const requests: (readonly [method: string, path: string, as: string | undefined])[] = [
    ['GET', '/v2/', ADMIN],
    ['GET', '/v2/team/other/manifests/1.0.0', token],
    ['GET', '/v2/team/web/manifests/9.9.9', token],
    ['GET', '/v2/team/web/manifests/1.0.0', undefined],
    ['GET', '/v2/team/web/manifests/1.0.0', 'Bearer nonsense'],
    ['GET', '/v2/team/web/blobs/sha256:1', token],
    ['GET', '/v2/TEAM/tags/list', token],
    ['GET', '/v2/team/web/manifests/%', token],
    ['DELETE', '/v2/team/web/manifests/1.0.0', token],
    ['GET', '/readyz', undefined],
    ['GET', '/nowhere', undefined],
    ['GET', '/team/index.yaml', ADMIN],
    ['GET', '/team/index.yaml?urls=oci', ADMIN],
    ['GET', '/api/v1/charts', ADMIN],
  ];
  for (const [method, target, as] of requests) {
    const [path = ''] = target.split('?');
    const before = both.logged(path).length;
    const [one, other] = [await both.main.send(method, target, { as }), await both.reader.send(method, target, { as })];
    expect([target, other.status, other.text]).toEqual([target, one.status, one.text]);
    if (target.endsWith('?urls=oci')) expect(one.text).toContain(`oci://${new URL(both.server.url).host}/team/web`);
    expect(headersOf(other)).toEqual(headersOf(one));
    // Neither what asks how it is, nor what is no address, has a line at this level.
    if (path === '/readyz' || path.endsWith('%')) continue;
    await loggedTimes(path, before + 2);
    const pids = both
      .logged(path)
      .slice(before)
      .map(({ pid }) => pid);
    expect([path, ...pids]).toEqual([path, both.server.child.pid, both.server.child.pid]);
  }
});

test('a user who is removed is refused with the next request, also by the process that has seen the token before', async () => {
  await chartroom('user add ann --password-stdin', 'password-of-ann\n');
  await chartroom('grant add ann reader team');
  const as = `Basic ${Buffer.from('ann:password-of-ann').toString('base64')}`;
  const token = await tokenFor('team/web:pull', as);
  const path = '/v2/team/web/tags/list';
  const statuses = async () =>
    await Promise.all(
      [both.reader, both.main].map(async (each) => (await each.send('GET', path, { as: token })).status),
    );
  expect(await statuses()).toEqual([200, 200]);
  await chartroom('grant remove ann team');
  expect(await statuses()).toEqual([404, 404]);
  await chartroom('grant add ann reader team');
  expect(await statuses()).toEqual([200, 200]);
  await chartroom('user remove ann');
  expect(await statuses()).toEqual([401, 401]);
});

test('what is made public can be read by nobody in particular, until it is private again', async () => {
  await pushArtifact(asRegistry(both.main), 'open/web', 'latest', 'for all');
  const status = async () => (await both.reader.send('GET', '/v2/open/web/manifests/latest', { as: undefined })).status;
  expect(await status()).toBe(401);
  await chartroom('namespace set open --visibility public');
  expect(await status()).toBe(200);
  await chartroom('namespace set open --visibility private');
  expect(await status()).toBe(401);
});

test('a blob that the disk has changed is given to nobody, and its damage recorded', async () => {
  const bytes = Buffer.from('as it was pushed');
  const digest = await pushBlob(asRegistry(both.main), 'team/damaged', bytes);
  const token = await tokenFor('team/damaged:pull');
  const path = `/v2/team/damaged/blobs/${digest}`;
  expect(await both.reader.send('GET', path, { as: token })).toMatchObject({ status: 200, text: 'as it was pushed' });
  await truncate(blobPath(join(folder.path, 'data'), digest), 3);
  const refused = await both.reader.send('GET', path, { as: token });
  expect(refused.status).toBe(410);
  expect(both.server.stdout()).toContain(`"digest":"${digest}"`);
});

test('a large body goes through whole, and one that is too large is refused in words', async () => {
  const bytes = Buffer.alloc(20 * 1024 * 1024, 'chart');
  const digest = await pushBlob(asRegistry(both.reader), 'team/large', bytes);
  expect(digest).toBe(digestOf(bytes));
  const read = await both.main.send('GET', `/v2/team/large/blobs/${digest}`);
  expect(digestOf(Buffer.from(read.text))).toBe(digest);
  const { manifest } = await prepareChart(asRegistry(both.main), 'team/web', { name: 'web', version: '2.0.0' });
  const padded = Buffer.concat([manifest, Buffer.alloc(5 * 1024 * 1024, ' ')]);
  const refused = await both.reader.send('PUT', '/v2/team/web/manifests/2.0.0', { body: padded });
  expect([refused.status, refused.text]).toEqual([413, expect.stringContaining('a manifest may have 4 MiB')]);
});

test('a body that is announced too large is refused before it comes', async () => {
  const headers = { authorization: ADMIN, 'content-length': 5 * 1024 * 1024 };
  for (let round = 0; round < 2; round += 1) {
    // Over a new connection each: one of them is the reader's.
    const push = request(`${both.server.url}/v2/team/web/manifests/3.0.0`, { method: 'PUT', headers, agent: false });
    push.flushHeaders();
    const [answer] = await once(push, 'response');
    expect(answer.statusCode).toBe(413);
    push.on('error', () => undefined).destroy();
  }
});

test('two Host headers are refused, whichever process has the connection', async () => {
  const headers = ['Host', 'one', 'Host', 'other', 'Authorization', ADMIN];
  for (const connection of [both.reader, both.main]) {
    const { status, text } = await connection.send('GET', '/v2/team/web/tags/list', { headers });
    expect([status, text]).toEqual([400, expect.stringContaining('one Host header')]);
  }
});

async function tokenFor(scope: string, as = ADMIN): Promise<string> {
  const { text } = await both.main.send('GET', `/token?scope=repository:${scope}`, { as });
  return `Bearer ${JSON.parse(text).token}`;
}

async function chartroom(words: string, input?: string): Promise<void> {
  const options = { folder: folder.path, ...(input === undefined ? {} : { input }) };
  const { code, stderr } = await runChartroom(words.split(' '), options);
  if (code !== 0) throw new Error(stderr);
}

/** What pushes for tests asks of a registry. */
function asRegistry({ registry }: Connection): Parameters<typeof pushBlob>[0] {
  return registry as Parameters<typeof pushBlob>[0];
}

/** Those that say something: not of the moment, nor of the connection. */
function headersOf(answer: Answer | undefined): object {
  const { date, 'x-request-id': _id, ...headers } = answer?.headers ?? {};
  return headers;
}

/** Waits for the log, which is written after the answer. */
async function loggedTimes(path: string, times: number): Promise<void> {
  await expect.poll(() => [path, both.logged(path).length], { timeout: 10_000 }).toEqual([path, times]);
}
