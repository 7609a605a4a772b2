// Open mode: everything without a login.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, describe, expect, test } from 'vitest';
import { openApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { errorOf, pushChart } from '../support/artifacts.ts';
import { startRegistry } from '../support/start-registry.ts';
import { type RawAnswer, sendRaw } from './support/raw-request.ts';
import { finish, patch, standing } from './support/uploads.ts';

const registry = await startRegistry({ auth: 'none', adminPassword: null });
afterAll(() => registry[Symbol.asyncDispose]());

const WEB = { name: 'web', version: '1.0.0' };

async function anonymously(method: string, path: string): Promise<Response> {
  return await registry.request(method, path, { as: undefined });
}

test('everything works without a credential', async () => {
  const opened = await anonymously('POST', '/v2/team/web/blobs/uploads/');
  expect(opened.status).toBe(202);
  expect((await anonymously('DELETE', opened.headers.get('location') ?? '')).status).toBe(204);
  expect((await pushChart(registry, 'team/web', WEB)).status).toBe(201);
  expect((await anonymously('GET', '/v2/')).status).toBe(200);
  expect((await anonymously('GET', '/v2/team/web/manifests/1.0.0')).status).toBe(200);
  expect(await (await anonymously('GET', '/v2/_catalog')).json()).toEqual({ repositories: ['team/web'] });
  expect((await anonymously('DELETE', '/v2/team/web/manifests/1.0.0')).status).toBe(202);
});

test.each(['admin:any-password', 'nobody:', 'Bearer nonsense', 'Bearer a.b.c'])(
  'with any credential as well: %s',
  async (as) => {
    expect((await registry.request('GET', '/v2/', { as })).status).toBe(200);
    expect((await registry.request('POST', '/v2/team/any/blobs/uploads/', { as })).status).toBe(202);
  },
);

test('a login succeeds, whatever the password', async () => {
  const got = await registry.request('GET', '/token?scope=repository:a/b:pull,push', { as: 'any:password' });
  const posted = await registry.request('POST', '/token', {
    as: undefined,
    body: 'grant_type=password&username=any&password=thing',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  for (const answer of [got, posted]) {
    expect(answer.status).toBe(200);
    const { token } = (await answer.json()) as { token: string };
    expect((await registry.request('GET', '/v2/', { as: `Bearer ${token}` })).status).toBe(200);
  }
});

test('an upload can be continued by everybody', async () => {
  const opened = await anonymously('POST', '/v2/team/shared/blobs/uploads/');
  const location = opened.headers.get('location') ?? '';
  expect((await patch(registry, location, 'abc')).status).toBe(202);
  expect((await standing(registry, location))[1]).toBe('0-2');
  const digest = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  expect((await finish(registry, location, digest, { as: undefined })).status).toBe(201);
});

test('a published version never changes here either', async () => {
  await pushChart(registry, 'laptop/web', WEB);
  const answer = await pushChart(registry, 'laptop/web', { ...WEB, files: { 'a.txt': 'changed' } });
  expect(answer.status).toBe(409);
  expect((await errorOf(answer)).message).toMatch(/^web 1\.0\.0 is already published in laptop \(.* by open, sha256:/);
});

describe('other sites that a browser shows', () => {
  async function send(...headers: readonly string[]): Promise<RawAnswer> {
    return await sendRaw(registry.url, { method: 'GET', target: '/v2/_catalog', headers });
  }

  test.each([
    'localhost',
    'localhost:5000',
    'LOCALHOST',
    'charts.localhost:1',
    '127.0.0.1',
    '127.1.2.3:80',
    '[::1]:5000',
  ])('do not matter to requests to %s', async (host) => {
    expect((await send(`Host: ${host}`)).status).toBe(200);
    expect((await send(`Host: ${host}`, `Origin: http://${host}`)).status).toBe(200);
  });

  test.each([
    'evil.example',
    'evil.example:5000',
    'localhost.evil.example',
    'notlocalhost',
    '127.0.0.1.evil.example',
    '127.evil.example',
    '10.0.0.7',
    '0.0.0.0',
    '[::]',
    '[fe80::1]',
    'localhost@evil.example',
    '',
  ])('cannot reach it by a name of their own, which they point at this machine: "%s"', async (host) => {
    for (const target of ['/v2/', '/v2/_catalog', '/token', '/', '/nothing']) {
      const answer = await sendRaw(registry.url, { method: 'GET', target, headers: [`Host: ${host}`] });
      expect([target, answer.status]).toEqual([target, 403]);
      expect(JSON.parse(answer.body)).toEqual({
        errors: [
          {
            code: 'DENIED',
            message:
              'this registry needs no password and answers this machine alone: call it localhost or 127.0.0.1, or set "auth: accounts"',
          },
        ],
      });
    }
  });

  test.each([
    'http://evil.example',
    'https://localhost.evil.example',
    'null',
    'file://',
    'chrome-extension://abc',
    'x',
  ])('cannot make the browser ask: Origin "%s"', async (origin) => {
    expect((await send('Host: localhost', `Origin: ${origin}`)).status).toBe(403);
  });

  test('are no concern of a registry with accounts', async () => {
    await using closed = await startRegistry();
    const headers = ['Host: charts.example.com', 'Origin: https://evil.example'];
    expect((await sendRaw(closed.url, { method: 'GET', target: '/v2/', headers })).status).toBe(200);
  });
});

test('a token from open mode is worth nothing once the registry has accounts', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'chartroom-test-'));
  const config = { ...loadConfig({ flags: {}, environment: {} }), dataDir, adminPassword: 'administrator-password' };
  const logger = pino({ level: 'silent' });
  let token = '';
  {
    await using open = await openApp({ ...config, auth: 'none' }, logger);
    const url = await open.server.listen({ host: '127.0.0.1', port: 0 });
    const answer = await fetch(`${url}/token?scope=repository:team/web:pull,push,delete`);
    token = ((await answer.json()) as { token: string }).token;
  }
  {
    await using closed = await openApp(config, logger);
    const url = await closed.server.listen({ host: '127.0.0.1', port: 0 });
    const headers = { authorization: `Bearer ${token}` };
    for (const [method, path] of [
      ['GET', '/v2/'],
      ['GET', '/v2/team/web/tags/list'],
      ['POST', '/v2/team/web/blobs/uploads/'],
    ] as const) {
      expect([path, (await fetch(`${url}${path}`, { method, headers })).status]).toEqual([path, 401]);
    }
  }
  await rm(dataDir, { recursive: true });
});
