// Single sign-on with an OpenID provider: authorization code flow with PKCE (OpenID Connect Core 1.0, section 3.1; RFC 9700).
import * as openid from 'openid-client';
import { quoted } from '../oci/quoted.ts';
import { type Clock, systemClock } from '../ports/clock.ts';
import {
  type IdentityProvider,
  LoginRefused,
  type LoginStart,
  type ProviderIdentity,
  type StartedLogin,
} from '../ports/identity-provider.ts';
import { isLoopback, issuerProblem, maySendTo } from '../ports/issuer-address.ts';
import { type OutgoingRequests, outgoingFailureIn } from '../ports/outgoing-requests.ts';
import { isSameSecret } from '../ports/same-secret.ts';

/** The provider may change what it publishes of itself: milliseconds. */
const METADATA_MAXIMUM_AGE = 60 * 60_000;
const TIMEOUT = 10_000;
/** bytes of any one answer */
const MAXIMUM_SIZE = 1024 * 1024;

export interface OpenIdProviderOptions {
  readonly requests: OutgoingRequests;
  readonly issuer: string;
  readonly clientId: string;
  /** null for a public client, which has none */
  readonly clientSecret: string | null;
  /** "openid" is always asked for */
  readonly scopes: readonly string[];
  /** When the identity token lacks one of these claims, the userinfo endpoint is asked too. */
  readonly neededClaims?: readonly string[];
  readonly clock?: Clock;
  /** milliseconds for one answer; 10 seconds by default */
  readonly timeout?: number;
}

/** @throws Error when no provider can have this issuer */
export function openIdProvider(options: OpenIdProviderOptions): IdentityProvider {
  const problem = issuerProblem(options.issuer);
  if (problem) throw new Error(problem);
  return new OpenIdProvider(options);
}

interface Metadata {
  readonly server: openid.ServerMetadata;
  readonly fetchedAt: number;
}

class OpenIdProvider implements IdentityProvider {
  readonly #options: OpenIdProviderOptions;
  readonly #host: string;
  readonly #clock: Clock;
  readonly #fetch: openid.CustomFetch;
  #metadata: Metadata | undefined;
  #discovering: Promise<Metadata> | undefined;

  constructor(options: OpenIdProviderOptions) {
    this.#options = options;
    this.#host = new URL(options.issuer).host;
    this.#clock = options.clock ?? systemClock;
    this.#fetch = safeFetch(new URL(options.issuer), options.requests, options.timeout ?? TIMEOUT);
  }

