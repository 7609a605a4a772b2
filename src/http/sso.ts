// Single sign-on: sends a browser to the provider, and gives whoever comes back from there a token for the management API.
import cookie, { type CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyRequest } from 'fastify';
import type { Authentication } from '../access/authentication.ts';
import { authorOf, type Origin } from '../access/principal.ts';
import { MANAGEMENT } from '../access/scope.ts';
import { LOGIN_LIFETIME, type StartedLogins } from '../access/started-logins.ts';
import type { Tokens } from '../access/tokens.ts';
import { AccountError } from '../accounts/account-error.ts';
import type { ProviderLogin, ProviderLogins } from '../accounts/provider-logins.ts';
import type { Sightings } from '../events/sightings.ts';
import { RegistryError } from '../oci/error.ts';
import { LoginRefused } from '../ports/identity-provider.ts';
import { arrivalOf } from './authenticate.ts';
import { baseUrlOf } from './base-url.ts';
import type { Routes } from './server.ts';

/** Where a login begins: shown to people. */
export const LOGIN_PATH = '/sso/login';
const CALLBACK_PATH = '/sso/callback';

export interface SingleSignOn {
  readonly logins: ProviderLogins;
  readonly startedLogins: StartedLogins;
}

interface SingleSignOnRoutes extends SingleSignOn {
  readonly authentication: Authentication;
  readonly tokens: Tokens;
  readonly sightings: Sightings;
}

export async function ssoRoutes(app: Routes, options: SingleSignOnRoutes): Promise<void> {
  const { logins, startedLogins, authentication, tokens, sightings } = options;
  await app.register(cookie);
  // The address that a browser comes back to has a code in it, the answer a token.
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('referrer-policy', 'no-referrer').header('cache-control', 'no-store');
  });

  app.get(LOGIN_PATH, async (request, reply) => {
    const redirectUri = `${baseUrlOf(request).href}${CALLBACK_PATH}`;
    const { url, ...started } = await logins.begin(redirectUri);
    const { name, attributes } = cookieFor(request);
    return await reply.setCookie(name, startedLogins.seal({ ...started, redirectUri }), attributes).redirect(url, 302);
  });

  app.get(CALLBACK_PATH, async (request, reply) => {
    const arrival = arrivalOf(request);
    const { name, attributes } = cookieFor(request);
    try {
      const callback = callbackOf(request);
      const started = startedLogins.redeem(request.cookies[name], callback.searchParams.get('state'));
      reply.clearCookie(name, attributes);
      const login = await logins.finish(callback, started, arrival.origin);
      request.caller = await authentication.admit(login.principal, arrival);
      noteLogin(sightings, login, arrival.origin);
      const { token, expiresIn } = tokens.issue(login.principal, [MANAGEMENT]);
      return await reply.send({ user: login.principal.name, groups: login.groups, token, expires_in: expiresIn });
    } catch (error) {
      noteRefusal(sightings, error, arrival.origin);
      if (!(error instanceof LoginRefused) || error.refusal !== 'stale') throw error;
      throw new LoginRefused('stale', `${error.message} (${baseUrlOf(request).href}${LOGIN_PATH})`, { cause: error });
    }
  });
}

/**
 * Only this host can set a `__Host-` cookie, so that no other site below the same domain has a browser end a login that it has
 * not begun (RFC 6265bis, section 4.1.3.2). Such a cookie has to be for every path. Browsers take it over https alone; without,
 * the path keeps it from the rest of the registry. It is not `Strict`, since the way back comes from the provider's site.
 */
function cookieFor(request: FastifyRequest): { readonly name: string; readonly attributes: CookieSerializeOptions } {
  const secure = baseUrlOf(request).href.startsWith('https:');
  const attributes = { httpOnly: true, sameSite: 'lax', secure, maxAge: LOGIN_LIFETIME } as const;
  return secure
    ? { name: '__Host-chartroom-login', attributes: { ...attributes, path: '/' } }
    : { name: 'chartroom-login', attributes: { ...attributes, path: '/sso' } };
}

/** Of the address that the browser came to only the query counts; the rest is what the provider was told. */
function callbackOf(request: FastifyRequest): URL {
  const callback = new URL(`${baseUrlOf(request).href}${CALLBACK_PATH}`);
  callback.search = /\?(.*)$/s.exec(request.originalUrl)?.[1] ?? '';
  return callback;
}

function noteLogin(sightings: Sightings, { principal, issuer }: ProviderLogin, origin: Origin): void {
  sightings.userLoggedIn(principal.id);
  sightings.note({ kind: 'login.succeeded', author: authorOf(principal, origin), detail: { issuer } });
}

function noteRefusal(sightings: Sightings, error: unknown, origin: Origin): void {
  if (!(error instanceof LoginRefused || error instanceof AccountError || error instanceof RegistryError)) return;
  const author = authorOf({ kind: 'anonymous' }, origin);
  sightings.note({ kind: 'login.refused', author, detail: { reason: error.message } });
}
