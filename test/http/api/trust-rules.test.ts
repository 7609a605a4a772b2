// Trust rules over the management API, and the workloads that they let in.
import { afterAll, describe, expect, test } from 'vitest';
import { newSigningKey, publicJwk, signToken } from '../../support/identity-token.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi } from './support/api.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);

const key = newSigningKey('one', 'ES256');
const RULE = {
  ...{ name: 'cluster', issuer: 'https://cluster.example.com', audience: 'charts.example.com' },
  ...{ claims: { sub: 'system:serviceaccount:flux-system:*' }, keys: { keys: [publicJwk(key)] } },
  ...{ namespace: 'team', role: 'reader' },
};
const put = (name: string, body: object) => api.send('PATCH', `/trust-rules/${name}`, { body });

function identityToken(): string {
  const now = Math.floor(Date.now() / 1000);
  const sub = 'system:serviceaccount:flux-system:source-controller';
  return signToken(key, { iss: RULE.issuer, aud: RULE.audience, sub, iat: now, nbf: now, exp: now + 300 });
}

test('a rule lets workloads in as soon as it is there, and no more when it is disabled or gone', async () => {
  const as = `Bearer ${identityToken()}`;
  const status = async () => (await api.send('GET', '/whoami', { as })).status;
  expect(await status()).toBe(401);
  expect((await api.send('POST', '/trust-rules', { body: RULE })).status).toBe(201);
  expect((await api.send('GET', '/whoami', { as })).body).toEqual({
    ...{ kind: 'workload', name: 'system:serviceaccount:flux-system:source-controller' },
    ...{ credential: 'identity token of https://cluster.example.com', administrator: false, management: false },
  });
  expect(await api.refusal(403, 'GET', '/robots', { as })).toMatch(
    /^workload system:\S+ may not use the management API/,
  );
  await put('cluster', { disabled: true });
  expect(await status()).toBe(401);
  await put('cluster', { disabled: false });
  expect(await status()).toBe(200);
  await api.send('DELETE', '/trust-rules/cluster');
  expect(await status()).toBe(401);
});

describe('a rule', () => {
  const refusal = async (changes: object) =>
    await api.refusal(400, 'POST', '/trust-rules', { body: { ...RULE, ...changes } });

  test('that trusts everybody is refused', async () => {
    expect(await refusal({ claims: {} })).toMatch(/^the rule trusts everybody who has a token of this issuer/);
    expect(await refusal({ claims: { sub: '*' } })).toMatch(/^the rule trusts everybody/);
    const issuer = 'https://token.actions.githubusercontent.com';
    expect(await refusal({ issuer, claims: { ref: 'refs/heads/main' } })).toMatch(/^anybody can get a token of https/);
  });

  test('with an issuer that is none, or a key that is secret, is refused', async () => {
    expect(await refusal({ issuer: 'cluster' })).not.toBe('');
    const secret = key.privateKey.export({ format: 'jwk' });
    expect(await refusal({ keys: { keys: [secret] } })).toMatch(/^key 1 of the JWK set/);
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const keys = `{"keys":[${JSON.stringify({ ...key.publicKey.export({ format: 'jwk' }) }).slice(0, -1)},"more":${deep}}]}`;
    const body = `${JSON.stringify({ ...RULE, name: 'deep' }).slice(0, -1)},"keys":${keys}}`;
    expect(await api.refusal(400, 'POST', '/trust-rules', { body })).toBe(
      'key 1 of the JWK set has "more", which is neither a text nor a list of texts',
    );
    expect(await refusal({ keys: { keys: [] } })).toBe('the JWK set has no key');
    expect(await refusal({ keys: {} })).toBe('"keys" in the body needs "keys" or must be null');
  });

  test('has a name that no other one has', async () => {
    expect((await api.send('POST', '/trust-rules', { body: RULE })).status).toBe(201);
    expect(await api.refusal(409, 'POST', '/trust-rules', { body: RULE })).toBe(
      'there is already a rule cluster: see "chartroom trust list"',
    );
  });

  test('keeps what a change does not name', async () => {
    expect((await put('cluster', { role: 'writer' })).body).toMatchObject({ ...RULE, role: 'writer' });
    expect((await put('cluster', { claims: { sub: 'a' } })).body).toMatchObject({
      claims: { sub: 'a' },
      role: 'writer',
    });
    expect((await put('cluster', { claims: {} })).status).toBe(400);
  });

  test('that is not there is not found', async () => {
    const missing = 'there is no rule nil: see "chartroom trust list"';
    expect(await api.refusal(404, 'GET', '/trust-rules/nil')).toBe(missing);
    expect(await api.refusal(404, 'PATCH', '/trust-rules/nil', { body: { role: 'reader' } })).toBe(missing);
    expect(await api.refusal(404, 'DELETE', '/trust-rules/nil')).toBe(missing);
  });
});
