// Content digests: parsing, computing and comparing (OCI image spec, descriptor.md, "Digests").
import { createHash, type Hash } from 'node:crypto';
import { RegistryError } from './error.ts';

declare const digest: unique symbol;
/** `sha256:` and 64, or `sha512:` and 128, lower-case hex digits. */
export type Digest = string & { readonly [digest]: true };

export type DigestAlgorithm = 'sha256' | 'sha512';

const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

/** @throws RegistryError DIGEST_INVALID */
export function parseDigest(text: string): Digest {
  if (!DIGEST.test(text)) {
    throw new RegistryError(
      'DIGEST_INVALID',
      `"${text.slice(0, 160)}" is not a digest: expected sha256:<64 hex digits> or sha512:<128 hex digits>, lower case`,
    );
  }
  return text as Digest;
}

export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

export function algorithmOf(of: Digest): DigestAlgorithm {
  return of.startsWith('sha256:') ? 'sha256' : 'sha512';
}

/** The hex digits behind the colon. */
export function encodedOf(of: Digest): string {
  return of.slice(of.indexOf(':') + 1);
}

export function startHash(algorithm: DigestAlgorithm): Hash {
  return createHash(algorithm);
}

/** The digest of everything that was fed into `hash`; ends it. */
export function finishHash(hash: Hash, algorithm: DigestAlgorithm): Digest {
  return `${algorithm}:${hash.digest('hex')}` as Digest;
}

export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return finishHash(startHash(algorithm).update(bytes), algorithm);
}

/** `sha256:d7aa01b2c3…`, as messages show it. */
export function shortDigest(of: Digest): string {
  return `${of.slice(0, of.indexOf(':') + 13)}…`;
}
