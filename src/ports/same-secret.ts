// Compares what somebody shows with a secret.
import { createHash, timingSafeEqual } from 'node:crypto';

/** In a time that does not depend on where the two differ, nor on how long the secret is. */
export function isSameSecret(shown: string, secret: string): boolean {
  return timingSafeEqual(digestOf(shown), digestOf(secret));
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text, 'utf16le').digest();
}
