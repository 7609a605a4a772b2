// Identity tokens as an issuer signs them, and as a forger would, without the library that verifies them.
import { createHmac, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto';

type SigningAlgorithm = 'RS256' | 'ES256';

export interface SigningKey {
  readonly id: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * - foreign-key: signed with a key that is not the issuer's, under the id of one that is
 * - none: "alg": "none" and no signature
 * - public-key-as-secret: HS256 with the published key, which everybody knows, as the secret
 * - edited: other claims put into a token that was signed
 */
type Forgery = 'foreign-key' | 'none' | 'public-key-as-secret' | 'edited';

export interface SigningOptions {
  /** RS256 by default */
  readonly algorithm?: SigningAlgorithm;
  /** put into the header, over what it has; undefined leaves out */
  readonly header?: Readonly<Record<string, unknown>>;
  readonly forgery?: Forgery;
}

type Claims = Readonly<Record<string, unknown>>;

export function newSigningKey(id: string, algorithm: SigningAlgorithm): SigningKey {
  const pair =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { id, algorithm, ...pair };
}

/** As it stands in a JWK set. */
export function publicJwk({ id, algorithm, publicKey }: SigningKey): JsonWebKey {
  return { ...publicKey.export({ format: 'jwk' }), kid: id, alg: algorithm, use: 'sig' };
}

/** RFC 7515, section 7.1 */
export function signToken(key: SigningKey, claims: Claims, options: SigningOptions = {}): string {
  const header = { typ: 'JWT', alg: key.algorithm, kid: key.id, ...options.header };
  if (options.forgery === undefined) return signWith(key, header, claims);
  switch (options.forgery) {
    case 'foreign-key':
      return signWith(newSigningKey(key.id, key.algorithm), header, claims);
    case 'none':
      return `${encode({ ...header, alg: 'none', ...options.header })}.${encode(claims)}.`;
    case 'public-key-as-secret': {
      const input = `${encode({ ...header, alg: 'HS256', ...options.header })}.${encode(claims)}`;
      const secret = key.publicKey.export({ format: 'pem', type: 'spki' });
      return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
    }
    case 'edited': {
      const [signedHeader, , signature] = signWith(key, header, { ...claims, sub: 'somebody else' }).split('.');
      return `${signedHeader}.${encode(claims)}.${signature}`;
    }
  }
}

function signWith(key: SigningKey, header: Claims, claims: Claims): string {
  const input = `${encode(header)}.${encode(claims)}`;
  // RFC 7518, section 3.4: both numbers of an ECDSA signature, one behind the other.
  const signature = sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
