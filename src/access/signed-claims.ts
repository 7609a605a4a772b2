// JWTs that this registry signs for itself, with its own keys: HS256 and nothing else, each kind for an audience of its own.
import { createSecretKey, type KeyObject } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import type { SigningKey, SigningKeys } from '../ports/signing-keys.ts';

export const ISSUER = 'chartroom';

/** @param claims with `iat` and `exp`: seconds since 1970 */
export function signClaims(claims: object, audience: string, keys: SigningKeys): string {
  const key = keys.current();
  return jsonwebtoken.sign(claims, keyObjectOf(key), {
    algorithm: 'HS256',
    issuer: ISSUER,
    audience,
    keyid: key.id,
  });
}

/**
 * What is in it, and by which key it was verified.
 * @param options.now milliseconds since 1970
 * @throws JsonWebTokenError when it is not ours, for something else, or was changed; TokenExpiredError when it has ended
 */
export function verifyClaims(
  token: string,
  options: {
    readonly audience: string;
    readonly keys: SigningKeys;
    readonly now: number;
    readonly ignoreExpiration?: boolean;
  },
): { readonly claims: unknown; readonly key: SigningKey } {
  const { audience, keys, now, ignoreExpiration = false } = options;
  const { kid } = jsonwebtoken.decode(token, { complete: true })?.header ?? {};
  const key = kid === undefined ? undefined : keys.find(kid);
  if (!key) throw new jsonwebtoken.JsonWebTokenError('signed with no key of ours');
  const claims: unknown = jsonwebtoken.verify(token, keyObjectOf(key), {
    algorithms: ['HS256'],
    issuer: ISSUER,
    audience,
    clockTimestamp: Math.floor(now / 1000),
    ignoreExpiration,
  });
  return { claims, key };
}

/** Given mere bytes, jsonwebtoken tries at each use to read them as the PEM file of a public or private key first. */
function keyObjectOf({ secret }: SigningKey): KeyObject {
  return createSecretKey(secret);
}
