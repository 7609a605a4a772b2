// What keeps a login to the browser that has begun it: the cookie, its state, and that it is good for once.
import jsonwebtoken from 'jsonwebtoken';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { errorOf } from '../support/artifacts.ts';
import { TestClock } from '../support/clock.ts';
import { startOidcIssuer } from '../support/oidc-issuer.ts';
import { usualLogin } from '../support/oidc-login.ts';
import { startRegistry } from '../support/start-registry.ts';
import { Browser } from './support/browser.ts';
import { tokenFor } from './support/members.ts';

const CALLBACK = '/sso/callback';
const COOKIE = 'chartroom-login';
const clock = new TestClock('2026-11-23T10:00:00Z');
const issuer = await startOidcIssuer({ clock });
const settings = { oidcIssuer: issuer.url, oidcClientId: 'chartroom', oidcClientSecret: 'client-secret' };
const registry = await startRegistry(settings, clock);
const host = () => new URL(registry.url).host;
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});
beforeEach(() => {
  Object.assign(issuer.login, usualLogin());
  for (const endpoint of ['discovery', 'token'] as const) issuer.misbehave(endpoint, undefined);
});

/** A browser that is back from the provider, but for the last step. */
async function comeBack(): Promise<{ readonly browser: Browser; readonly callback: string }> {
  const browser = new Browser();
  return { browser, callback: await browser.openUntil(CALLBACK, `${registry.url}/sso/login`) };
}

async function expectStale(answer: Response): Promise<void> {
  const { message } = await errorOf(answer);
  expect({ status: answer.status, message }).toEqual({
    status: 401,
    message: `this login was not begun in this browser, took too long, or was ended before: log in again (${registry.url}/sso/login)`,
  });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
}

describe('a login is ended by the browser that has begun it', () => {
  test('and by none that has begun nothing', async () => {
    const { callback } = await comeBack();
    const asked = issuer.asked.token;
    await expectStale(await new Browser().get(callback));
    expect(issuer.asked.token).toBe(asked);
  });

  test('and by none that has begun another one', async () => {
    const mine = await comeBack();
    const theirs = await comeBack();
    await expectStale(await mine.browser.get(theirs.callback));
  });

  test('which other sites cannot end by sending it here', async () => {
    const { browser, callback } = await comeBack();
    await expectStale(await browser.get(`${registry.url}${CALLBACK}`));
    await expectStale(await browser.get(`${registry.url}${CALLBACK}?state=made-up&error=access_denied`));
    expect((await browser.get(callback)).status).toBe(200);
  });

  test('with the provider that it was begun with', async () => {
    const { browser, callback } = await comeBack();
    const url = new URL(callback);
    url.searchParams.set('iss', 'https://evil.example.com');
    expect((await browser.get(url.href)).status).toBe(502);
  });

  test('also after the registry was restarted', async () => {
    const { browser, callback } = await comeBack();
    const cookie = browser.cookiesOf(host()).get(COOKIE) ?? '';
    await registry.restart();
    const path = callback.slice(callback.indexOf(CALLBACK));
    const answer = await registry.request('GET', path, { as: undefined, headers: { cookie: `${COOKIE}=${cookie}` } });
    expect(answer.status).toBe(200);
  });
});

describe('a login is ended once', () => {
  test('and the browser forgets it', async () => {
    const { browser, callback } = await comeBack();
    expect(browser.cookiesOf(host()).size).toBe(1);
    expect((await browser.get(callback)).status).toBe(200);
    expect(browser.cookiesOf(host()).size).toBe(0);
  });

  test('whatever the provider would do with the same code', async () => {
    const { browser, callback } = await comeBack();
    const cookie = `${COOKIE}=${browser.cookiesOf(host()).get(COOKIE)}`;
    expect((await browser.get(callback)).status).toBe(200);
    const asked = issuer.asked.token;
    await expectStale(await fetch(callback, { headers: { cookie } }));
    expect(issuer.asked.token).toBe(asked);
  });

  test('also when it was refused', async () => {
    issuer.login.refusal = { error: 'access_denied' };
    const { browser, callback } = await comeBack();
    const cookie = `${COOKIE}=${browser.cookiesOf(host()).get(COOKIE)}`;
    expect((await browser.get(callback)).status).toBe(403);
    expect(browser.cookiesOf(host()).size).toBe(0);
    await expectStale(await fetch(callback, { headers: { cookie } }));
  });

  test('within ten minutes', async () => {
    const [early, late] = [await comeBack(), await comeBack()];
    clock.advance(10 * 60_000 - 1000);
    expect((await early.browser.get(early.callback)).status).toBe(200);
    clock.advance(1000);
    await expectStale(await late.browser.get(late.callback));
  });
});

