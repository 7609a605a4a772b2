// Logins at a test provider, with a browser that goes where it is sent.
import { expect } from 'vitest';
import { type OpenIdProviderOptions, openIdProvider } from '../../src/adapters/openid-provider.ts';
import {
  type IdentityProvider,
  type LoginRefusal,
  LoginRefused,
  type ProviderIdentity,
  type StartedLogin,
} from '../../src/ports/identity-provider.ts';
import { TestClock } from '../support/clock.ts';
import { type OidcIssuer, startOidcIssuer } from '../support/oidc-issuer.ts';
import { usualLogin } from '../support/oidc-login.ts';
import { LOOPBACK_REQUESTS } from '../support/outgoing-requests.ts';

export const REDIRECT_URI = 'https://charts.example.com/login/callback';

export interface Logins extends AsyncDisposable {
  readonly issuer: OidcIssuer;
  readonly clock: TestClock;
  /** A new adapter, with the usual settings but for these. */
  provider(changes?: Partial<OpenIdProviderOptions>): IdentityProvider;
  /** @param change what the browser brings back otherwise than it was told to keep */
  logIn(
    provider?: IdentityProvider,
    change?: (started: StartedLogin) => Partial<StartedLogin>,
  ): Promise<ProviderIdentity>;
  /** The provider behaves again. */
  reset(): void;
}

export async function startLogins(): Promise<Logins> {
  const clock = new TestClock('2026-11-23T10:00:00Z');
  const issuer = await startOidcIssuer({ clock });
  const usual = {
    issuer: issuer.url,
    clientId: 'chartroom',
    clientSecret: 'client-secret',
    clock,
    requests: LOOPBACK_REQUESTS,
  };
  const provider: Logins['provider'] = (changes) =>
    openIdProvider({ ...usual, scopes: ['openid', 'profile', 'groups'], ...changes });
  return {
    issuer,
    clock,
    provider,
    logIn: async (tested = provider(), change = () => ({})) => {
      const started = await tested.begin(REDIRECT_URI);
      const callback = await browse(started.url);
      return await tested.finish(callback, { ...started, ...change(started), redirectUri: REDIRECT_URI });
    },
    reset: () => {
      Object.assign(issuer.login, usualLogin());
      issuer.publish({});
      for (const endpoint of ['discovery', 'keys', 'token', 'userinfo'] as const) issuer.misbehave(endpoint, undefined);
    },
    [Symbol.asyncDispose]: () => issuer[Symbol.asyncDispose](),
  };
}

/** Where the provider sends the browser back to. */
export async function browse(url: string): Promise<URL> {
  const { headers } = await fetch(url, { redirect: 'manual' });
  return new URL(headers.get('location') ?? 'about:blank');
}

export async function expectRefusal(
  login: Promise<unknown>,
  refusal: LoginRefusal,
  message: string | RegExp,
): Promise<void> {
  const error = await login.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LoginRefused);
  expect(error).toMatchObject({ refusal });
  expect((error as LoginRefused).message).toMatch(message);
}