  async begin(redirectUri: string): Promise<LoginStart> {
    try {
      const server = await this.#discover();
      const state = openid.randomState();
      const nonce = openid.randomNonce();
      const codeVerifier = openid.randomPKCECodeVerifier();
      const url = openid.buildAuthorizationUrl(this.#configure(server, openid.None()), {
        redirect_uri: new URL(redirectUri).href,
        scope: [...new Set(['openid', ...this.#options.scopes])].join(' '),
        state,
        nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, state, nonce, codeVerifier };
    } catch (error) {
      throw refusalFor(error, this.#host);
    }
  }

  async finish(callbackUrl: URL, started: StartedLogin & { readonly redirectUri: string }): Promise<ProviderIdentity> {
    // Before anything is sent to anybody: else one could be logged in as whoever began the login (RFC 9700, section 4.7).
    if (!isSameSecret(callbackUrl.searchParams.get('state') ?? '', started.state)) {
      throw new LoginRefused('stale', 'this login was not begun in this browser, or was ended before: log in again');
    }
    try {
      const server = await this.#discover();
      const { configuration, tokens } = await this.#exchangeCode(server, callbackUrl, started);
      const claims = tokens.claims();
      if (!claims) throw new LoginRefused('untrusted', `${this.#host} sent no identity token: tell an administrator`);
      const complete = await this.#complete(configuration, claims, tokens.access_token);
      return { issuer: claims.iss, subject: claims.sub, claims: complete };
    } catch (error) {
      throw refusalFor(error, this.#host);
    }
  }

  /** Which way of showing the secret a client is registered with, discovery does not say. What was refused used up no code. */
  async #exchangeCode(
    server: openid.ServerMetadata,
    callbackUrl: URL,
    started: StartedLogin & { readonly redirectUri: string },
  ): Promise<{
    configuration: openid.Configuration;
    tokens: Awaited<ReturnType<typeof openid.authorizationCodeGrant>>;
  }> {
    // A proxy may have changed the address that the browser came to; what counts is the one that was registered.
    const answer = new URL(started.redirectUri);
    answer.search = callbackUrl.search;
    const exchangeWith = async (authentication: openid.ClientAuth) => {
      const configuration = this.#configure(server, authentication);
      const tokens = await openid.authorizationCodeGrant(configuration, answer, {
        expectedState: started.state,
        expectedNonce: started.nonce,
        pkceCodeVerifier: started.codeVerifier,
        idTokenExpected: true,
      });
      return { configuration, tokens };
    };
    const { first, second } = authenticationsFor(server, this.#options.clientSecret);
    try {
      return await exchangeWith(first);
    } catch (error) {
      if (!second || !isClientRefused(error)) throw error;
      return await exchangeWith(second);
    }
  }

  async #complete(
    configuration: openid.Configuration,
    claims: openid.IDToken,
    accessToken: string,
  ): Promise<Readonly<Record<string, unknown>>> {
    const isComplete = (this.#options.neededClaims ?? []).every((name) => claims[name] !== undefined);
    if (isComplete || configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
    try {
      return { ...(await openid.fetchUserInfo(configuration, accessToken, claims.sub)), ...claims };
    } catch (error) {
      if (isUnreachable(error)) throw error;
      const message = `${this.#host} does not say who you are (${reasonOf(error)}): tell an administrator`;
      throw new LoginRefused('untrusted', message, { cause: error });
    }
  }

  /** For one login, so that the times in its tokens are compared with the clock of this registry. */
  #configure(server: openid.ServerMetadata, authentication: openid.ClientAuth): openid.Configuration {
    const metadata = { [openid.clockSkew]: Math.round((this.#clock.now() - systemClock.now()) / 1000) };
    const configuration = new openid.Configuration(server, this.#options.clientId, metadata, authentication);
    configuration[openid.customFetch] = this.#fetch;
    if (this.#allowsPlainHttp()) openid.allowInsecureRequests(configuration);
    // Its name is misleading: without it, the signature of the identity token is not verified.
    openid.enableNonRepudiationChecks(configuration);
    return configuration;
  }

  #allowsPlainHttp(): boolean {
    return isLoopback(new URL(this.#options.issuer));
  }

  /** Asked when first needed. Later, when the provider does not answer, what it said before will do. */
  async #discover(): Promise<openid.ServerMetadata> {
    const known = this.#metadata;
    if (known && this.#clock.now() - known.fetchedAt < METADATA_MAXIMUM_AGE) return known.server;
    this.#discovering ??= this.#fetchMetadata().finally(() => {
      this.#discovering = undefined;
    });
    try {
      this.#metadata = await this.#discovering;
    } catch (error) {
      if (!known) throw error;
      this.#metadata = { ...known, fetchedAt: this.#clock.now() };
    }
    return this.#metadata.server;
  }

  async #fetchMetadata(): Promise<Metadata> {
    const { issuer, clientId } = this.#options;
    const address = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const configuration = await openid.discovery(address, clientId, undefined, openid.None(), {
      execute: this.#allowsPlainHttp() ? [openid.allowInsecureRequests] : [],
      [openid.customFetch]: this.#fetch,
    });
    const server = configuration.serverMetadata();
    // Section 4.3 of Discovery 1.0: to the letter. Tokens are compared with what is named here.
    if (server.issuer !== issuer) {
      throw new LoginRefused(
        'misconfigured',
        `single sign-on is not set up properly: the provider calls itself ${quoted(server.issuer)}, and its issuer must be written exactly so: tell an administrator`,
      );
    }
    return { server, fetchedAt: this.#clock.now() };
  }
}

/** Redirects are not followed, answers not waited or read for ever, and nobody asked over plain http but this machine. */
function safeFetch(issuer: URL, requests: OutgoingRequests, timeout: number): openid.CustomFetch {
  return async (url, { method, headers, body }) => {
    const address = new URL(url);
    if (!maySendTo(issuer, address)) throw new openid.ClientError(`${url} is not safe to ask`);
    const bounds = { maximumBytes: MAXIMUM_SIZE, signal: AbortSignal.timeout(timeout) };
    const content = body === undefined || body === null ? {} : { body: String(body) };
    const answer = await requests.send(address, { method, headers, ...content, ...bounds });
    const { status, headers: answered } = answer;
    return new Response(answer.body.length === 0 ? null : answer.body, { status, headers: answered });
  };
}

/** What the provider offers, the standard's default first (OpenID Connect Discovery 1.0, section 3). */
function authenticationsFor(
  server: openid.ServerMetadata,
  secret: string | null,
): { readonly first: openid.ClientAuth; readonly second?: openid.ClientAuth } {
  if (secret === null) return { first: openid.None() };
  const offered = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  const basic = openid.ClientSecretBasic(secret);
  const post = openid.ClientSecretPost(secret);
  if (!offered.includes('client_secret_post')) return { first: basic };
  return offered.includes('client_secret_basic') ? { first: basic, second: post } : { first: post };
}

/** RFC 6749, section 5.2: with or without a challenge */
function isClientRefused(error: unknown): boolean {
  if (error instanceof openid.ResponseBodyError) return error.error === 'invalid_client';
  return error instanceof openid.WWWAuthenticateChallengeError && error.status === 401;
}

/** What went wrong, as the person who logs in can use it. */
function refusalFor(error: unknown, host: string): LoginRefused {
  if (error instanceof LoginRefused) return error;
  if (error instanceof openid.AuthorizationResponseError) return refusalOfAuthorization(error, host);
  if (isClientRefused(error)) {
    const message = `${host} does not accept this registry's client id and secret: tell an administrator`;
    return new LoginRefused('misconfigured', message, { cause: error });
  }
  if (error instanceof openid.ResponseBodyError) {
    return error.error === 'invalid_grant'
      ? new LoginRefused('stale', 'the login took too long, or was ended before: log in again', { cause: error })
      : new LoginRefused('misconfigured', `${host} ended the login (${quoted(error.error)}): tell an administrator`, {
          cause: error,
        });
  }
  const outgoing = outgoingFailureIn(error);
  if (outgoing?.failure === 'forbidden') {
    const message = `what ${host} names as its own ${outgoing.message}: tell an administrator`;
    return new LoginRefused('misconfigured', message, { cause: error });
  }
  if (isUnreachable(error)) {
    return new LoginRefused('unreachable', `${host} does not answer as it should: try again in a minute`, {
      cause: error,
    });
  }
  return new LoginRefused('untrusted', `the login at ${host} gave nothing that can be trusted (${reasonOf(error)})`, {
    cause: error,
  });
}

/** RFC 6749, section 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6 */
function refusalOfAuthorization(error: openid.AuthorizationResponseError, host: string): LoginRefused {
  const said = error.error_description ? `: ${quoted(error.error_description)}` : '';
  switch (error.error) {
    case 'access_denied':
      return new LoginRefused('denied', `${host} did not let you in${said}`, { cause: error });
    case 'server_error':
    case 'temporarily_unavailable':
      return new LoginRefused('unreachable', `${host} cannot log anybody in now${said}: try again in a minute`, {
        cause: error,
      });
    case 'login_required':
    case 'interaction_required':
    case 'account_selection_required':
    case 'consent_required':
      return new LoginRefused('stale', `${host} asks you to log in again${said}`, { cause: error });
    default:
      return new LoginRefused(
        'misconfigured',
        `${host} refused the login (${quoted(error.error)})${said}: tell an administrator`,
        { cause: error },
      );
  }
}

const UNREACHABLE = ['OAUTH_TIMEOUT', 'OAUTH_ABORT', 'OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON'];

function isUnreachable(error: unknown): boolean {
  if (error instanceof openid.ClientError && error.code !== undefined) return UNREACHABLE.includes(error.code);
  const failure = outgoingFailureIn(error);
  return failure !== undefined && failure.failure !== 'too-large';
}

/** The innermost message says most: openid-client wraps what it means. */
function reasonOf(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
  return innermost instanceof Error ? innermost.message : String(innermost);
}