describe('the cookie', () => {
  test('is what the registry has signed for a login, and nothing else', async () => {
    const { browser, callback } = await comeBack();
    const good = browser.cookiesOf(host()).get(COOKIE) ?? '';
    const claims = jsonwebtoken.decode(good) as Record<string, unknown>;
    const [header, , signature] = good.split('.');
    const changed = Buffer.from(JSON.stringify({ ...claims, exp: Number(claims.exp) + 60 })).toString('base64url');
    const bearer = (await tokenFor(registry, 'admin:administrator-password')).slice('Bearer '.length);
    const forged = [
      '',
      'x',
      `${header}.${changed}.${signature}`,
      jsonwebtoken.sign(claims, '', { algorithm: 'none' }),
      jsonwebtoken.sign(claims, 'another key', { algorithm: 'HS256' }),
      bearer,
    ];
    for (const value of forged) {
      browser.replaceCookie(host(), COOKIE, value);
      await expectStale(await browser.get(callback));
    }
    browser.replaceCookie(host(), COOKIE, good);
    expect((await browser.get(callback)).status).toBe(200);
  });

  test('is no token', async () => {
    const { browser } = await comeBack();
    const as = `Bearer ${browser.cookiesOf(host()).get(COOKIE)}`;
    expect((await registry.request('GET', '/v2/', { as })).status).toBe(401);
    expect((await registry.request('GET', '/api/v1/whoami', { as })).status).toBe(401);
  });

  test('goes over http only to single sign-on, and no script reads it', async () => {
    const answer = await registry.request('GET', '/sso/login', { as: undefined });
    expect(answer.status).toBe(302);
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^chartroom-login=[\w.-]+; Max-Age=600; Path=\/sso; HttpOnly; SameSite=Lax$/),
    ]);
  });

  test('belongs to the host alone where the registry is reached with https', async () => {
    await using behindProxy = await startRegistry({ ...settings, publicUrl: 'https://charts.example.com' }, clock);
    const begun = await behindProxy.request('GET', '/sso/login', { as: undefined });
    const [cookie = ''] = begun.headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-chartroom-login=[\w.-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    const back = new URL(await new Browser().openUntil(CALLBACK, begun.headers.get('location') ?? ''));
    expect(back.origin).toBe('https://charts.example.com');
    const headers = { cookie: cookie.slice(0, cookie.indexOf(';')) };
    const ended = await behindProxy.request('GET', `${back.pathname}${back.search}`, { as: undefined, headers });
    expect(ended.status).toBe(200);
    expect(ended.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-chartroom-login=;.*; Path=\/;.* HttpOnly; Secure; SameSite=Lax$/),
    ]);
  });
});

describe('when the provider', () => {
  test.each([
    ['says no', 403, { refusal: { error: 'access_denied' } }],
    ['is out of order', 503, { refusal: { error: 'temporarily_unavailable' } }],
    ['does not know this registry', 502, { client: { id: 'chartroom', secret: 'another' } }],
    ['signs for somebody else', 502, { idTokenClaims: { aud: 'another' } }],
  ] as const)('%s, the answer is %i and says so', async (_what, status, behaviour) => {
    const { browser, callback } = await comeBack();
    Object.assign(issuer.login, behaviour);
    const answer = await ('refusal' in behaviour ? browser.open(`${registry.url}/sso/login`) : browser.get(callback));
    expect(answer.status).toBe(status);
    const { message } = await errorOf(answer);
    expect(message).toContain(new URL(issuer.url).host);
    expect(message).not.toContain('client-secret');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test('cannot be reached, a login does not begin', async () => {
    const gone = await startOidcIssuer();
    const { url } = gone;
    await gone[Symbol.asyncDispose]();
    await using lost = await startRegistry({ ...settings, oidcIssuer: url }, clock);
    const answer = await lost.request('GET', '/sso/login', { as: undefined });
    expect(answer.status).toBe(503);
    expect((await errorOf(answer)).message).toBe(
      `${new URL(url).host} does not answer as it should: try again in a minute`,
    );
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  test('is not set, there is no single sign-on', async () => {
    await using without = await startRegistry();
    for (const path of ['/sso/login', CALLBACK]) {
      expect((await without.request('GET', path, { as: undefined })).status).toBe(404);
    }
    expect(await (await without.request('GET', '/', { as: undefined })).text()).not.toContain('/sso');
    const welcome = await (await registry.request('GET', '/', { as: undefined })).text();
    expect(welcome).toContain(`Single sign-on: ${registry.url}/sso/login\n`);
  });
});
