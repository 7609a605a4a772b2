// When there is no room: what is refused and in which words, what goes on, and that it passes by itself.
import { connect } from 'node:net';
import { afterAll, afterEach, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { errorOf, prepareChart, pushBlob, pushChart, putManifest } from '../support/artifacts.ts';
import { ADMIN, startRegistry } from '../support/start-registry.ts';
import { FOUND_ROOM, StorageFaults } from '../support/storage-faults.ts';
import { refusalOf, upload } from './classic/support/uploads.ts';
import { eventually } from './support/eventually.ts';
import { storedFiles } from './support/stored-files.ts';
import { finish, inPieces, patch, standing, startUpload } from './support/uploads.ts';

const MESSAGE =
  'the registry has no room left for this, and stored nothing of it; what is there can be pulled as before: ask its operator to make room, and then try again';
const NO_ROOM = { freeBytes: 0, totalBytes: 1e12, freeFiles: undefined };
const BYTES = Buffer.from('some bytes');
const DIGEST = digestOf(BYTES);

const faults = new StorageFaults();
const registry = await startRegistry({}, systemClock, faults);
afterAll(() => registry[Symbol.asyncDispose]());
afterEach(async () => {
  faults.blobs.clear();
  faults.space = undefined;
  await faults.fillDatabase(false);
  await eventually(readiness).toBe('ok\n');
});

async function readiness(): Promise<string> {
  return await (await registry.request('GET', '/readyz')).text();
}

async function runOutOfRoom(): Promise<void> {
  faults.space = NO_ROOM;
  await eventually(readiness).toBe('ok\ndegraded: the storage is full, pushes are refused\n');
}

async function refused(answer: Response): Promise<void> {
  expect([answer.status, await errorOf(answer)]).toEqual([507, { code: 'UNKNOWN', message: MESSAGE }]);
}

test('while only the reserve is left, everything that pushes is refused with 507, and takes up nothing', async () => {
  const { manifest } = await prepareChart(registry, 'team/early', { name: 'early', version: '1.0.0' });
  const blob = await pushBlob(registry, 'team/one', BYTES);
  const begun = await startUpload(registry, 'team/web');
  const before = await storedFiles(registry);
  await runOutOfRoom();
  await refused(await registry.request('POST', '/v2/team/web/blobs/uploads/'));
  await refused(await registry.request('POST', `/v2/team/web/blobs/uploads/?digest=${DIGEST}`, { body: BYTES }));
  await refused(await registry.request('POST', `/v2/team/web/blobs/uploads/?mount=${blob}&from=team/one`));
  await refused(await patch(registry, begun, 'some bytes'));
  await refused(await registry.request('PATCH', begun, { body: inPieces('some ', 'bytes') }));
  await refused(await finish(registry, begun, DIGEST, { body: BYTES }));
  await refused(await putManifest(registry, 'team/early', '1.0.0', manifest));
  expect(await refusalOf(await upload(registry, 'team', { name: 'web', version: '1.0.0' }))).toEqual([507, MESSAGE]);
  expect(await storedFiles(registry)).toEqual(before);
  expect(await standing(registry, begun)).toEqual([204, '0-0']);
});

test('while only the reserve is left, all can be read, people managed and charts deleted; then pushes go on', async () => {
  await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0' });
  await pushChart(registry, 'team/web', { name: 'web', version: '2.0.0' });
  const { manifest, archive } = await prepareChart(registry, 'team/web', { name: 'web', version: '3.0.0' });
  const begun = await startUpload(registry, 'team/web');
  await patch(registry, begun, 'some bytes');
  await runOutOfRoom();
  for (const path of [
    '/v2/team/web/manifests/1.0.0',
    `/v2/team/web/blobs/${digestOf(archive)}`,
    '/v2/team/web/tags/list',
    '/v2/_catalog',
    '/token?scope=repository:team/web:pull,push',
    '/team/index.yaml',
    '/api/v1/search?q=web',
    '/api/v1/charts/team/web/-/versions/1.0.0',
  ]) {
    expect([path, (await registry.request('GET', path)).status]).toEqual([path, 200]);
  }
  const user = { name: 'somebody', password: 'a long password' };
  const json = { body: JSON.stringify(user), headers: { 'content-type': 'application/json' } };
  expect((await registry.request('POST', '/api/v1/users', json)).status).toBe(201);
  expect((await registry.request('DELETE', '/v2/team/web/manifests/2.0.0')).status).toBe(202);
  // All of it has arrived: that it becomes a blob takes no room.
  expect((await finish(registry, begun, DIGEST)).status).toBe(201);
  faults.space = undefined;
  await eventually(async () => (await putManifest(registry, 'team/web', '3.0.0', manifest)).status).toBe(201);
});

test('a body for which there is no room is refused before it is sent, and one whose length is not known when it is too long', async () => {
  faults.space = { freeBytes: 51_000, totalBytes: 1_000_000, freeFiles: undefined };
  await eventually(readiness).toBe('ok\ndegraded: the storage is nearly full, pushes will be refused soon\n');
  const begun = await startUpload(registry, 'team/large');
  await refused(await patch(registry, begun, 'x'.repeat(1_001)));
  await refused(await registry.request('PATCH', begun, { body: inPieces('x'.repeat(999), 'xx') }));
  expect(await standing(registry, begun)).toEqual([204, '0-0']);
  expect((await patch(registry, begun, 'x'.repeat(999))).status).toBe(202);
});

test.each(['ENOSPC', 'EDQUOT'])(
  'a chunk that ends in %s leaves its upload as it was, which then goes on',
  async (code) => {
    const begun = await startUpload(registry, 'team/web');
    expect((await patch(registry, begun, 'some ')).status).toBe(202);
    faults.blobs.set('append', code);
    await refused(await patch(registry, begun, 'bytes'));
    await refused(await finish(registry, begun, DIGEST, { body: 'bytes' }));
    expect(await standing(registry, begun)).toEqual([204, '0-4']);
    faults.blobs.clear();
    expect((await finish(registry, begun, DIGEST, { body: 'bytes' })).status).toBe(201);
    const answer = await registry.request('GET', `/v2/team/web/blobs/${DIGEST}`);
    expect(await answer.text()).toBe('some bytes');
  },
);

test('a blob in one request, and a classic upload, that find no room leave nothing behind', async () => {
  const before = await storedFiles(registry);
  faults.blobs.set('append', 'ENOSPC');
  expect(FOUND_ROOM).toBeLessThan(BYTES.length);
  await refused(await registry.request('POST', `/v2/team/web/blobs/uploads/?digest=${DIGEST}`, { body: BYTES }));
  expect((await refusalOf(await upload(registry, 'team', { name: 'web', version: '5.0.0' })))[0]).toBe(507);
  expect(await storedFiles(registry)).toEqual(before);
});

test('a client that goes on sending after the refusal reads it, and uses the connection again', async () => {
  const begun = await startUpload(registry, 'team/web');
  faults.blobs.set('append', 'ENOSPC');
  const { hostname, port } = new URL(registry.url);
  const socket = connect(Number(port), hostname);
  const authorization = `Authorization: Basic ${Buffer.from(ADMIN).toString('base64')}`;
  let answers = '';
  socket.setEncoding('utf8').on('data', (text) => {
    answers += text;
  });
  socket.write(`PATCH ${begun} HTTP/1.1\r\nHost: x\r\n${authorization}\r\nContent-Length: 4000000\r\n\r\n`);
  socket.write('x'.repeat(1_000_000));
  await eventually(() => answers).toContain(MESSAGE);
  socket.write('x'.repeat(3_000_000));
  faults.blobs.clear();
  socket.write(`PATCH ${begun} HTTP/1.1\r\nHost: x\r\n${authorization}\r\nContent-Length: 4\r\n\r\nsome`);
  await eventually(() => answers).toContain('HTTP/1.1 202 Accepted');
  socket.destroy();
});

test('when the blob cannot be made durable for lack of room, it is not there, and can be pushed afterwards', async () => {
  const bytes = Buffer.from('not durable');
  const digest = digestOf(bytes);
  const begun = await startUpload(registry, 'team/web');
  faults.blobs.set('commit', 'ENOSPC');
  await refused(await finish(registry, begun, digest, { body: bytes }));
  expect((await registry.request('HEAD', `/v2/team/web/blobs/${digest}`)).status).toBe(404);
  faults.blobs.clear();
  expect((await finish(registry, begun, digest)).status).toBe(201);
});

test('when the database is full, a push and a change through the API get 507, and change nothing', async () => {
  const names = Array.from({ length: 500 }, (_, index) => `templates/${'t'.repeat(60)}${index}.yaml`);
  const files = Object.fromEntries(names.map((name) => [name, 'apiVersion: v1\nkind: Secret\n']));
  const chart = { name: 'web', version: '6.0.0' };
  await pushChart(registry, 'full/web', { ...chart, version: '5.0.0', files });
  const { manifest } = await prepareChart(registry, 'full/web', { ...chart, chartYaml: LARGE_CHART_YAML });
  await faults.fillDatabase(true);
  await refused(await putManifest(registry, 'full/web', '6.0.0', manifest));
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      registry.request('POST', '/api/v1/groups', {
        body: JSON.stringify({ name: `${index}-${'g'.repeat(40)}` }),
        headers: { 'content-type': 'application/json' },
      }),
    ),
  );
  const full = answers.find(({ status }) => status === 507);
  expect(answers.map(({ status }) => status).filter((status) => status !== 201 && status !== 507)).toEqual([]);
  expect(full?.headers.get('content-type')).toBe('application/problem+json');
  expect(await full?.json()).toMatchObject({
    type: 'urn:chartroom:problem:storage-full',
    status: 507,
    detail: MESSAGE,
  });
  expect((await registry.request('GET', '/v2/full/web/manifests/5.0.0')).status).toBe(200);
  expect((await registry.request('GET', '/v2/full/web/manifests/6.0.0')).status).toBe(404);
  // It reads the archive, and would write down what it found.
  expect((await registry.request('GET', '/api/v1/charts/full/web/-/versions/5.0.0')).status).toBe(200);
  await faults.fillDatabase(false);
  expect((await putManifest(registry, 'full/web', '6.0.0', manifest)).status).toBe(201);
});

const LARGE_CHART_YAML = `apiVersion: v2
name: web
version: 6.0.0
description: ${'many words '.repeat(3_000)}
`;
