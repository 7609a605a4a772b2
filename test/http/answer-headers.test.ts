// What every answer carries, also those that no route gives.
import { afterAll, describe, expect, test } from 'vitest';
import { startRegistry } from '../support/start-registry.ts';
import { type RawAnswer, sendRaw } from './support/raw-request.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

async function send(method: string, target: string): Promise<RawAnswer> {
  return await sendRaw(registry.url, { method, target });
}

describe('under /v2, every answer says which API it is, and its id', () => {
  test.each([
    ['GET', '/v2/', 200],
    ['GET', '/v2', 200],
    ['GET', '/v2?x', 200],
    ['HEAD', '/v2/', 200],
    ['GET', '/v2/_catalog', 200],
    ['GET', '/v2/team/web/tags/list', 404],
    ['GET', '/v2/unknown/address', 404],
    ['GET', '/v2/UPPER/tags/list', 400],
    ['GET', '/v2/%zz/tags/list', 400],
    ['GET', `/v2/${'x'.repeat(12_000)}/tags/list`, 400],
    ['POST', '/v2/', 405],
    ['PUT', '/v2/team/web/tags/list', 405],
    ['POST', '/v2/team/web/manifests/tip', 405],
    ['OPTIONS', '/v2/team/web/manifests/tip', 405],
    ['PROPFIND', '/v2/', 405],
  ])('%s %s', async (method, target, status) => {
    const answer = await send(method, target);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
    expect(answer.headers.get('x-request-id')).toMatch(/^[a-f0-9-]{36}$/);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });
});

test.each(['/', '/livez', '/token', '/v3/', '/v2x', '/%zz'])('elsewhere, only its id: %s', async (target) => {
  const answer = await send('GET', target);
  expect(answer.headers.get('docker-distribution-api-version')).toBe(null);
  expect(answer.headers.get('x-request-id')).toMatch(/^[a-f0-9-]{36}$/);
});

describe('a method that an address does not take', () => {
  test.each([
    ['POST', '/v2/', 'GET, HEAD'],
    ['DELETE', '/v2/_catalog', 'GET'],
    ['POST', '/v2/team/web/manifests/1.0.0?x=y', 'DELETE, GET, HEAD, PUT'],
    ['PUT', '/v2/team/web/blobs/sha256:abc', 'DELETE, GET, HEAD'],
    ['DELETE', '/token', 'GET, POST'],
    ['POST', '/livez', 'GET, HEAD'],
  ])('is 405 with those that it does: %s %s', async (method, target, allowed) => {
    const answer = await send(method, target);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allowed]);
    const [path] = target.split('?');
    expect(JSON.parse(answer.body)).toEqual({
      errors: [{ code: 'UNSUPPORTED', message: `there is no ${method} ${path}: only ${allowed}` }],
    });
  });

  test('is 404 where there is no address', async () => {
    const answer = await send('POST', '/v2/team/web');
    expect([answer.status, answer.headers.get('allow')]).toEqual([404, null]);
  });
});
