// The refusal that asks the client to authenticate, with what its challenge must say.
import { RegistryError } from '../oci/error.ts';

interface Challenge {
  /** What a token has to be good for; undefined where any token will do. */
  readonly scope?: string;
  /** RFC 6750, section 3.1 */
  readonly error?: 'invalid_token' | 'insufficient_scope';
}

export class Unauthorized extends RegistryError {
  readonly challenge: Challenge;

  constructor(message: string, challenge: Challenge = {}) {
    super('UNAUTHORIZED', message);
    this.name = 'Unauthorized';
    this.challenge = challenge;
  }
}
