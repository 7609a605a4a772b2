// The port IdentityProvider on its adapter, and a provider on loopback that logs everybody in.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type OidcIssuer, startOidcIssuer } from '../support/oidc-issuer.ts';
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

describe('a login', () => {
  test('tells who has logged in, and in which groups they are', async () => {
    expect(await logins.logIn()).toMatchObject({
      issuer: issuer.url,
      subject: '248289761001',
      claims: { preferred_username: 'ann', email: 'ann@example.com', groups: ['platform', 'charts'] },
    });
  });

  test('sends the browser to the provider with all that protects it', async () => {
    const { url, state, nonce, codeVerifier } = await logins.provider().begin(REDIRECT_URI);
    const { origin, pathname, searchParams } = new URL(url);
    expect(`${origin}${pathname}`).toBe(`${issuer.url}/authorize`);
    expect(Object.fromEntries(searchParams)).toEqual({
      client_id: 'chartroom',
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: 'openid profile groups',
      state,
      nonce,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    expect(url).not.toContain(codeVerifier);
    const other = await logins.provider().begin(REDIRECT_URI);
    for (const secret of [state, nonce, codeVerifier]) {
      expect(secret).toMatch(/^[\w-]{43}$/);
      expect([other.state, other.nonce, other.codeVerifier]).not.toContain(secret);
    }
  });

  test('asks for the scope "openid", whatever is set', async () => {
    const { url } = await logins.provider({ scopes: ['email'] }).begin(REDIRECT_URI);
    expect(new URL(url).searchParams.get('scope')).toBe('openid email');
  });

  test('succeeds behind a proxy that changes the address', async () => {
    const tested = logins.provider();
    const started = await tested.begin(REDIRECT_URI);
    const { search } = await browse(started.url);
    const callback = new URL(`http://127.0.0.1:5000/internal${search}`);
    const identity = await tested.finish(callback, { ...started, redirectUri: REDIRECT_URI });
    expect(identity.subject).toBe('248289761001');
  });

  test.each(['client_secret_basic', 'client_secret_post'] as const)('shows the secret by %s', async (method) => {
    issuer.login.client = { id: 'client-id_with.marks', secret: 'se:cret+%/ß' };
    const tested = { clientId: 'client-id_with.marks', clientSecret: 'se:cret+%/ß' };
    issuer.login.clientAuthentication = [method];
    // Whether the provider names both or only the one that it takes.
    expect(await logins.logIn(logins.provider(tested))).toMatchObject({ subject: '248289761001' });
    issuer.publish({ token_endpoint_auth_methods_supported: [method] });
    const before = issuer.asked.token;
    expect(await logins.logIn(logins.provider(tested))).toMatchObject({ subject: '248289761001' });
    expect(issuer.asked.token).toBe(before + 1);
  });

  test('needs no secret when the client is a public one', async () => {
    issuer.login.client = { id: 'chartroom', secret: null };
    expect(await logins.logIn(logins.provider({ clientSecret: null }))).toMatchObject({ subject: '248289761001' });
  });

  test('may be signed with an elliptic curve', async () => {
    issuer.login.idTokenSigning = { algorithm: 'ES256' };
    expect(await logins.logIn()).toMatchObject({ subject: '248289761001' });
  });

  test('succeeds after the provider has replaced its keys', async () => {
    const tested = logins.provider();
    await logins.logIn(tested);
    issuer.rotateKeys();
    expect(await logins.logIn(tested)).toMatchObject({ subject: '248289761001' });
  });

  test('asks the userinfo endpoint only for claims that are needed and missing', async () => {
    const tested = logins.provider({ neededClaims: ['preferred_username', 'groups'] });
    const before = issuer.asked.userinfo;
    await logins.logIn(tested);
    expect(issuer.asked.userinfo).toBe(before);
    issuer.login.onlyInUserinfo = ['groups', 'email'];
    const { claims } = await logins.logIn(tested);
    expect(claims).toMatchObject({ preferred_username: 'ann', groups: ['platform', 'charts'], iss: issuer.url });
    expect(issuer.asked.userinfo).toBe(before + 1);
    issuer.publish({ userinfo_endpoint: undefined });
    expect((await logins.logIn(logins.provider({ neededClaims: ['groups'] }))).claims).not.toHaveProperty('groups');
  });

  test('believes the identity token more than the userinfo endpoint', async () => {
    issuer.login.idTokenClaims = { email: 'signed@example.com', groups: undefined };
    const { claims } = await logins.logIn(logins.provider({ neededClaims: ['groups'] }));
    expect(claims).toMatchObject({ email: 'signed@example.com', groups: ['platform', 'charts'] });
  });
});

describe('a provider', () => {
  test('is asked about itself once an hour, by all who log in together once', async () => {
    const tested = logins.provider();
    const before = issuer.asked.discovery;
    await Promise.all(Array.from({ length: 20 }, () => tested.begin(REDIRECT_URI)));
    logins.clock.advance(60 * 60_000 - 1);
    await logins.logIn(tested);
    expect(issuer.asked.discovery).toBe(before + 1);
    logins.clock.advance(1);
    await tested.begin(REDIRECT_URI);
    expect(issuer.asked.discovery).toBe(before + 2);
    issuer.misbehave('discovery', { kind: 'status', status: 500 });
    logins.clock.advance(60 * 60_000);
    expect(await logins.logIn(tested)).toMatchObject({ subject: '248289761001' });
  });

  test('that did not answer at first is asked again', async () => {
    const tested = logins.provider();
    issuer.misbehave('discovery', { kind: 'status', status: 503 });
    await expectRefusal(tested.begin(REDIRECT_URI), 'unreachable', 'does not answer as it should');
    issuer.misbehave('discovery', undefined);
    expect(await logins.logIn(tested)).toMatchObject({ subject: '248289761001' });
  });

  test('must call itself exactly what is set', async () => {
    for (const named of [`${issuer.url}/`, 'https://login.microsoftonline.com/{tenantid}/v2.0']) {
      issuer.publish({ issuer: named });
      await expectRefusal(
        logins.provider().begin(REDIRECT_URI),
        'misconfigured',
        `the provider calls itself "${named}"`,
      );
    }
  });

  test('may be gone', async () => {
    const gone = await startOidcIssuer();
    const { url } = gone;
    await gone[Symbol.asyncDispose]();
    await expectRefusal(logins.provider({ issuer: url }).begin(REDIRECT_URI), 'unreachable', 'does not answer');
  });

  test.each(['discovery', 'token', 'keys', 'userinfo'] as const)('may never end its answer: %s', async (endpoint) => {
    for (const kind of ['hang', 'hang-midway'] as const) {
      issuer.misbehave(endpoint, { kind });
      const tested = logins.provider({ timeout: 200, neededClaims: ['missing'] });
      await expectRefusal(logins.logIn(tested), 'unreachable', 'does not answer as it should');
    }
  });

  test.each(['discovery', 'token', 'keys', 'userinfo'] as const)(
    'may redirect, or talk too much: %s',
    async (endpoint) => {
      const tested = logins.provider({ neededClaims: ['missing'] });
      issuer.misbehave(endpoint, { kind: 'redirect', to: `${issuer.url}/keys` });
      await expectRefusal(logins.logIn(tested), 'unreachable', 'does not answer as it should');
      issuer.misbehave(endpoint, { kind: 'padded', bytes: 1024 * 1024 });
      await expectRefusal(logins.logIn(tested), 'untrusted', 'more than 1024 KiB');
    },
  );

  test('is not asked over plain http, unless it is on this machine', async () => {
    expect(() => logins.provider({ issuer: 'http://login.example.com' })).toThrow('must start with https://');
    issuer.publish({ token_endpoint: 'http://login.example.com/token' });
    await expectRefusal(logins.logIn(), 'untrusted', 'is not safe to ask');
  });
});
