// Turns an Authorization header into a caller.
import { loginCommand, logoutCommand, type RegistryAddress } from '../oci/registry-address.ts';
import type { Passwords } from './passwords.ts';
import type { Caller } from './principal.ts';
import type { Tokens } from './tokens.ts';
import { Unauthorized } from './unauthorized.ts';

/** A header beyond this is no credential of ours: characters. */
const MAXIMUM_LENGTH = 16 * 1024;

export interface Credentials {
  readonly name: string;
  readonly password: string;
}

export class Authentication {
  readonly #mode: 'accounts' | 'none';
  readonly #passwords: Passwords;
  readonly #tokens: Tokens;

  constructor(options: { readonly mode: 'accounts' | 'none'; readonly passwords: Passwords; readonly tokens: Tokens }) {
    this.#mode = options.mode;
    this.#passwords = options.passwords;
    this.#tokens = options.tokens;
  }

  get isOpen(): boolean {
    return this.#mode === 'none';
  }

  /**
   * Who shows this Authorization header; nobody shows none. In open mode everybody is the same, whatever they show.
   * @throws Unauthorized when what is shown is wrong, has ended or cannot be read
   * @throws RegistryError TOO_MANY_REQUESTS when too many passwords are being checked
   */
  async identify(authorization: string | undefined, address: RegistryAddress): Promise<Caller> {
    if (this.isOpen) return { principal: { kind: 'open' }, token: undefined, address };
    if (authorization === undefined) return { principal: { kind: 'anonymous' }, token: undefined, address };
    const [, scheme = '', value = ''] = /^(\S+) +(\S+)$/.exec(authorization.slice(0, MAXIMUM_LENGTH)) ?? [];
    switch (scheme.toLowerCase()) {
      case 'bearer': {
        const { principal, access } = this.#tokens.verify(value);
        return { principal, token: access, address };
      }
      case 'basic':
        return await this.logIn(parseBasic(value), address);
      default:
        throw new Unauthorized('the Authorization header is neither "Bearer <token>" nor "Basic <credentials>"');
    }
  }

  /** @throws Unauthorized when name and password do not belong together, RegistryError TOO_MANY_REQUESTS */
  async logIn(credentials: Credentials | undefined, address: RegistryAddress): Promise<Caller> {
    if (this.isOpen) return { principal: { kind: 'open' }, token: undefined, address };
    if (credentials && (await this.#passwords.check(credentials.name, credentials.password))) {
      return { principal: { kind: 'user', name: credentials.name }, token: undefined, address };
    }
    // Without the name: some type the password there, and this goes into the log.
    throw new Unauthorized(
      `wrong user name or password: log in again with ${loginCommand(address)}, or forget the stored one with ${logoutCommand(address)}`,
    );
  }
}

/** RFC 7617: base64 of `name:password`; undefined when it is not that. */
function parseBasic(value: string): Credentials | undefined {
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
