// Issuers and providers inside of a private network: whom a request of this registry may lead to, and what the refusal tells.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { LoginRefused } from '../../src/ports/identity-provider.ts';
import { openProvider } from '../../src/user-sources.ts';
import { errorOf } from '../support/artifacts.ts';
import { TestClock } from '../support/clock.ts';
import { AUTHOR } from '../support/manager.ts';
import { type OidcIssuer, startOidcIssuer } from '../support/oidc-issuer.ts';
import { startRegistry } from '../support/start-registry.ts';

let issuer: OidcIssuer;
beforeAll(async () => {
  issuer = await startOidcIssuer();
});
afterAll(async () => {
  await issuer[Symbol.asyncDispose]();
});

test('the issuer of a trust rule, which the API names, is asked at a private address only when the settings say so', async () => {
  await using registry = await startRegistry({ allowedPrivateHosts: [] });
  const rule = { issuer: issuer.url, audience: 'charts.example.com', claims: { sub: 'job' }, keys: null };
  await registry.accounts.trustRules.add(
    'inside',
    { ...rule, disabled: false, namespace: 'team', role: 'writer' },
    AUTHOR,
  );
  const token = issuer.signIdentityToken({ sub: 'job', aud: 'charts.example.com' });
  const answer = await registry.request('GET', '/token', { as: `job:${token}` });
  const { host } = new URL(issuer.url);
  expect([answer.status, (await errorOf(answer)).message]).toEqual([
    403,
    `the keys of ${issuer.url} cannot be had: ${host} is at a private address, which is asked only when the setting allowedPrivateHosts names it`,
  ]);
  expect(issuer.asked.discovery).toBe(0);
  await registry.restart({ allowedPrivateHosts: ['127.0.0.1'] });
  expect((await registry.request('GET', '/token', { as: `job:${token}` })).status).toBe(200);
});

test('the provider of the settings is asked wherever it is, and whom it names elsewhere is not', async () => {
  const environment = { CHARTROOM_OIDC_ISSUER: issuer.url, CHARTROOM_OIDC_CLIENT_ID: 'chartroom' };
  const provider = await openProvider(loadConfig({ flags: {}, environment }), new TestClock('2026-11-23T10:00:00Z'));
  if (!provider) throw new Error('there is no provider');
  const redirectUri = 'https://charts.example.com/sso/callback';
  issuer.publish({ token_endpoint: 'https://10.0.0.1/token' });
  const { url, ...started } = await provider.begin(redirectUri);
  const answer = await fetch(url, { redirect: 'manual' });
  const callback = new URL(answer.headers.get('location') ?? '');
  const refusal = await provider.finish(callback, { ...started, redirectUri }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(LoginRefused);
  expect(refusal).toMatchObject({
    refusal: 'misconfigured',
    message: `what ${new URL(issuer.url).host} names as its own is at a private address, which is asked only when the setting allowedPrivateHosts names it: tell an administrator`,
  });
});
