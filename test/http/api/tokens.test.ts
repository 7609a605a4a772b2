// Personal tokens over the management API.
import { afterAll, describe, expect, test } from 'vitest';
import { TestClock } from '../../support/clock.ts';
import { AUTHOR } from '../../support/manager.ts';
import { ADMIN, startRegistry } from '../../support/start-registry.ts';
import { tokenFor } from '../support/members.ts';
import { openApi } from './support/api.ts';
import { addToken, addUser } from './support/people.ts';

const clock = new TestClock('2026-11-23T09:00:00Z');
const registry = await startRegistry({}, clock);
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);
const ann = await addUser(registry, 'ann', { team: 'writer' });
const bob = await addUser(registry, 'bob');

interface Token {
  readonly id: string;
  readonly user: string;
  readonly expiresAt: string | null;
  readonly secrets: readonly { readonly id: string; readonly expiresAt: string | null }[];
}
interface TokenWithSecret {
  readonly token: Token;
  readonly secret: string;
}

async function add(body: object, as = ann): Promise<TokenWithSecret> {
  const answer = await api.send<TokenWithSecret>('POST', '/tokens', { as, body });
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body;
}

async function rotate(id: string, overlap: number): Promise<TokenWithSecret> {
  clock.advance(1);
  return (await api.send<TokenWithSecret>('POST', `/tokens/${id}/rotate`, { as: ann, body: { overlap } })).body;
}

async function works(secret: string): Promise<boolean> {
  return (await registry.request('GET', '/v2/', { as: `any:${secret}` })).status === 200;
}

describe('a token', () => {
  test('ends in 90 days, at a time that is named, or never', async () => {
    expect((await add({ name: 'usual' })).token.expiresAt).toBe('2027-02-21T09:00:00.000Z');
    expect((await add({ name: 'named', expiresAt: '2026-12-24T18:00:00Z' })).token.expiresAt).toBe(
      '2026-12-24T18:00:00.000Z',
    );
    expect((await add({ name: 'never', expiresAt: null })).token.expiresAt).toBe(null);
    expect(
      (await api.send('POST', '/tokens', { as: ann, body: { name: 'x', expiresAt: '2020-01-01T00:00:00Z' } })).status,
    ).toBe(400);
  });

  test('is good for what its owner may do, or for less', async () => {
    const push = async (secret: string, repository: string) =>
      (await registry.request('POST', `/v2/${repository}/blobs/uploads/`, { as: `Bearer ${secret}` })).status;
    const all = await add({ name: 'all', scopes: null });
    const some = await add({ name: 'some', scopes: [{ namespace: 'team', charts: 'web', actions: ['push'] }] });
    expect(await Promise.all(['team/web', 'team/api', 'other'].map((name) => push(all.secret, name)))).toEqual([
      202, 202, 403,
    ]);
    expect(await Promise.all(['team/web', 'team/api', 'other'].map((name) => push(some.secret, name)))).toEqual([
      202, 403, 403,
    ]);
  });

  test('for management has no scopes', async () => {
    const body = { name: 'x', management: true, scopes: [{ namespace: 'team', actions: ['pull'] }] };
    expect(await api.refusal(400, 'POST', '/tokens', { as: ann, body })).toBe(
      'a token for the management API has all rights of its owner: leave the scopes out',
    );
  });

  test('has a name that no other one of its owner has', async () => {
    await add({ name: 'laptop' });
    await add({ name: 'laptop' }, bob);
    expect(await api.refusal(409, 'POST', '/tokens', { as: ann, body: { name: 'laptop' } })).toMatch(
      /^ann has a token "laptop" already/,
    );
    expect((await api.send('POST', '/tokens', { as: ann, body: { name: '<script>' } })).status).toBe(400);
  });

  test('ends at once when it is removed', async () => {
    const { token, secret } = await add({ name: 'removed' });
    expect(await works(secret)).toBe(true);
    expect((await api.send('DELETE', `/tokens/${token.id}`, { as: ann })).status).toBe(204);
    expect(await works(secret)).toBe(false);
  });

  test('gets another secret, beside which the old one is good for as long as asked', async () => {
    const { token, secret: old } = await add({ name: 'rotated' });
    clock.advance(1_000);
    const { body } = await api.send<TokenWithSecret>('POST', `/tokens/${token.id}/rotate`, {
      as: ann,
      body: { overlap: 5 },
    });
    expect(body.token.secrets.map(({ expiresAt }) => expiresAt)).toEqual(['2026-11-23T09:00:06.000Z', null]);
    expect([await works(old), await works(body.secret)]).toEqual([true, true]);
    clock.advance(5_000);
    expect([await works(old), await works(body.secret)]).toEqual([false, true]);
  });
});

