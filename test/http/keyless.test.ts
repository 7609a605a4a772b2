// Keyless: the identity token of a job is its credential, by a rule that trusts its issuer.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorOf, pushChart } from '../support/artifacts.ts';
import { AUTHOR } from '../support/manager.ts';
import { type OidcIssuer, startOidcIssuer } from '../support/oidc-issuer.ts';
import { startRegistry } from '../support/start-registry.ts';
import { GITHUB_JOB } from '../support/workload-claims.ts';

const registry = await startRegistry();
const AUDIENCE = 'charts.example.com';
const CLAIMS = { repository: 'acme/*', ref: 'refs/heads/main' };
const SCOPE = 'repository:team/web:pull,push';
let issuer: OidcIssuer;

beforeAll(async () => {
  issuer = await startOidcIssuer();
  await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0' });
  const rule = { issuer: issuer.url, audience: AUDIENCE, claims: CLAIMS, keys: null, disabled: false };
  await registry.accounts.trustRules.add('main', { ...rule, namespace: 'team', role: 'writer' }, AUTHOR);
});
afterAll(async () => {
  await issuer[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});

/** As the job on the main branch gets it. */
function job(claims: object = {}): string {
  return issuer.signIdentityToken({
    ...GITHUB_JOB,
    ...{ iss: issuer.url, aud: AUDIENCE, repository: 'acme/web', ref: 'refs/heads/main' },
    ...times(),
    ...claims,
  });
}

function times(): object {
  const now = Math.floor(Date.now() / 1000);
  return { iat: now, nbf: now, exp: now + 300 };
}

async function exchange(form: Record<string, string>): Promise<Response> {
  return await registry.request('POST', '/token', {
    as: undefined,
    body: new URLSearchParams(form).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
}

async function push(token: string): Promise<number> {
  return (await registry.request('POST', '/v2/team/web/blobs/uploads/', { as: `Bearer ${token}` })).status;
}

async function tokenOf(answer: Response): Promise<string> {
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { token: string }).token;
}

describe('an identity token is good', () => {
  test.each(['github', 'x', ''])('as the password of any user name: "%s"', async (name) => {
    const answer = await registry.request('GET', `/token?scope=${SCOPE}`, { as: `${name}:${job()}` });
    expect(await push(await tokenOf(answer))).toBe(202);
    expect((await registry.request('GET', '/v2/', { as: `${name}:${job()}` })).status).toBe(200);
  });

  test('as the password of a form, as "helm registry login" sends it', async () => {
    const token = await tokenOf(await exchange({ grant_type: 'password', username: 'ci', password: job() }));
    expect((await registry.request('GET', '/v2/', { as: `Bearer ${token}` })).status).toBe(200);
  });

  test('as a bearer token, in exchange for one of ours and by itself', async () => {
    const answer = await registry.request('GET', `/token?scope=${SCOPE}`, { as: `Bearer ${job()}` });
    expect(await push(await tokenOf(answer))).toBe(202);
    expect(await push(job())).toBe(202);
  });

  test('as what oras and docker call an identity token', async () => {
    const answer = await exchange({ grant_type: 'refresh_token', refresh_token: job(), service: 'x', scope: SCOPE });
    expect(await push(await tokenOf(answer))).toBe(202);
  });

  test('as the subject token of an exchange (RFC 8693)', async () => {
    const answer = await exchange({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: job(),
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      scope: SCOPE,
    });
    expect(await answer.clone().json()).toMatchObject({
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
    expect(await push(await tokenOf(answer))).toBe(202);
  });
});

describe('an identity token is worth nothing', () => {
  test.each([
    ['of another repository', { repository: 'evil/web' }],
    ['of another branch', { ref: 'refs/heads/feature' }],
    ['for another audience', { aud: 'https://github.com/acme' }],
    ['that has expired', { iat: 1_700_000_000, nbf: 1_700_000_000, exp: 1_700_000_300 }],
  ])('%s', async (_what, claims) => {
    const answer = await registry.request('GET', `/token?scope=${SCOPE}`, { as: `ci:${job(claims)}` });
    expect(answer.status).toBe(401);
    const { message } = await errorOf(answer);
    // What the rule wants is nothing that a stranger must know.
    expect(message).not.toContain(CLAIMS.repository);
  });

  test('of an issuer that nobody trusts, which is not even asked', async () => {
    await using other = await startOidcIssuer();
    const foreign = other.signIdentityToken({ ...GITHUB_JOB, aud: AUDIENCE, iss: other.url, ...times() });
    const answer = await registry.request('GET', '/v2/', { as: `ci:${foreign}` });
    expect(answer.status).toBe(401);
    expect(other.asked).toMatchObject({ discovery: 0, keys: 0 });
  });

  test('beyond the role of its rule', async () => {
    const token = job();
    const scope = 'repository:team/web:delete';
    const answer = await registry.request('GET', `/token?scope=${scope}`, { as: `ci:${token}` });
    expect(answer.status).toBe(403);
    expect((await errorOf(answer)).message).toMatch(/^workload repo:\S+ may not delete from team\/web: /);
    expect((await registry.request('GET', '/v2/other/web/tags/list', { as: `ci:${token}` })).status).toBe(404);
    expect((await registry.request('GET', '/api/v1/users', { as: `Bearer ${token}` })).status).toBe(403);
  });

  test('for the upload of another subject, however much the two look alike', async () => {
    const rule = { issuer: issuer.url, audience: AUDIENCE, claims: { repository: 'acme/alike' }, keys: null };
    const { trustRules } = registry.accounts;
    await trustRules.add('alike', { ...rule, namespace: 'team', role: 'writer', disabled: false }, AUTHOR);
    const of = (sub: string) => `Bearer ${job({ sub, repository: 'acme/alike' })}`;
    const start = async (sub: string) => await registry.request('POST', '/v2/team/web/blobs/uploads/', { as: of(sub) });
    const long = 'x'.repeat(250);
    for (const [one, other] of [
      ['ref:ä', 'ref:ö'],
      [`${long}1`, `${long}2`],
    ] as const) {
      const location = (await start(one)).headers.get('location') ?? '';
      expect((await registry.request('GET', location, { as: of(one) })).status).toBe(204);
      expect((await registry.request('GET', location, { as: of(other) })).status).toBe(404);
    }
  });

  test('once the rule is changed, with every token that was given for it', async () => {
    const rule = { issuer: issuer.url, audience: AUDIENCE, claims: { repository: 'acme/short' }, keys: null };
    const { trustRules } = registry.accounts;
    await trustRules.add('short', { ...rule, namespace: 'team', role: 'writer', disabled: false }, AUTHOR);
    const shown = job({ repository: 'acme/short', ref: 'refs/heads/any' });
    const token = await tokenOf(await registry.request('GET', `/token?scope=${SCOPE}`, { as: `ci:${shown}` }));
    expect(await push(token)).toBe(202);
    await trustRules.change('short', { disabled: true }, AUTHOR);
    expect([await push(token), await push(shown)]).toEqual([401, 401]);
    await trustRules.change('short', { disabled: false }, AUTHOR);
    expect([await push(token), await push(shown)]).toEqual([401, 202]);
  });

  test('while the issuer of a rule cannot be reached: that is told, as something that may pass', async () => {
    await using other = await startOidcIssuer();
    const rule = { issuer: other.url, audience: AUDIENCE, claims: CLAIMS, keys: null, disabled: false };
    await registry.accounts.trustRules.add('other', { ...rule, namespace: 'team', role: 'reader' }, AUTHOR);
    other.misbehave('discovery', { kind: 'status', status: 500 });
    const shown = other.signIdentityToken({
      ...{ ...GITHUB_JOB, aud: AUDIENCE, iss: other.url, ...times() },
      ...{ repository: 'acme/web', ref: 'refs/heads/main' },
    });
    const answer = await registry.request('GET', '/v2/', { as: `ci:${shown}` });
    expect(answer.status).toBe(503);
  });
});
