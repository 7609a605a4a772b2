// The port to single sign-on: an OpenID provider with which people log in in their browser.

/** What a login that has begun must remember, where only the same browser can bring it back. */
export interface StartedLogin {
  readonly state: string;
  readonly nonce: string;
  /** RFC 7636, section 4.1: a secret, which proves that whoever ends the login has begun it */
  readonly codeVerifier: string;
}

export interface LoginStart extends StartedLogin {
  /** where to send the browser */
  readonly url: string;
}

export interface ProviderIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** of the identity token; where that lacks one that is needed, those of the userinfo endpoint too */
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface IdentityProvider {
  /**
   * @param redirectUri where the provider sends the browser back to: absolute, registered there, without a query
   * @throws LoginRefused when the provider cannot be reached or used
   */
  begin(redirectUri: string): Promise<LoginStart>;

  /**
   * Who has logged in. Not to be called twice for one login.
   * @param callbackUrl what the browser came back to; only its query is used
   * @throws LoginRefused
   */
  finish(callbackUrl: URL, started: StartedLogin & { readonly redirectUri: string }): Promise<ProviderIdentity>;
}

/**
 * - denied: the provider, or the person there, said no
 * - stale: the login took too long, was ended before, or was begun in another browser; a new one may well succeed
 * - unreachable: the provider does not answer now
 * - misconfigured: an administrator has to put something right, here or at the provider
 * - untrusted: what came back is not what a login that was begun here gives
 */
export type LoginRefusal = 'denied' | 'stale' | 'unreachable' | 'misconfigured' | 'untrusted';

/** The message is for the person who logs in; what went wrong in detail, for the log, is the cause. */
export class LoginRefused extends Error {
  readonly refusal: LoginRefusal;

  constructor(refusal: LoginRefusal, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LoginRefused';
    this.refusal = refusal;
  }
}
