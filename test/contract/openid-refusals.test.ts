// Logins at an OpenID provider that the adapter refuses, and what it tells whoever wanted to log in.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LoginRefusal } from '../../src/ports/identity-provider.ts';
import type { OidcIssuer } from '../support/oidc-issuer.ts';
import { browse, expectRefusal, type Logins, REDIRECT_URI, startLogins } from './openid-logins.ts';

let logins: Logins;
let issuer: OidcIssuer;

beforeAll(async () => {
  logins = await startLogins();
  issuer = logins.issuer;
});

afterAll(async () => {
  await logins[Symbol.asyncDispose]();
});

beforeEach(() => logins.reset());

describe('a login is refused', () => {
  test('when it was begun in another browser, before the provider is asked for anything', async () => {
    const before = issuer.asked.token;
    await expectRefusal(
      logins.logIn(logins.provider(), () => ({ state: 'other' })),
      'stale',
      'not begun in this browser',
    );
    for (const state of [undefined, '', 'other']) {
      issuer.login.callback = { state };
      await expectRefusal(logins.logIn(), 'stale', 'not begun in this browser');
    }
    expect(issuer.asked.token).toBe(before);
  });

  test('when the code was used before', async () => {
    const tested = logins.provider();
    const started = { ...(await tested.begin(REDIRECT_URI)), redirectUri: REDIRECT_URI };
    const callback = await browse(started.url);
    await tested.finish(callback, started);
    await expectRefusal(tested.finish(callback, started), 'stale', 'took too long, or was ended before: log in again');
  });

  test('when the code is another login’s', async () => {
    const login = logins.logIn(logins.provider(), () => ({ codeVerifier: 'x'.repeat(43) }));
    await expectRefusal(login, 'stale', 'took too long, or was ended before');
  });

  test('when the identity token is another login’s', async () => {
    await expectRefusal(
      logins.logIn(logins.provider(), () => ({ nonce: 'other' })),
      'untrusted',
      /unexpected ID Token "nonce"/,
    );
    issuer.login.idTokenClaims = { nonce: undefined };
    await expectRefusal(logins.logIn(), 'untrusted', /"nonce"/);
  });

  test.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    ['of another issuer', { iss: 'https://login.example.com' }, /"iss"/],
    ['for another client', { aud: 'other' }, /"aud"/],
    ['for another client too, who asked for it', { aud: ['chartroom', 'other'], azp: 'other' }, /"azp"/],
    ['that never expires', { exp: undefined }, /"exp"/],
    ['of nobody', { sub: undefined }, /"sub"/],
  ])('when the identity token is one %s', async (_name, claims, message) => {
    issuer.login.idTokenClaims = claims;
    await expectRefusal(logins.logIn(), 'untrusted', message);
  });

  test('when the identity token has expired or is not valid yet, but for half a minute that clocks may differ', async () => {
    const now = Math.floor(logins.clock.now() / 1000);
    issuer.login.idTokenClaims = { exp: now - 31 };
    await expectRefusal(logins.logIn(), 'untrusted', /"exp"/);
    issuer.login.idTokenClaims = { nbf: now + 32 };
    await expectRefusal(logins.logIn(), 'untrusted', /"nbf"/);
    issuer.login.idTokenClaims = { exp: now - 25, nbf: now + 25 };
    expect(await logins.logIn()).toMatchObject({ subject: '248289761001' });
  });

  test.each(['foreign-key', 'none', 'public-key-as-secret', 'edited'] as const)(
    'when the identity token is forged: %s',
    async (forgery) => {
      issuer.login.idTokenSigning = { forgery };
      await expectRefusal(logins.logIn(), 'untrusted', 'gave nothing that can be trusted');
      // Even where the provider says that it signs so.
      issuer.publish({ id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'] });
      await expectRefusal(logins.logIn(), 'untrusted', 'gave nothing that can be trusted');
    },
  );

  test('when there is no identity token', async () => {
    issuer.login.tokenAnswer = { id_token: undefined };
    await expectRefusal(logins.logIn(), 'untrusted', /"id_token"/);
  });

  test('when the answer is of another provider (RFC 9207)', async () => {
    issuer.login.callback = { iss: 'https://login.example.com' };
    await expectRefusal(logins.logIn(), 'untrusted', /"iss"/);
    issuer.login.callback = { iss: undefined };
    await expectRefusal(logins.logIn(), 'untrusted', /"iss"/);
    issuer.publish({ authorization_response_iss_parameter_supported: undefined });
    expect(await logins.logIn()).toMatchObject({ subject: '248289761001' });
  });

  test('when the userinfo is somebody else’s', async () => {
    issuer.login.onlyInUserinfo = ['groups'];
    issuer.login.idTokenClaims = { sub: 'somebody else' };
    await expectRefusal(
      logins.logIn(logins.provider({ neededClaims: ['groups'] })),
      'untrusted',
      'does not say who you are',
    );
  });

  test.each<[string, LoginRefusal, string]>([
    ['access_denied', 'denied', 'did not let you in: "not in the group"'],
    ['login_required', 'stale', 'asks you to log in again'],
    ['temporarily_unavailable', 'unreachable', 'cannot log anybody in now: "not in the group": try again in a minute'],
    [
      'invalid_scope',
      'misconfigured',
      'refused the login ("invalid_scope"): "not in the group": tell an administrator',
    ],
  ])('when the provider says %s', async (error, refusal, message) => {
    issuer.login.refusal = { error, error_description: 'not in the group' };
    await expectRefusal(logins.logIn(), refusal, message);
  });

  test('in one line, whatever the provider says', async () => {
    issuer.login.refusal = { error: 'access_denied', error_description: `\n\u001b[31m<b>${'x'.repeat(5000)}` };
    await expectRefusal(logins.logIn(), 'denied', /^[\x20-\x7e]{1,300}$/);
  });

  test('when the provider does not know the client', async () => {
    const wrong = logins.provider({ clientSecret: 'wrong' });
    await expectRefusal(logins.logIn(wrong), 'misconfigured', "does not accept this registry's client id and secret");
    await expectRefusal(logins.logIn(logins.provider({ clientSecret: null })), 'misconfigured', 'client id and secret');
  });
});