describe('whoever makes ever more', () => {
  test('has a hundred tokens at the most', async () => {
    const eve = await addUser(registry, 'eve');
    for (let index = 0; index < 100; index += 1) await addToken(registry, 'eve', { name: `token ${index}` });
    expect(await api.refusal(409, 'POST', '/tokens', { as: eve, body: { name: 'one more' } })).toBe(
      'eve has 100 tokens already: remove some first',
    );
    await registry.accounts.users.remove('eve', AUTHOR);
  });

  test('has twenty secrets of one token at the most, of which the oldest end', async () => {
    const { token, secret: first } = await add({ name: 'spinning' });
    for (let index = 0; index < 19; index += 1) await rotate(token.id, 60);
    expect(await works(first)).toBe(true);
    const { token: after, secret: last } = await rotate(token.id, 60);
    expect(after.secrets).toHaveLength(20);
    expect([await works(first), await works(last)]).toEqual([false, true]);
  });
});

describe('the own tokens', () => {
  test('are all that is listed, but for administrators', async () => {
    const owners = async (path: string, as: string) => [
      ...new Set((await api.all<Token>(path, { as })).map(({ user }) => user)),
    ];
    expect(await owners('/tokens', bob)).toEqual(['bob']);
    expect(await owners('/tokens?user=bob', bob)).toEqual(['bob']);
    expect(await api.refusal(403, 'GET', '/tokens?user=ann', { as: bob })).toMatch(
      /^only administrators may see the tokens of others/,
    );
    expect((await owners('/tokens', ADMIN)).toSorted()).toEqual(['ann', 'bob']);
    expect(await owners('/tokens?user=bob', ADMIN)).toEqual(['bob']);
    expect(await owners('/tokens?user=admin', ADMIN)).toEqual([]);
  });

  test('are made by nobody else, or nobody would know whose doing something was', async () => {
    const refusal = /^a token is made by its owner/;
    for (const as of [ADMIN, bob]) {
      expect(await api.refusal(403, 'POST', '/tokens', { as, body: { name: 'x', user: 'ann' } })).toMatch(refusal);
    }
    expect((await add({ name: 'by name', user: 'bob' }, bob)).token.user).toBe('bob');
  });

  test('are removed, but not rotated, by administrators', async () => {
    const { token } = await add({ name: 'of ann' });
    expect((await api.send('GET', `/tokens/${token.id}`)).status).toBe(200);
    expect(await api.refusal(403, 'POST', `/tokens/${token.id}/rotate`, { body: {} })).toBe(
      'the token is of ann, who alone may have its secret: remove it, or ask ann to rotate it',
    );
    expect((await api.send('DELETE', `/tokens/${token.id}`)).status).toBe(204);
  });
});

describe('a token as the credential', () => {
  test('makes no other one, whichever way it is shown', async () => {
    const { as, secret } = await addToken(registry, 'ann', { name: 'management' });
    const exchanged = await tokenFor(registry, `any:${secret}`, 'api:v1:*');
    for (const credential of [as, `any:${secret}`, exchanged]) {
      expect(await api.refusal(403, 'POST', '/tokens', { as: credential, body: { name: 'another' } })).toMatch(
        /^the token chr_\w{8}… may not make a token, or it would never end: log in with the password$/,
      );
    }
  });

  test('gives out no secret any more once another one replaces its own', async () => {
    const { id, as: old } = await addToken(registry, 'ann', { name: 'leaked' });
    const again = async (as: string) =>
      await api.send<TokenWithSecret>('POST', `/tokens/${id}/rotate`, { as, body: {} });
    const replaced = await again(old);
    expect(replaced.status).toBe(200);
    expect(await api.refusal(403, 'POST', `/tokens/${id}/rotate`, { as: old, body: {} })).toMatch(
      /may not be rotated, since it was already/,
    );
    expect((await again(`Bearer ${replaced.body.secret}`)).status).toBe(200);
  });

  test('gives out no secret of another one, which may be good for longer', async () => {
    const { as } = await addToken(registry, 'ann', { name: 'short', expiresAt: clock.now() + 60_000 });
    const { token: long } = await add({ name: 'long', expiresAt: null });
    expect(await api.refusal(403, 'POST', `/tokens/${long.id}/rotate`, { as, body: {} })).toMatch(
      /may not rotate another one/,
    );
    expect((await api.send('GET', `/tokens/${long.id}`, { as })).body).toMatchObject({
      secrets: [{ expiresAt: null }],
    });
  });

  test('is rotated by itself, and ends when it would have ended', async () => {
    const expiresAt = clock.now() + 60_000;
    const { id, as } = await addToken(registry, 'ann', { name: 'renewing', expiresAt });
    const { status, body } = await api.send<TokenWithSecret>('POST', `/tokens/${id}/rotate`, {
      as,
      body: { overlap: 0 },
    });
    expect([status, body.token.expiresAt]).toEqual([200, new Date(expiresAt).toISOString()]);
    expect((await api.send('GET', '/whoami', { as })).status).toBe(401);
    expect((await api.send('GET', '/whoami', { as: `Bearer ${body.secret}` })).status).toBe(200);
    clock.advance(60_000);
    expect((await api.send('GET', '/whoami', { as: `Bearer ${body.secret}` })).status).toBe(401);
  });
});
