// Whose upload it is: it can be cancelled, and for everybody else it does not exist.
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { errorOf } from '../../support/artifacts.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { eventually } from '../support/eventually.ts';
import { addMember } from '../support/members.ts';
import { exchange, open, written } from '../support/raw-request.ts';
import { storedFiles } from '../support/stored-files.ts';
import { finish, patch, standing, startUpload } from '../support/uploads.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

describe('an upload', () => {
  test('that is cancelled is gone, with its bytes', async () => {
    const before = await storedFiles(registry);
    const location = await startUpload(registry, 'cancelled');
    await patch(registry, location, 'abc');
    expect((await registry.request('DELETE', location)).status).toBe(204);
    expect((await registry.request('DELETE', location)).status).toBe(404);
    expect((await standing(registry, location))[0]).toBe(404);
    expect((await patch(registry, location, 'def')).status).toBe(404);
    expect((await finish(registry, location, digestOf(Buffer.from('abc')))).status).toBe(404);
    expect(await storedFiles(registry)).toEqual(before);
  });

  test('is cancelled also while a chunk of it has come to a standstill', async () => {
    const before = await storedFiles(registry);
    const location = await startUpload(registry, 'cancelled');
    const stalled = await open(registry.url);
    stalled.write(written({ method: 'PATCH', target: location, headers: ['Content-Length: 100'], body: 'abc' }));
    await eventually(() => standing(registry, location)).toEqual([204, '0-2']);
    const answer = text(stalled);
    expect((await registry.request('DELETE', location)).status).toBe(204);
    expect(await answer).toMatch(/^HTTP\/1\.1 400 [\s\S]*another request goes on with this upload/);
    expect((await standing(registry, location))[0]).toBe(404);
    expect(await storedFiles(registry)).toEqual(before);
  });

  const METHODS = ['GET', 'PATCH', 'PUT', 'DELETE'];
  const QUERY = `?digest=${digestOf(Buffer.from('abc'))}`;

  test.each(METHODS)('of somebody else does not exist for %s', async (method) => {
    const ci = await addMember(registry, `ci-${method.toLowerCase()}`, { role: 'maintainer', namespace: 'owned' });
    const location = await startUpload(registry, 'owned');
    const body = method === 'PATCH' || method === 'PUT' ? { body: 'abc' } : {};
    const answer = await registry.request(method, `${location}${QUERY}`, { as: ci, ...body });
    expect(answer.status).toBe(404);
    expect((await errorOf(answer)).code).toBe('BLOB_UPLOAD_UNKNOWN');
    expect(await standing(registry, location)).toEqual([204, '0-0']);
  });

  test.each(METHODS)('does not exist for %s under another repository', async (method) => {
    const location = await startUpload(registry, 'owned');
    const elsewhere = location.replace('/owned/', '/elsewhere/');
    const body = method === 'PATCH' || method === 'PUT' ? { body: 'abc' } : {};
    expect((await registry.request(method, `${elsewhere}${QUERY}`, body)).status).toBe(404);
    expect(await standing(registry, location)).toEqual([204, '0-0']);
  });

  test.each([
    '00000000-0000-4000-8000-000000000000',
    'not-an-id',
    '..%2F..%2Fchartroom.db',
    '%2e%2e%2ftoken-signing-keys.json',
    '%00',
    'A0000000-0000-4000-8000-000000000000',
    'x'.repeat(500),
  ])('that never was does not exist: %s', async (id) => {
    for (const method of METHODS) {
      const target = `/v2/owned/blobs/uploads/${id}${QUERY}`;
      const answer = await exchange(registry.url, written({ method, target, headers: ['Content-Length: 0'] }));
      expect([method, answer.status]).toEqual([method, 404]);
      expect(answer.body).toContain('BLOB_UPLOAD_UNKNOWN');
    }
  });
});
