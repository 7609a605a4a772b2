// Bearer tokens: short-lived JWTs that say who somebody is and what the token is good for.
import { createHash } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import type { Clock } from '../ports/clock.ts';
import type { Principal } from './principal.ts';
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
}

interface Claims {
  readonly sub: string;
  readonly kind: Principal['kind'];
  readonly access: readonly ScopedAccess[];
}

export class Tokens {
  readonly #key: Buffer;
  readonly #keyId: string;
  readonly #clock: Clock;
  readonly #lifetime: number;

  /** @param options.lifetime seconds */
  constructor(options: { readonly key: Buffer; readonly clock: Clock; readonly lifetime: number }) {
    this.#key = options.key;
    this.#keyId = createHash('sha256').update(options.key).digest('hex').slice(0, 16);
    this.#clock = options.clock;
    this.#lifetime = options.lifetime;
  }

  issue(principal: Principal, access: readonly ScopedAccess[]): IssuedToken {
    const issuedAt = this.#clock.now();
    const seconds = Math.floor(issuedAt / 1000);
    const claims: Claims & { iat: number; exp: number } = {
      sub: principal.kind === 'user' ? principal.name : '',
      kind: principal.kind,
      access,
      iat: seconds,
      exp: seconds + this.#lifetime,
    };
    const token = jsonwebtoken.sign(claims, this.#key, {
      algorithm: 'HS256',
      issuer: ISSUER,
      audience: ISSUER,
      keyid: this.#keyId,
    });
    return { token, expiresIn: this.#lifetime, issuedAt };
  }

  /** @throws Unauthorized when the token is not ours, has ended, or was changed */
  verify(token: string): VerifiedToken {
    try {
      const claims = jsonwebtoken.verify(token, this.#key, {
        algorithms: ['HS256'],
        issuer: ISSUER,
        audience: ISSUER,
        clockTimestamp: Math.floor(this.#clock.now() / 1000),
      }) as unknown as Claims;
      // In open mode no token is looked at; one from before it was left must be worth nothing.
      if (claims.kind === 'open') throw new jsonwebtoken.JsonWebTokenError('from open mode');
      const principal: Principal = claims.kind === 'user' ? { kind: 'user', name: claims.sub } : { kind: 'anonymous' };
      return { principal, access: claims.access };
    } catch (error) {
      const why = error instanceof jsonwebtoken.TokenExpiredError ? 'has expired' : 'is not one of this registry';
      throw new Unauthorized(`the bearer token ${why}: ask for a new one, which every client does by itself`, {
        error: 'invalid_token',
      });
    }
  }
}
