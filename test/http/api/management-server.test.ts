// The management API without a network, as the command line uses it on the machine of the registry.
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openSqliteDatabase } from '../../../src/adapters/sqlite-database.ts';
import { openDataFolder } from '../../../src/app.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { registryFolder } from '../../cli/registry-folder.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi, type Page } from './support/api.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);
const config = { ...loadConfig({ flags: {}, environment: {} }), dataDir: registry.dataDir };

test('every request is the operator’s, who may do everything', async () => {
  await using folder = await openDataFolder(config, 'root');
  const whoami = await folder.management.inject('/api/v1/whoami');
  expect([whoami.statusCode, whoami.json()]).toEqual([
    200,
    { kind: 'operator', name: 'root', credential: '', administrator: true, management: true },
  ]);
  const headers = { authorization: 'Basic nonsense' };
  expect((await folder.management.inject({ url: '/api/v1/users', headers })).statusCode).toBe(200);
});

test('what is changed counts at once for the server that runs, and is in the audit trail as the operator’s', async () => {
  await using folder = await openDataFolder(config, 'root');
  const payload = { name: 'ann', password: 'ann-password' };
  const added = await folder.management.inject({ method: 'POST', url: '/api/v1/users', payload });
  expect(added.statusCode).toBe(201);
  expect((await api.send('GET', '/whoami', { as: 'ann:ann-password' })).status).toBe(200);
  const [event] = await api.all('/audit?kind=user.added&actor=root');
  expect(event).toMatchObject({
    ...{ actor: 'root', actorKind: 'operator', credential: '', clientAddress: '', userAgent: 'chartroom' },
    detail: { user: 'ann' },
  });
});

test('the operator makes tokens for users, who must be named and be there', async () => {
  await using folder = await openDataFolder(config, 'root');
  const add = (payload: object) => folder.management.inject({ method: 'POST', url: '/api/v1/tokens', payload });
  expect((await add({ name: 'laptop' })).json()).toMatchObject({ detail: 'name the "user" whose token it is to be' });
  expect((await add({ name: 'laptop', user: 'nil' })).statusCode).toBe(404);
  const { secret } = (await add({ name: 'laptop', user: 'admin', management: true })).json();
  expect((await api.send('GET', '/whoami', { as: `Bearer ${secret}` })).body).toMatchObject({ name: 'admin' });
});

test('changes a password without the one until now', async () => {
  await using folder = await openDataFolder(config, 'root');
  const change = (payload: object) =>
    folder.management.inject({ method: 'PUT', url: '/api/v1/users/ann/password', payload });
  expect((await change({ password: 'another-password' })).statusCode).toBe(204);
  expect((await change({ password: 'x-password', currentPassword: 'another-password' })).statusCode).toBe(400);
});

test('refuses as the server does: what is wrong, what is not there, what is none of its routes', async () => {
  await using folder = await openDataFolder(config, 'root');
  const payload = { name: 'eve', password: 'eve-password', administrator: 'yes' };
  const wrong = await folder.management.inject({ method: 'POST', url: '/api/v1/users', payload });
  expect(wrong.json()).toMatchObject({ detail: '"administrator" in the body must be true or false' });
  const missing = await folder.management.inject('/api/v1/users/nil');
  expect([missing.statusCode, missing.headers['content-type']]).toEqual([404, 'application/problem+json']);
  expect((await folder.management.inject('/api/v1/nothing')).json()).toMatchObject({ status: 404 });
  expect((await folder.management.inject({ method: 'PUT', url: '/api/v1/users' })).statusCode).toBe(405);
  expect((await folder.management.inject(`/api/v1/users/${'a'.repeat(300)}`)).statusCode).toBe(400);
  expect((await folder.management.inject('/v2/')).statusCode).toBe(404);
});

test('pages lead to the end', async () => {
  await using folder = await openDataFolder(config, 'root');
  const first: Page<{ readonly name: string }> = (await folder.management.inject('/api/v1/users?limit=1')).json();
  const second: typeof first = (await folder.management.inject(first.next ?? '')).json();
  expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(['admin', 'ann']);
  expect(second.next).toBe(undefined);
});

test('ends with its folder', async () => {
  const folder = await openDataFolder(config, 'root');
  await folder[Symbol.asyncDispose]();
  await expect(folder.management.inject('/api/v1/whoami')).rejects.toThrow();
});

test('why something failed is said to whoever runs the command, and not in the answer', async () => {
  await using folder = await registryFolder();
  const database = openSqliteDatabase(join(folder.path, 'data/chartroom.db'));
  await database.transaction((tx) => tx.script('drop table trust_rules'));
  await database.close();
  const { code, stdout, stderr } = await folder.chartroom('trust list');
  const [log = '', answer, ...more] = stderr.trimEnd().split('\n');
  expect({ code, stdout, more }).toEqual({ code: 1, stdout: '', more: [] });
  expect(answer).toMatch(/^chartroom: the registry failed; its log says why under request id /);
  expect(JSON.parse(log)).toMatchObject({ msg: 'request failed', err: { message: 'no such table: trust_rules' } });
});
