// A real issuer of identity tokens on loopback HTTP, which does as it is told: also break the rules.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Clock, systemClock } from '../../src/ports/clock.ts';
import { newSigningKey, publicJwk, type SigningKey, type SigningOptions, signToken } from './identity-token.ts';
import { type LoginAnswer, type LoginBehaviour, LoginEndpoints, usualLogin } from './oidc-login.ts';

type Endpoint = 'discovery' | 'keys' | 'authorize' | 'token' | 'userinfo';

/**
 * - padded: the right answer, with so many bytes of white space behind it
 * - hang: no answer; hang-midway: only the start of one
 */
export type Misbehaviour =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'body'; readonly body: unknown }
  | { readonly kind: 'padded'; readonly bytes: number }
  | { readonly kind: 'hang' }
  | { readonly kind: 'hang-midway' };

export interface OidcIssuer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, which is also the issuer's name */
  readonly url: string;
  /** how often each was asked */
  readonly asked: Readonly<Record<Endpoint, number>>;
  readonly login: LoginBehaviour;
  /**
   * Signs the claims, and what every token has: issuer, `iat` and `nbf` of now, `exp` in five minutes.
   * @param claims a claim that is undefined is left out
   */
  signIdentityToken(claims: Readonly<Record<string, unknown>>, options?: SigningOptions): string;
  /** As the issuer publishes it. */
  keySet(): { readonly keys: readonly object[] };
  /** New keys under new ids; the old ones are published no more. */
  rotateKeys(): void;
  /** From now on; undefined ends it. */
  misbehave(endpoint: Endpoint, how: Misbehaviour | undefined): void;
  /** Put over what discovery says; an undefined member is left out. */
  publish(metadata: Readonly<Record<string, unknown>>): void;
}

const PATHS: Readonly<Record<string, Endpoint>> = {
  '/.well-known/openid-configuration': 'discovery',
  '/keys': 'keys',
  '/authorize': 'authorize',
  '/token': 'token',
  '/userinfo': 'userinfo',
};

export async function startOidcIssuer(options: { readonly clock?: Clock } = {}): Promise<OidcIssuer> {
  const issuer = new TestIssuer(options.clock ?? systemClock);
  await issuer.listen();
  return issuer;
}

class TestIssuer implements OidcIssuer {
  readonly asked: Record<Endpoint, number> = { discovery: 0, keys: 0, authorize: 0, token: 0, userinfo: 0 };
  readonly login = usualLogin();
  readonly #clock: Clock;
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error) => response.destroy(error));
  });
  readonly #misbehaviours = new Map<Endpoint, Misbehaviour>();
  #metadata: Readonly<Record<string, unknown>> = {};
  #generation = 0;
  #keys: readonly SigningKey[] = [];
  #endpoints = new LoginEndpoints({ url: '', sign: () => '' }, this.login);

  constructor(clock: Clock) {
    this.#clock = clock;
    this.rotateKeys();
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const sign = (claims: Readonly<Record<string, unknown>>, options: SigningOptions) =>
      signToken(this.#keyFor(options), claims, options);
    this.#endpoints = new LoginEndpoints({ url: this.url, sign }, this.login);
  }

  signIdentityToken(claims: Readonly<Record<string, unknown>>, options: SigningOptions = {}): string {
    const now = Math.floor(this.#clock.now() / 1000);
    const usual = { iss: this.url, iat: now, nbf: now, exp: now + 300 };
    return signToken(this.#keyFor(options), { ...usual, ...claims }, options);
  }

  keySet(): { readonly keys: readonly object[] } {
    return { keys: this.#keys.map(publicJwk) };
  }

  rotateKeys(): void {
    this.#generation += 1;
    this.#keys = (['RS256', 'ES256'] as const).map((algorithm) =>
      newSigningKey(`${algorithm}-${this.#generation}`, algorithm),
    );
  }

  misbehave(endpoint: Endpoint, how: Misbehaviour | undefined): void {
    if (how) this.#misbehaviours.set(endpoint, how);
    else this.#misbehaviours.delete(endpoint);
  }

  publish(metadata: Readonly<Record<string, unknown>>): void {
    this.#metadata = metadata;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keyFor({ algorithm = 'RS256' }: SigningOptions): SigningKey {
    const key = this.#keys.find((candidate) => candidate.algorithm === algorithm);
    if (!key) throw new Error(`there is no key for ${algorithm}`);
    return key;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const endpoint = PATHS[url.pathname];
    if (!endpoint) return send(response, { status: 404 });
    this.asked[endpoint] += 1;
    const form = new URLSearchParams(await text(request));
    const answer = () => this.#rightAnswer(endpoint, url.searchParams, form, request.headers.authorization);
    const misbehaviour = this.#misbehaviours.get(endpoint);
    switch (misbehaviour?.kind) {
      case undefined:
        return send(response, answer());
      case 'status':
        return send(response, { status: misbehaviour.status });
      case 'redirect':
        return send(response, { status: 302, headers: { location: misbehaviour.to } });
      case 'body':
        return send(response, { status: 200, body: misbehaviour.body });
      case 'padded':
        return send(response, answer(), ' '.repeat(misbehaviour.bytes));
      case 'hang':
        return;
      case 'hang-midway':
        response.writeHead(200, { 'content-type': 'application/json' }).write('{"issuer":');
    }
  }

  #rightAnswer(
    endpoint: Endpoint,
    query: URLSearchParams,
    form: URLSearchParams,
    authorization: string | undefined,
  ): LoginAnswer {
    switch (endpoint) {
      case 'discovery':
        return { status: 200, body: { ...this.#discovery(), ...this.#metadata } };
      case 'keys':
        return { status: 200, body: this.keySet() };
      case 'authorize':
        return this.#endpoints.authorize(query);
      case 'token':
        return this.#endpoints.exchange(authorization, form, this.#clock.now());
      case 'userinfo':
        return this.#endpoints.userinfo(authorization);
    }
  }

  /** OpenID Connect Discovery 1.0, section 3 */
  #discovery(): Readonly<Record<string, unknown>> {
    return {
      issuer: this.url,
      jwks_uri: `${this.url}/keys`,
      authorization_endpoint: `${this.url}/authorize`,
      token_endpoint: `${this.url}/token`,
      userinfo_endpoint: `${this.url}/userinfo`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'ES256'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      authorization_response_iss_parameter_supported: true,
    };
  }
}

function send(response: ServerResponse, { status, headers, body }: LoginAnswer, padding = ''): void {
  const content = typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(content + padding);
}
