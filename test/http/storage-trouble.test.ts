// When the disk or the database does not do what it should: answers that say so, no path in them, and afterwards all goes on.
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { afterAll, afterEach, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import type { BlobStore } from '../../src/ports/blob-store.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { errorOf, prepareChart, pushBlob, pushChart, putManifest } from '../support/artifacts.ts';
import { startRegistry } from '../support/start-registry.ts';
import { StorageFaults } from '../support/storage-faults.ts';
import { upload } from './classic/support/uploads.ts';
import { storedFiles } from './support/stored-files.ts';
import { finish, patch, standing, startUpload } from './support/uploads.ts';

const BYTES = Buffer.from('some bytes');
const DIGEST = digestOf(BYTES);
const BUSY = 'the storage of the registry is busy: try again in a moment';

const faults = new StorageFaults();
const registry = await startRegistry({}, systemClock, faults);
afterAll(() => registry[Symbol.asyncDispose]());
afterEach(() => faults.blobs.clear());

/** The message of a 503; it names no file. */
async function trouble(answer: Response): Promise<string> {
  const { code, message } = await errorOf(answer);
  expect([answer.status, code]).toEqual([503, 'UNKNOWN']);
  expect(message).not.toContain('/');
  return message;
}

/** Another program on the same database. */
function openElsewhere(): BetterSqlite.Database {
  return new BetterSqlite(join(registry.dataDir, 'chartroom.db'));
}

test.each(['EIO', 'EROFS', 'EACCES', 'EPERM'])(
  'while the disk says %s, requests for it get 503 and its log entry, and others are served',
  async (code) => {
    await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0' });
    const blob = await pushBlob(registry, 'team/web', Buffer.from(`bytes of ${code}`));
    const begun = await startUpload(registry, 'team/web');
    expect((await patch(registry, begun, 'b')).status).toBe(202);
    const before = await storedFiles(registry);
    const failing: readonly (keyof BlobStore)[] = ['append', 'commit', 'open'];
    for (const method of failing) faults.blobs.set(method, code);
    const requests: readonly (() => Promise<Response>)[] = [
      () => registry.request('POST', `/v2/team/web/blobs/uploads/?digest=${DIGEST}`, { body: BYTES }),
      () => patch(registry, begun, 'some'),
      () => finish(registry, begun, DIGEST, { body: BYTES }),
      () => registry.request('GET', `/v2/team/web/blobs/${blob}`),
    ];
    for (const send of requests) {
      const answer = await send();
      const id = answer.headers.get('x-request-id');
      expect(await trouble(answer)).toBe(
        `the registry cannot use its storage; its log says why under request id ${id}: tell the operator, and try again later`,
      );
    }
    expect((await upload(registry, 'team', { name: 'web', version: '2.0.0' })).status).toBe(503);
    expect((await registry.request('GET', '/v2/team/web/manifests/1.0.0')).status).toBe(200);
    expect((await registry.request('GET', '/v2/team/web/tags/list')).status).toBe(200);
    faults.blobs.clear();
    expect(await storedFiles(registry)).toEqual(before);
    // What arrived before it went wrong has arrived.
    const [status, range] = await standing(registry, begun);
    const rest = BYTES.subarray(Number(range?.slice(2)) + 1);
    expect(status).toBe(204);
    expect((await registry.request('DELETE', begun)).status).toBe(204);
    expect(rest.length).toBeLessThan(BYTES.length);
    expect((await registry.request('GET', `/v2/team/web/blobs/${blob}`)).status).toBe(200);
  },
);

test.each(['EMFILE', 'ENFILE'])('with too many files open (%s), it is said that trying again helps', async (code) => {
  await pushBlob(registry, 'team/web', BYTES);
  for (const method of ['append', 'open'] as const) faults.blobs.set(method, code);
  const push = `/v2/team/web/blobs/uploads/?digest=${DIGEST}`;
  expect(await trouble(await registry.request('POST', push, { body: BYTES }))).toBe(BUSY);
  expect(await trouble(await registry.request('GET', `/v2/team/web/blobs/${DIGEST}`))).toBe(BUSY);
  faults.blobs.clear();
  expect((await registry.request('GET', `/v2/team/web/blobs/${DIGEST}`)).status).toBe(200);
});

test('a folder that may only be read is no reason to stop pulling: ready, and degraded', async () => {
  const ready = async () => {
    const answer = await registry.request('GET', '/readyz');
    return [answer.status, await answer.text()];
  };
  faults.blobs.set('checkWritable', 'EROFS');
  expect(await ready()).toEqual([200, 'ok\ndegraded: the storage cannot be written to, pushes are refused\n']);
  faults.blobs.clear();
  expect(await ready()).toEqual([200, 'ok\n']);
});

test('while another program keeps the database locked, all is read, many changes at once wait no longer than one, and then go on', async () => {
  await pushChart(registry, 'team/web', { name: 'web', version: '3.0.0' });
  const { manifest } = await prepareChart(registry, 'team/web', { name: 'web', version: '4.0.0' });
  const locker = openElsewhere();
  locker.exec('begin immediate');
  const pushes = Array.from({ length: 20 }, () => putManifest(registry, 'team/web', '4.0.0', manifest));
  const paths = ['/v2/team/web/manifests/3.0.0', '/v2/team/web/tags/list', '/team/index.yaml', '/readyz', '/token'];
  for (const path of paths) expect((await registry.request('GET', path)).status).toBe(200);
  for (const push of pushes) expect(await trouble(await push)).toBe(BUSY);
  const begun = await registry.request('POST', '/v2/team/web/blobs/uploads/');
  locker.exec('commit');
  locker.close();
  expect(await trouble(begun)).toBe(BUSY);
  expect((await putManifest(registry, 'team/web', '4.0.0', manifest)).status).toBe(201);
});

test('a backup that reads for long holds nobody up, and sees none of what comes meanwhile', async () => {
  const reader = openElsewhere();
  reader.exec('begin');
  const versions = () => reader.prepare(`select count(*) as count from tags where repository = 'team/web'`).get();
  const before = versions();
  expect((await pushChart(registry, 'team/web', { name: 'web', version: '5.0.0' })).status).toBe(201);
  expect((await registry.request('DELETE', '/v2/team/web/manifests/5.0.0')).status).toBe(202);
  expect((await pushChart(registry, 'team/web', { name: 'web', version: '5.0.1' })).status).toBe(201);
  expect(versions()).toEqual(before);
  reader.close();
});
