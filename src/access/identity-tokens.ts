// Identity tokens of other issuers (OpenID Connect Core 1.0, section 2): what proves a CI job or a workload without a password.
import {
  type CryptoKey,
  compactVerify,
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JSONWebKeySet,
} from 'jose';
import { quoted } from '../oci/quoted.ts';
import type { Clock } from '../ports/clock.ts';
import { type IssuerKeys, IssuerUnreachable } from '../ports/issuer-keys.ts';
import { type Claims, matchesClaims } from './claim-patterns.ts';

/** Characters; those of CI systems have one or two thousand. */
const MAXIMUM_LENGTH = 16 * 1024;
/** Signatures that only the issuer can make. Not "HS256", whose key would be known to all who verify, and never "none". */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
/** How far the issuer's clock may be ahead of ours: milliseconds. An expired token gets no such grace. */
const LEEWAY = 60_000;
/** How many keys are tried for a token that does not say which one signed it. */
const MAXIMUM_TRIED_KEYS = 10;
/** 9999-12-31T23:59:59Z: seconds */
const LAST_SECOND = 253_402_300_799;

/** Whom an administrator trusts without an account. */
export interface TrustRule {
  readonly name: string;
  /** exactly as tokens name it ("iss") */
  readonly issuer: string;
  readonly audience: string;
  /** patterns by claim: see `matchesClaims` */
  readonly claims: Readonly<Record<string, string>>;
  /** a JWK set, for an issuer that cannot be asked; undefined when it publishes its keys */
  readonly keys: object | undefined;
}

interface VerifiedIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** milliseconds since 1970 */
  readonly expiresAt: number;
  readonly claims: Claims;
  /** names of the rules that fit, at least one */
  readonly matching: readonly string[];
}

/** The message is for whoever reads the log of the CI job. It says nothing of what rules ask for but their audience. */
export class IdentityRefused extends Error {
  /** milliseconds since 1970; undefined when it is refused for something else */
  readonly expiredAt: number | undefined;

  constructor(message: string, options: { readonly expiredAt?: number } = {}) {
    super(message);
    this.name = 'IdentityRefused';
    this.expiredAt = options.expiredAt;
  }
}

interface UnverifiedToken {
  readonly text: string;
  readonly issuer: string;
  readonly keyId: string | undefined;
  readonly claims: Claims;
}

type KeyResolver = ReturnType<typeof createLocalJWKSet>;

/** Three parts of base64url, the first of which is a header: whether a "password" is to be verified as an identity token. */
export function looksLikeIdentityToken(text: string): boolean {
  if (text.length > MAXIMUM_LENGTH || !/^[\w-]+\.[\w-]+\.[\w-]*$/.test(text)) return false;
  return headerOf(text) !== undefined;
}

export class IdentityTokens {
  readonly #keys: IssuerKeys;
  readonly #clock: Clock;
  /** By the set of keys, as long as somebody holds it. */
  readonly #resolvers = new WeakMap<object, KeyResolver>();

  constructor(options: { readonly keys: IssuerKeys; readonly clock: Clock }) {
    this.#keys = options.keys;
    this.#clock = options.clock;
  }

  /**
   * Who shows this token, and which of the rules it fits. A rule counts only when its own keys verify the signature.
   * @throws IdentityRefused
   * @throws IssuerUnreachable when the token may be good, but its issuer's keys cannot be had now
   */
  async verify(text: string, rules: readonly TrustRule[]): Promise<VerifiedIdentity> {
    const token = parseToken(text);
    // The token has proven nothing yet: before anything is fetched, somebody must have named the issuer.
    const named = rules.filter(({ issuer }) => issuer === token.issuer);
    if (named.length === 0) {
      throw new IdentityRefused(
        `this registry trusts no identity tokens of ${quoted(token.issuer)}: log in with a token of another issuer, or ask an administrator of the registry to add a trust rule`,
      );
    }
    const signed = await this.#rulesThatVerify(token, named);
    if (signed.length === 0) {
      throw new IdentityRefused(
        `${nameOf(token)} is not signed with a key of its issuer: it was changed or is not from there; if the issuer has just replaced its keys, try again in a minute`,
      );
    }
    const expiresAt = requireCurrent(token, this.#clock.now());
    const subject = textClaim(token.claims, 'sub');
    if (subject === undefined) throw new IdentityRefused(`${nameOf(token)} does not say whose it is ("sub")`);
    const addressed = requireAudience(token, signed);
    const matching = addressed.filter(({ claims }) => matchesClaims(token.claims, claims)).map(({ name }) => name);
    if (matching.length === 0) {
      throw new IdentityRefused(
        `${nameOf(token)} is genuine, but no trust rule of this registry fits it (its subject is ${quoted(subject)}): ask an administrator of the registry who may log in from where`,
      );
    }
    return { issuer: token.issuer, subject, expiresAt, claims: token.claims, matching };
  }

  /** @throws IssuerUnreachable when none does, and that may be because keys are missing */
  async #rulesThatVerify(token: UnverifiedToken, rules: readonly TrustRule[]): Promise<readonly TrustRule[]> {
    const groups = Map.groupBy(rules, ({ keys }) => keys && JSON.stringify(keys));
    const verified: TrustRule[] = [];
    let unreachable: IssuerUnreachable | undefined;
    for (const group of groups.values()) {
      try {
        const keys = group[0]?.keys ?? (await this.#keys.publishedBy(token.issuer, token.keyId));
        if (await this.#isSigned(token, keys)) verified.push(...group);
      } catch (error) {
        if (!(error instanceof IssuerUnreachable)) throw error;
        unreachable = error;
      }
    }
    if (verified.length === 0 && unreachable) throw unreachable;
    return verified;
  }

  /** A key that cannot be used verifies nothing; that is no failure of ours. */
  async #isSigned({ text }: UnverifiedToken, keys: object): Promise<boolean> {
    try {
      await compactVerify(text, this.#resolverOf(keys), { algorithms: ALGORITHMS });
      return true;
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys) return await isSignedByOneOf(text, error);
      if (isUnverifiable(error)) return false;
      throw error;
    }
  }

  #resolverOf(keys: object): KeyResolver {
    const resolver = this.#resolvers.get(keys) ?? createLocalJWKSet(keys as JSONWebKeySet);
    this.#resolvers.set(keys, resolver);
    return resolver;
  }
}

