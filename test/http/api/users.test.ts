// Users over the management API: their accounts and passwords.
import { afterAll, describe, expect, test } from 'vitest';
import { TestClock } from '../../support/clock.ts';
import { AUTHOR } from '../../support/manager.ts';
import { ADMIN, startRegistry } from '../../support/start-registry.ts';
import { eventually } from '../support/eventually.ts';
import { openApi } from './support/api.ts';
import { addToken, addUser } from './support/people.ts';

const clock = new TestClock('2026-11-23T09:00:00Z');
const registry = await startRegistry({}, clock);
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);

async function mayLogIn(as: string): Promise<boolean> {
  const { status } = await api.send('GET', '/whoami', { as });
  return status === 200;
}

test('a name is taken once', async () => {
  const body = { name: 'taken', password: 'taken-password' };
  expect((await api.send('POST', '/users', { body })).status).toBe(201);
  expect(await api.refusal(409, 'POST', '/users', { body: { ...body, password: 'another-password' } })).toBe(
    'there is already a user taken: "chartroom user passwd taken" changes the password',
  );
  expect(await mayLogIn('taken:taken-password')).toBe(true);
});

test('who is disabled is out at once, with all tokens, until that ends', async () => {
  const dan = await addUser(registry, 'dan');
  const token = await addToken(registry, 'dan');
  expect([await mayLogIn(dan), await mayLogIn(token.as)]).toEqual([true, true]);
  expect((await api.send('PATCH', '/users/dan', { body: { disabled: true } })).body).toMatchObject({ disabled: true });
  expect([await mayLogIn(dan), await mayLogIn(token.as)]).toEqual([false, false]);
  expect((await api.send('PATCH', '/users/dan', { body: { disabled: false } })).body).toMatchObject({
    disabled: false,
  });
  expect(await mayLogIn(dan)).toBe(true);
});

test('a change leaves alone what it does not name', async () => {
  await addUser(registry, 'kim', {}, true);
  const { body } = await api.send('PATCH', '/users/kim', { body: { disabled: true } });
  expect(body).toMatchObject({ administrator: true, disabled: true });
});

test('there is always an administrator left', async () => {
  await using own = await startRegistry();
  const alone = await openApi(own);
  const refusal =
    'admin is the last administrator: make another one first, with "chartroom user set NAME --administrator true"';
  expect(await alone.refusal(409, 'PATCH', '/users/admin', { body: { administrator: false } })).toBe(refusal);
  expect(await alone.refusal(409, 'PATCH', '/users/admin', { body: { disabled: true } })).toBe(refusal);
  expect(await alone.refusal(409, 'DELETE', '/users/admin')).toBe(refusal);
  const body = { name: 'next', password: 'next-password', administrator: true };
  expect((await alone.send('POST', '/users', { body })).status).toBe(201);
  expect((await alone.send('DELETE', '/users/admin')).status).toBe(204);
});

test('who is not there is not found', async () => {
  const refusal = 'there is no user nil: see "chartroom user list"';
  expect(await api.refusal(404, 'GET', '/users/nil')).toBe(refusal);
  expect(await api.refusal(404, 'PATCH', '/users/nil', { body: { disabled: true } })).toBe(refusal);
  expect(await api.refusal(404, 'DELETE', '/users/nil')).toBe(refusal);
  expect(await api.refusal(404, 'PUT', '/users/nil/password', { body: { password: 'some-password' } })).toBe(refusal);
});

test('the last login is shown', async () => {
  const lee = await addUser(registry, 'lee');
  expect((await api.send('GET', '/users/lee')).body).toMatchObject({ lastLoginAt: null });
  await mayLogIn(lee);
  await eventually(async () => (await api.send('GET', '/users/lee')).body.lastLoginAt).toBe('2026-11-23T09:00:00.000Z');
});

