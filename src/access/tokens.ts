// Bearer tokens: short-lived JWTs that say who somebody is, by which credential, and what the token is good for.
import jsonwebtoken from 'jsonwebtoken';
import type { Clock } from '../ports/clock.ts';
import type { SigningKey, SigningKeys } from '../ports/signing-keys.ts';
import { isPrincipal, type Principal } from './principal.ts';
import type { ScopedAccess } from './scope.ts';
import { ISSUER, signClaims, verifyClaims } from './signed-claims.ts';
import { Unauthorized } from './unauthorized.ts';

const AUDIENCE = 'chartroom';

/** Tokens that were verified are remembered, so that a client's many requests pay for one signature: at most so many… */
export const MAXIMUM_REMEMBERED = 5_000;
/** …of so many characters. One for a repository has about 500; longer ones are verified at every use. */
const MAXIMUM_REMEMBERED_LENGTH = 2_048;

interface IssuedToken {
  readonly token: string;
  /** seconds */
  readonly expiresIn: number;
  /** milliseconds since 1970 */
  readonly issuedAt: number;
}

interface VerifiedToken {
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

interface Remembered {
  readonly verified: VerifiedToken;
  /** By which it was verified. */
  readonly key: SigningKey;
}

export class Tokens {
  readonly #keys: SigningKeys;
  readonly #clock: Clock;
  readonly #lifetime: number;
  /** By the token's whole text, signature and all. */
  readonly #remembered = new Map<string, Remembered>();

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
    const token = signClaims(claims, AUDIENCE, this.#keys);
    return { token, expiresIn: this.#lifetime, issuedAt };
  }

  /** Whether it says that it is one of ours, true or not: a foreign identity token says something else. */
  isOwn(token: string): boolean {
    if (this.#remembered.has(token)) return true;
    const claims = claimsIn(token);
    return typeof claims === 'object' && claims?.iss === ISSUER;
  }

  /**
   * @param alsoExpired for the caller that decides itself whether the token may have ended
   * @throws Unauthorized when the token is not ours, has ended, or was changed
   */
  verify(token: string, { alsoExpired = false } = {}): VerifiedToken {
    const recalled = this.#recall(token);
    if (recalled && (alsoExpired || recalled.expiresAt > this.#clock.now())) return recalled;
    try {
      const now = this.#clock.now();
      const options = { audience: AUDIENCE, keys: this.#keys, now, ignoreExpiration: alsoExpired };
      const { claims: read, key } = verifyClaims(token, options);
      const claims = read as Claims;
      // In open mode no token is looked at; one from before it was left must be worth nothing.
      if (!isPrincipal(claims.principal)) throw new jsonwebtoken.JsonWebTokenError('it names nobody who could be here');
      const { principal, access, iat, exp } = claims;
      const verified = { principal, access, issuedAt: iat * 1000, expiresAt: exp * 1000 };
      this.#remember(token, { verified, key });
      return verified;
    } catch (error) {
      const why = error instanceof jsonwebtoken.TokenExpiredError ? 'has expired' : 'is not one of this registry';
      throw new Unauthorized(`the bearer token ${why}: ask for a new one, which every client does by itself`, {
        error: 'invalid_token',
      });
    }
  }

  /** The same text says the same for ever, but its key may have been retired, and its time is for the caller to look at. */
  #recall(token: string): VerifiedToken | undefined {
    const remembered = this.#remembered.get(token);
    if (!remembered) return undefined;
    if (this.#keys.find(remembered.key.id) === remembered.key) return remembered.verified;
    this.#remembered.delete(token);
    return undefined;
  }

  #remember(token: string, remembered: Remembered): void {
    if (token.length > MAXIMUM_REMEMBERED_LENGTH) return;
    if (this.#remembered.size >= MAXIMUM_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(token, remembered);
  }
}

/** What it says, which nobody has verified; the library throws for a payload that is not the JSON that its header promises. */
function claimsIn(token: string): ReturnType<typeof jsonwebtoken.decode> {
  try {
    return jsonwebtoken.decode(token);
  } catch {
    return null;
  }
}