/** For a token without a key id, which several keys may have signed. */
async function isSignedByOneOf(text: string, keys: AsyncIterable<CryptoKey>): Promise<boolean> {
  let tried = 0;
  for await (const key of keys) {
    tried += 1;
    if (tried > MAXIMUM_TRIED_KEYS) return false;
    try {
      await compactVerify(text, key, { algorithms: ALGORITHMS });
      return true;
    } catch (error) {
      if (!isUnverifiable(error)) throw error;
    }
  }
  return false;
}

/** What jose and Web Crypto throw for a wrong signature, no key that fits, or a key that is too short or malformed. */
function isUnverifiable(error: unknown): boolean {
  return error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException;
}

/** Reads the token without believing it. @throws IdentityRefused when it cannot be one that is verified here */
function parseToken(text: string): UnverifiedToken {
  if (text.length > MAXIMUM_LENGTH) {
    throw new IdentityRefused(`the identity token has more than ${MAXIMUM_LENGTH} characters`);
  }
  const header = headerOf(text);
  const claims = claimsOf(text);
  const issuer = claims && textClaim(claims, 'iss');
  if (!header || !claims || issuer === undefined) {
    throw new IdentityRefused('this is no identity token: it cannot be read, or does not name its issuer ("iss")');
  }
  const { alg, kid, crit } = header;
  if (typeof alg !== 'string' || !ALGORITHMS.includes(alg)) {
    throw new IdentityRefused(
      `the identity token of ${quoted(issuer)} has the signature algorithm ${quoted(alg)}, which proves nothing here: let its issuer sign with one of ${ALGORITHMS.join(', ')}`,
    );
  }
  // RFC 7515, section 4.1.11: what is critical and not understood makes a token invalid, and nothing of it is understood here.
  if (crit !== undefined || (kid !== undefined && typeof kid !== 'string')) {
    throw new IdentityRefused(
      `the identity token of ${quoted(issuer)} has a header that is not supported ("crit", "kid")`,
    );
  }
  return { text, issuer, keyId: kid, claims };
}

/** @returns when it ends: milliseconds since 1970 @throws IdentityRefused */
function requireCurrent(token: UnverifiedToken, now: number): number {
  const { exp, nbf, iat } = token.claims;
  if (!isSecond(exp)) throw new IdentityRefused(`${nameOf(token)} does not say when it expires ("exp")`);
  const expiresAt = exp * 1000;
  if (expiresAt <= now) {
    throw new IdentityRefused(`${nameOf(token)} expired at ${time(expiresAt)}: ask for a new one in the job`, {
      expiredAt: expiresAt,
    });
  }
  for (const start of [nbf, iat]) {
    if (start === undefined) continue;
    if (!isSecond(start)) throw new IdentityRefused(`${nameOf(token)} does not say from when it is valid`);
    if (start * 1000 > now + LEEWAY) {
      throw new IdentityRefused(
        `${nameOf(token)} is not valid before ${time(start * 1000)}, and here it is ${time(now)}: check the clocks of both machines`,
      );
    }
  }
  return expiresAt;
}

/** @returns the rules that the token is meant for @throws IdentityRefused when it is meant for somebody else */
function requireAudience(token: UnverifiedToken, rules: readonly TrustRule[]): readonly TrustRule[] {
  const { aud } = token.claims;
  const audiences = Array.isArray(aud) ? aud : [aud];
  const addressed = rules.filter(({ audience }) => audiences.includes(audience));
  if (addressed.length > 0) return addressed;
  const [expected, ...others] = new Set(rules.map(({ audience }) => audience));
  const advice =
    others.length === 0
      ? `ask for one with the audience ${quoted(expected)} in the job`
      : 'ask an administrator of the registry for the audience';
  throw new IdentityRefused(`${nameOf(token)} is for the audience ${quoted(aud)}, not for this registry: ${advice}`);
}

function headerOf(text: string): ReturnType<typeof decodeProtectedHeader> | undefined {
  try {
    const header = decodeProtectedHeader(text);
    return typeof header.alg === 'string' ? header : undefined;
  } catch {
    return undefined;
  }
}

function claimsOf(text: string): Claims | undefined {
  try {
    return decodeJwt(text);
  } catch {
    return undefined;
  }
}

function textClaim(claims: Claims, name: string): string | undefined {
  const value = claims[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** RFC 7519, section 2, "NumericDate" */
function isSecond(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= LAST_SECOND;
}

function nameOf({ issuer }: UnverifiedToken): string {
  return `the identity token of ${quoted(issuer)}`;
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