describe('a password is changed', () => {
  const change = (name: string, as: string, body: object) => api.send('PUT', `/users/${name}/password`, { as, body });

  test('by an administrator, for anybody', async () => {
    await addUser(registry, 'may');
    expect((await change('may', ADMIN, { password: 'another-password' })).status).toBe(204);
    expect([await mayLogIn('may:may-password'), await mayLogIn('may:another-password')]).toEqual([false, true]);
  });

  test('by its owner, who knows the one until now', async () => {
    const ann = await addUser(registry, 'ann');
    const body = { password: 'another-password', currentPassword: 'ann-password' };
    expect((await change('ann', ann, body)).status).toBe(204);
    expect([await mayLogIn(ann), await mayLogIn('ann:another-password')]).toEqual([false, true]);
    const [event] = await api.all('/audit?kind=user.password-changed&actor=ann');
    expect(event).toMatchObject({ actor: 'ann', credential: 'password', detail: { user: 'ann' } });
  });

  test('by its owner with a personal token, who knows the one until now', async () => {
    await addUser(registry, 'tom');
    const { as } = await addToken(registry, 'tom');
    const body = { password: 'another-password', currentPassword: 'tom-password' };
    expect((await change('tom', as, body)).status).toBe(204);
    expect(await mayLogIn('tom:another-password')).toBe(true);
  });

  test('by nobody else', async () => {
    const eve = await addUser(registry, 'eve');
    await addUser(registry, 'victim');
    const body = { password: 'another-password', currentPassword: 'victim-password' };
    expect((await change('victim', eve, body)).status).toBe(403);
    expect((await change('admin', eve, { ...body, currentPassword: 'administrator-password' })).status).toBe(403);
    expect(await mayLogIn('victim:victim-password')).toBe(true);
  });

  test('not by its owner without the one until now', async () => {
    const uma = await addUser(registry, 'uma');
    expect(
      await api.refusal(400, 'PUT', '/users/uma/password', { as: uma, body: { password: 'another-password' } }),
    ).toBe('the body needs "currentPassword", the password until now');
    const body = { password: 'another-password', currentPassword: 'wrong-password' };
    expect(await api.refusal(403, 'PUT', '/users/uma/password', { as: uma, body })).toBe(
      '"currentPassword" is not the password of uma: try again',
    );
    expect(await mayLogIn(uma)).toBe(true);
  });

  test('not with a token in place of the one until now, or whoever finds a token would have the account', async () => {
    await addUser(registry, 'pat');
    const management = await addToken(registry, 'pat');
    const pulling = await addToken(registry, 'pat', { name: 'pull', management: false });
    for (const { secret } of [management, pulling]) {
      const body = { password: 'another-password', currentPassword: secret };
      expect((await change('pat', management.as, body)).status).toBe(403);
    }
    expect(await mayLogIn('pat:pat-password')).toBe(true);
  });

  test('not by guessing the one until now, with a token that was found', async () => {
    await addUser(registry, 'gus');
    const { as } = await addToken(registry, 'gus');
    const guess = (currentPassword: string) => change('gus', as, { password: 'another-password', currentPassword });
    for (const number of [1, 2, 3, 4, 5]) expect((await guess(`guess-${number}`)).status).toBe(403);
    const answer = await guess('guess-6');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1']);
    expect(answer.body).toMatchObject({ type: 'urn:chartroom:problem:too-many-requests', status: 429 });
    clock.advance(2_000);
    expect((await guess('guess-7')).status).toBe(403);
  });

  test('with the one until now, also of an administrator, for the own account', async () => {
    const zoe = await addUser(registry, 'zoe', {}, true);
    const password = 'another-password';
    expect((await change('zoe', zoe, { password, currentPassword: 'wrong-password' })).status).toBe(403);
    const refusal = '"currentPassword" is for whoever changes the own password: leave it out';
    const body = { password, currentPassword: 'zoe-password' };
    expect(await api.refusal(400, 'PUT', '/users/zoe/password', { body })).toBe(refusal);
    expect((await change('zoe', zoe, body)).status).toBe(204);
    expect((await change('zoe', 'zoe:another-password', { password: 'zoe-password' })).status).toBe(400);
    const { as } = await addToken(registry, 'zoe');
    expect((await change('zoe', as, { password: 'zoe-password' })).status).toBe(400);
    expect(await mayLogIn('zoe:another-password')).toBe(true);
  });

  test('not of who logs in elsewhere', async () => {
    const identity = { login: 'directory', issuer: 'ldap://example', subject: 'x', name: 'lara', groups: [] } as const;
    await registry.accounts.externalUsers.ensure(identity, AUTHOR);
    expect((await api.send('GET', '/users/lara')).body).toMatchObject({ login: 'directory' });
    expect(await api.refusal(409, 'PUT', '/users/lara/password', { body: { password: 'another-password' } })).toBe(
      'lara logs in by the directory: the password is changed there',
    );
  });
});
