// The times of the management API: those that RFC 3339 can write, before and after they are taken as UTC.
import { afterAll, expect, test } from 'vitest';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi } from './support/api.ts';
import { addUser } from './support/people.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);
const mia = await addUser(registry, 'mia', { team: 'maintainer' });

const CI = { namespace: 'team', scopes: [{ namespace: 'team', actions: ['pull'] }] };
const TOO_LATE = '9999-12-31T23:59:59-23:59';
const REFUSAL = `"${TOO_LATE}" is no time that can be kept`;

test('a robot or a token that ends in the year 10000 is refused, since no list could show it', async () => {
  const robot = { name: 'far', ...CI, expiresAt: TOO_LATE };
  expect(await api.refusal(400, 'POST', '/robots', { as: mia, body: robot })).toBe(REFUSAL);
  const token = { name: 'far', expiresAt: TOO_LATE };
  expect(await api.refusal(400, 'POST', '/tokens', { as: mia, body: token })).toBe(REFUSAL);
  expect([await api.all('/robots'), await api.all('/tokens')]).toEqual([[], []]);
});

test('a robot cannot be changed to end then', async () => {
  await api.send('POST', '/robots', { as: mia, body: { name: 'ci', ...CI } });
  const body = { expiresAt: TOO_LATE };
  expect(await api.refusal(400, 'PATCH', '/robots/ci', { as: mia, body })).toBe(REFUSAL);
});

test('the last second of the year 9999 is kept', async () => {
  const body = { name: 'late', ...CI, expiresAt: '9999-12-31T23:59:59Z' };
  expect((await api.send('POST', '/robots', { as: mia, body })).status).toBe(201);
});

test('the audit trail is not asked for what was before the year 0', async () => {
  expect(await api.refusal(400, 'GET', '/audit?from=0000-01-01T00:00:00%2B00:01')).toBe(
    '"0000-01-01T00:00:00+00:01" is no time that can be kept',
  );
});
