// The part of a test issuer with which people log in: authorization, token and userinfo endpoints (OpenID Connect Core 1.0).
import { createHash, randomUUID } from 'node:crypto';
import type { SigningOptions } from './identity-token.ts';

/** What a test sets, at any time. */
export interface LoginBehaviour {
  client: { readonly id: string; readonly secret: string | null };
  /** how the client may show its secret */
  clientAuthentication: readonly ('client_secret_basic' | 'client_secret_post')[];
  /** the claims of whoever logs in; nobody is asked anything */
  user: Readonly<Record<string, unknown>> & { readonly sub: string };
  /** those of the user's claims that only the userinfo endpoint tells */
  onlyInUserinfo: readonly string[];
  /** put over the claims of the identity token */
  idTokenClaims: Readonly<Record<string, unknown>>;
  idTokenSigning: SigningOptions;
  /** put over the answer of the token endpoint */
  tokenAnswer: Readonly<Record<string, unknown>>;
  /** what the authorization endpoint answers instead of a code, such as `{ error: 'access_denied' }` */
  refusal: Readonly<Record<string, string>> | undefined;
  /** put over the query with which the browser is sent back; undefined leaves out */
  callback: Readonly<Record<string, string | undefined>>;
}

export interface LoginAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Issuer {
  readonly url: string;
  sign(claims: Readonly<Record<string, unknown>>, options: SigningOptions): string;
}

interface Grant {
  readonly redirectUri: string;
  readonly challenge: string;
  readonly nonce: string | null;
  readonly user: LoginBehaviour['user'];
}

export function usualLogin(): LoginBehaviour {
  return {
    client: { id: 'chartroom', secret: 'client-secret' },
    clientAuthentication: ['client_secret_basic', 'client_secret_post'],
    user: { sub: '248289761001', preferred_username: 'ann', email: 'ann@example.com', groups: ['platform', 'charts'] },
    onlyInUserinfo: [],
    idTokenClaims: {},
    idTokenSigning: {},
    tokenAnswer: {},
    refusal: undefined,
    callback: {},
  };
}

export class LoginEndpoints {
  readonly #issuer: Issuer;
  readonly #behaviour: LoginBehaviour;
  readonly #grants = new Map<string, Grant>();
  readonly #accessTokens = new Map<string, LoginBehaviour['user']>();

  constructor(issuer: Issuer, behaviour: LoginBehaviour) {
    this.#issuer = issuer;
    this.#behaviour = behaviour;
  }

  /** Sends the browser back at once, as if somebody had logged in. */
  authorize(query: URLSearchParams): LoginAnswer {
    const redirectUri = query.get('redirect_uri');
    const challenge = query.get('code_challenge');
    const isWellFormed =
      redirectUri !== null &&
      challenge !== null &&
      query.get('code_challenge_method') === 'S256' &&
      query.get('response_type') === 'code' &&
      query.get('client_id') === this.#behaviour.client.id &&
      query.get('scope')?.split(' ').includes('openid');
    if (!isWellFormed) return { status: 400, body: { error: 'invalid_request' } };
    const code = randomUUID();
    this.#grants.set(code, { redirectUri, challenge, nonce: query.get('nonce'), user: this.#behaviour.user });
    const location = new URL(redirectUri);
    const parameters = {
      ...(this.#behaviour.refusal ?? { code }),
      state: query.get('state') ?? undefined,
      iss: this.#issuer.url,
      ...this.#behaviour.callback,
    };
    for (const [name, value] of Object.entries(parameters))
      if (value !== undefined) location.searchParams.set(name, value);
    return { status: 302, headers: { location: location.href } };
  }

  exchange(authorization: string | undefined, form: URLSearchParams, now: number): LoginAnswer {
    if (!this.#isClient(authorization, form)) return { status: 401, body: { error: 'invalid_client' } };
    const code = form.get('code') ?? '';
    const grant = this.#grants.get(code);
    this.#grants.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (!grant || grant.challenge !== challenge || grant.redirectUri !== form.get('redirect_uri')) {
      return { status: 400, body: { error: 'invalid_grant' } };
    }
    const accessToken = randomUUID();
    this.#accessTokens.set(accessToken, grant.user);
    const { onlyInUserinfo, idTokenClaims, idTokenSigning, client, tokenAnswer } = this.#behaviour;
    const told = Object.entries(grant.user).filter(([name]) => !onlyInUserinfo.includes(name));
    const claims = {
      iss: this.#issuer.url,
      aud: client.id,
      iat: Math.floor(now / 1000),
      exp: Math.floor(now / 1000) + 300,
      ...(grant.nonce === null ? {} : { nonce: grant.nonce }),
      ...Object.fromEntries(told),
      ...idTokenClaims,
    };
    const idToken = this.#issuer.sign(claims, idTokenSigning);
    const body = {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 300,
      id_token: idToken,
      ...tokenAnswer,
    };
    return { status: 200, body };
  }

  userinfo(authorization: string | undefined): LoginAnswer {
    const user = this.#accessTokens.get(authorization?.replace(/^Bearer /i, '') ?? '');
    if (!user) return { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } };
    return { status: 200, body: user };
  }

  /** RFC 6749, section 2.3.1 */
  #isClient(authorization: string | undefined, form: URLSearchParams): boolean {
    const { client, clientAuthentication } = this.#behaviour;
    if (client.secret === null) {
      return authorization === undefined && form.get('client_id') === client.id && !form.has('client_secret');
    }
    if (authorization === undefined) {
      const isRight = form.get('client_id') === client.id && form.get('client_secret') === client.secret;
      return isRight && clientAuthentication.includes('client_secret_post');
    }
    const credentials = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
    const [id, secret] = credentials.split(':').map((part) => decodeURIComponent(part.replaceAll('+', ' ')));
    return id === client.id && secret === client.secret && clientAuthentication.includes('client_secret_basic');
  }
}
