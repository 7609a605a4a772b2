// What a browser keeps while it logs in at a provider, and must bring back: signed, for ten minutes, good for once.
import type { Clock } from '../ports/clock.ts';
import { LoginRefused, type StartedLogin } from '../ports/identity-provider.ts';
import { isSameSecret } from '../ports/same-secret.ts';
import type { SigningKeys } from '../ports/signing-keys.ts';
import { signClaims, verifyClaims } from './signed-claims.ts';

/** Seconds. Nobody types a password and a second factor for longer. */
export const LOGIN_LIFETIME = 10 * 60;
/** Of nothing else that our keys sign: neither can be shown for the other. */
const AUDIENCE = 'chartroom:login';
const MAXIMUM_ENDED = 10_000;

interface KeptLogin extends StartedLogin {
  /** Where the provider sends the browser back to. */
  readonly redirectUri: string;
}

/**
 * Signed and not encrypted: the browser is that of whoever logs in, and all of it is about this one login. State and nonce are
 * known there anyway; the verifier (RFC 7636) keeps others from using a code that they have got hold of, not its owner.
 */
export class StartedLogins {
  readonly #keys: SigningKeys;
  readonly #clock: Clock;
  /** States of logins that were brought back, and until when they could be again: milliseconds since 1970. */
  readonly #ended = new Map<string, number>();

  constructor(options: { readonly keys: SigningKeys; readonly clock: Clock }) {
    this.#keys = options.keys;
    this.#clock = options.clock;
  }

  /** @returns a text without characters that a cookie may not have */
  seal({ state, nonce, codeVerifier, redirectUri }: KeptLogin): string {
    const iat = Math.floor(this.#clock.now() / 1000);
    const claims = { state, nonce, codeVerifier, redirectUri, iat, exp: iat + LOGIN_LIFETIME };
    return signClaims(claims, AUDIENCE, this.#keys);
  }

  /**
   * The login that was begun with this state, for the first who asks.
   * @throws LoginRefused when it was begun in another browser, long ago, or has been ended
   */
  redeem(sealed: string | undefined, state: string | null): KeptLogin {
    const kept = this.#open(sealed ?? '');
    // Another state leaves it as it is: no other site can end a login by sending the browser here.
    if (!kept || !isSameSecret(state ?? '', kept.state) || this.#ended.has(kept.state)) {
      throw new LoginRefused(
        'stale',
        'this login was not begun in this browser, took too long, or was ended before: log in again',
      );
    }
    this.#end(kept.state);
    return kept;
  }

  #open(sealed: string): KeptLogin | undefined {
    try {
      const options = { audience: AUDIENCE, keys: this.#keys, now: this.#clock.now() };
      return verifyClaims(sealed, options).claims as KeptLogin;
    } catch {
      return undefined;
    }
  }

  /** Those that have run out meanwhile are forgotten; at worst the provider refuses a code that was used. */
  #end(state: string): void {
    const now = this.#clock.now();
    for (const [ended, until] of this.#ended) {
      if (until > now && this.#ended.size < MAXIMUM_ENDED) break;
      this.#ended.delete(ended);
    }
    this.#ended.set(state, now + LOGIN_LIFETIME * 1000);
  }
}
