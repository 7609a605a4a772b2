// The port to the keys with which issuers of identity tokens sign.

/** The public half of an asymmetric key (RFC 7517, section 4); other members by their names there. */
interface PublicKey {
  readonly kty: string;
  readonly kid?: string;
  readonly [member: string]: unknown;
}

/** A JWK set (RFC 7517, section 5) */
export interface KeySet {
  readonly keys: readonly PublicKey[];
}

export interface IssuerKeys {
  /**
   * The keys that the issuer publishes. Equal answers are the same object.
   * @param issuer the caller has checked that it is one that somebody with the right to do so has named
   * @param keyId which key is looked for; when it is not among those known so far, the issuer may be asked again, but is not
   *   asked for every one that somebody makes up. The answer may lack it.
   * @throws IssuerUnreachable
   */
  publishedBy(issuer: string, keyId: string | undefined): Promise<KeySet>;
}

/** The issuer's keys cannot be had now. Nothing is wrong with the token. The message says which host fails, and how. */
export class IssuerUnreachable extends Error {
  readonly issuer: string;
  /** Nobody may ask it: that stays so until an operator changes the settings. */
  readonly isForbidden: boolean;

  constructor(issuer: string, reason: string, options: ErrorOptions & { readonly isForbidden?: boolean } = {}) {
    super(`the keys of ${issuer} cannot be had: ${reason}`, options);
    this.name = 'IssuerUnreachable';
    this.issuer = issuer;
    this.isForbidden = options.isForbidden ?? false;
  }
}

const ASYMMETRIC = ['RSA', 'EC', 'OKP'];
/** RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1; RFC 8037, section 2; RFC 9964, section 3 */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** Why this is not a key that may be published; undefined when it is one. */
export function publicKeyProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is no JSON object';
  const { kty, kid } = value as { readonly kty?: unknown; readonly kid?: unknown };
  if (kty === 'oct') return 'is a shared secret ("oct"): whoever can verify with it can also sign';
  const secret = SECRET_MEMBERS.find((member) => Object.hasOwn(value, member));
  if (secret !== undefined) return `contains the private part ("${secret}"): give only the public key`;
  if (typeof kty !== 'string' || !ASYMMETRIC.includes(kty)) return `has none of the types ${ASYMMETRIC.join(', ')}`;
  if (kid !== undefined && typeof kid !== 'string') return 'has a key id ("kid") that is no text';
  return undefined;
}

export function isPublicKey(value: unknown): value is PublicKey {
  return publicKeyProblem(value) === undefined;
}
