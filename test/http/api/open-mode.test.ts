// The management API of a registry that needs no login: everybody on this machine manages.
import { afterAll, expect, test } from 'vitest';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi } from './support/api.ts';

const registry = await startRegistry({ auth: 'none', adminPassword: null });
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);
const nobody = { as: undefined };

test('everybody is the same, whatever they show', async () => {
  for (const as of [undefined, 'ann:password', 'Bearer nonsense']) {
    const { status, body } = await api.send('GET', '/whoami', { as });
    expect([status, body]).toEqual([
      200,
      { kind: 'open', name: 'open', credential: '', administrator: true, management: true },
    ]);
  }
});

test('everybody may manage everything', async () => {
  const user = { name: 'ann', password: 'ann-password' };
  expect((await api.send('POST', '/users', { ...nobody, body: user })).status).toBe(201);
  const change = { password: 'another-password' };
  expect((await api.send('PUT', '/users/ann/password', { ...nobody, body: change })).status).toBe(204);
  const [event] = await api.all('/audit?kind=user.added', nobody);
  expect(event).toMatchObject({ actor: 'open', actorKind: 'open', credential: '' });
});

test('a token has an owner, who must be named', async () => {
  expect(await api.refusal(400, 'POST', '/tokens', { ...nobody, body: { name: 'laptop' } })).toBe(
    'name the "user" whose token it is to be',
  );
  const { status, body } = await api.send<{ readonly token: { readonly id: string } }>('POST', '/tokens', {
    ...nobody,
    body: { name: 'laptop', user: 'ann' },
  });
  expect([status, body]).toMatchObject([201, { token: { user: 'ann' } }]);
  expect((await api.send('POST', `/tokens/${body.token.id}/rotate`, { ...nobody, body: {} })).status).toBe(200);
});

test('pages of other sites change nothing, be they on this machine', async () => {
  const body = { name: 'eve', password: 'eve-password' };
  for (const origin of ['http://localhost:3000', 'http://127.0.0.1', 'https://evil.example', 'null']) {
    const answer = await api.send('POST', '/users', { ...nobody, body, headers: { origin } });
    expect([origin, answer.status]).toEqual([origin, 403]);
  }
  expect((await api.send('POST', '/users', { ...nobody, body, headers: { origin: registry.url } })).status).toBe(201);
});
