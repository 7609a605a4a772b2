// Bearer tokens: short-lived JWTs that say who somebody is, by which credential, and what the token is good for.
import jsonwebtoken from 'jsonwebtoken';
import type { Clock } from '../ports/clock.ts';
import type { SigningKeys } from '../ports/signing-keys.ts';
import { isPrincipal, type Principal } from './principal.ts';
import type { ScopedAccess } from './scope.ts';
import { Unauthorized } from './unauthorized.ts';

const ISSUER = 'chartroom';

export interface IssuedToken {
  readonly token: string;
  /** seconds */
  readonly expiresIn: number;
  /** milliseconds since 1970 */
  readonly issuedAt: number;
}

export interface VerifiedToken {
  readonly principal: Principal;
  readonly access: readonly ScopedAccess[];
  /** milliseconds since 1970 */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

interface Claims {
  readonly sub: string;
  readonly principal: Principal;
  readonly access: readonly ScopedAccess[];
  /** seconds since 1970 */
  readonly iat: number;
  readonly exp: number;
}

export class Tokens {
  readonly #keys: SigningKeys;
  readonly #clock: Clock;
  readonly #lifetime: number;

  /** @param options.lifetime seconds */
  constructor(options: { readonly keys: SigningKeys; readonly clock: Clock; readonly lifetime: number }) {
    this.#keys = options.keys;
    this.#clock = options.clock;
    this.#lifetime = options.lifetime;
  }

  issue(principal: Principal, access: readonly ScopedAccess[]): IssuedToken {
    const issuedAt = this.#clock.now();
    const seconds = Math.floor(issuedAt / 1000);
    const sub = 'name' in principal ? principal.name : '';
    const claims: Claims = { sub, principal, access, iat: seconds, exp: seconds + this.#lifetime };
    const key = this.#keys.current();
    const token = jsonwebtoken.sign(claims, Buffer.from(key.secret), {
      algorithm: 'HS256',
      issuer: ISSUER,
      audience: ISSUER,
      keyid: key.id,
    });
    return { token, expiresIn: this.#lifetime, issuedAt };
  }

  /** Whether it says that it is one of ours, true or not: a foreign identity token says something else. */
  isOwn(token: string): boolean {
    const claims = jsonwebtoken.decode(token);
    return typeof claims === 'object' && claims?.iss === ISSUER;
  }

  /**
   * @param alsoExpired for the caller that decides itself whether the token may have ended
   * @throws Unauthorized when the token is not ours, has ended, or was changed
   */
  verify(token: string, { alsoExpired = false } = {}): VerifiedToken {
    try {
      const { kid } = jsonwebtoken.decode(token, { complete: true })?.header ?? {};
      const key = kid === undefined ? undefined : this.#keys.find(kid);
      if (!key) throw new jsonwebtoken.JsonWebTokenError('signed with no key of ours');
      const claims = jsonwebtoken.verify(token, Buffer.from(key.secret), {
        algorithms: ['HS256'],
        issuer: ISSUER,
        audience: ISSUER,
        clockTimestamp: Math.floor(this.#clock.now() / 1000),
        ignoreExpiration: alsoExpired,
      }) as unknown as Claims;
      // In open mode no token is looked at; one from before it was left must be worth nothing.
      if (!isPrincipal(claims.principal)) throw new jsonwebtoken.JsonWebTokenError('it names nobody who could be here');
      const { principal, access, iat, exp } = claims;
      return { principal, access, issuedAt: iat * 1000, expiresAt: exp * 1000 };
    } catch (error) {
      const why = error instanceof jsonwebtoken.TokenExpiredError ? 'has expired' : 'is not one of this registry';
      throw new Unauthorized(`the bearer token ${why}: ask for a new one, which every client does by itself`, {
        error: 'invalid_token',
      });
    }
  }
}
