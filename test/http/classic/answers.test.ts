// What all answers of classic repositories have in common: who may keep them, and refusals that people understand.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';
import { sendRaw } from '../support/raw-request.ts';
import { refusalOf, signed, upload, uploadForm } from './support/uploads.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
  await uploadForm(registry, '/api/team/charts', await signed({ name: 'web', version: '1.0.0' }));
  await upload(registry, '', { name: 'root', version: '1.0.0' });
});
afterAll(() => registry[Symbol.asyncDispose]());

test.each([
  '/api/team/charts',
  '/api/team/charts/web',
  '/api/team/charts/web/1.0.0',
  '/api/team/charts/web/1.0.0/values',
  '/api/team/charts/web/1.0.0/templates',
])('%s must be asked for each time, by everybody anew', async (path) => {
  const { status, headers } = await registry.request('GET', path);
  expect([status, headers.get('cache-control'), headers.get('vary')]).toEqual([
    ...[200, 'private, no-cache', 'Authorization'],
  ]);
});

test.each(['/team/charts/web-1.0.0.tgz', '/team/charts/web-1.0.0.tgz.prov'])(
  '%s may be kept, by whoever has shown the same credential',
  async (path) => {
    const { headers } = await registry.request('GET', path);
    expect([headers.get('cache-control'), headers.get('vary')]).toEqual([
      ...['private, max-age=31536000, immutable', 'Authorization'],
    ]);
  },
);

test('what an answer says of itself stays', async () => {
  const index = await registry.request('GET', '/team/index.yaml');
  expect(index.headers.get('vary')).toBe('Accept-Encoding, Authorization');
  const missing = await registry.request('GET', '/api/team/charts/none');
  expect(missing.headers.get('cache-control')).toBe('no-store');
});

describe('a request that cannot be understood is refused in words for people', () => {
  test.each(['/team/charts/%FF.tgz', '/api/team/charts/%zz', '/v2/%zz/tags/list'])('%s', async (target) => {
    const answer = await sendRaw(registry.url, { method: 'GET', target });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('the address is not valid: each \\"%\\" in it must begin a byte of text in UTF-8');
    expect(answer.body).not.toContain('/-/');
  });

  test.each([
    ['/team/index.yaml?urls=a&urls=b', 'urls'],
    ['/api/team/charts?limit=1&limit=2', 'limit'],
  ])('%s', async (path, name) => {
    expect(await refusalOf(await registry.request('GET', path))).toEqual([
      ...[400, `"${name}" may stand in the query only once`],
    ]);
  });
});

describe('an address that only folds to one of these is none', () => {
  test.each([
    '//index.yaml',
    '///index.yaml',
    '//team/index.yaml',
    '/team//index.yaml',
    '/team//charts/web-1.0.0.tgz',
    '/%2Fteam/index.yaml',
    '/team%2f/index.yaml',
    '/%2F/index.yaml',
    '/api//charts',
    '/api/%2F/charts',
    '/api/team//charts/web',
    '/-/classic/team/index.yaml',
    '/-/classic/%2F/index.yaml',
    '/-/classic/team/charts/web-1.0.0.tgz',
    '/-/cl%61ssic/team/index.yaml',
    '/-/classic/team/api/charts',
  ])('%s', async (target) => {
    for (const as of ['Authorization: Basic YWRtaW46YWRtaW5pc3RyYXRvci1wYXNzd29yZA==', 'X: nobody']) {
      const answer = await sendRaw(registry.url, { method: 'GET', target, headers: [as] });
      expect([answer.status, answer.body]).toEqual([404, expect.stringContaining(`there is nothing at GET ${target}`)]);
    }
  });

  test('also in absolute form', async () => {
    const target = `${registry.url}/-/classic/team/index.yaml`;
    expect((await sendRaw(registry.url, { method: 'GET', target })).status).toBe(404);
  });
});
