// Turns an Authorization header into a caller.
import type { Sightings } from '../events/sightings.ts';
import { RegistryError } from '../oci/error.ts';
import { loginCommand, logoutCommand, type RegistryAddress } from '../oci/registry-address.ts';
import type { Caller } from './caller.ts';
import type { Guessing } from './guessing.ts';
import { looksLikeIdentityToken } from './identity-tokens.ts';
import type { Passwords } from './passwords.ts';
import { authorOf, type Origin, ownerKeyOf, type Principal, type UserPrincipal } from './principal.ts';
import type { ScopedAccess } from './scope.ts';
import { looksLikeSecret, parseSecret, shownSecret } from './secret.ts';
import type { SecretHolders } from './secret-holders.ts';
import type { Standings } from './standings.ts';
import type { Tokens } from './tokens.ts';
import { Unauthorized } from './unauthorized.ts';
import type { Workloads } from './workloads.ts';

/** A header beyond this is no credential of ours: characters. */
const MAXIMUM_LENGTH = 16 * 1024;

export interface Credentials {
  readonly name: string;
  readonly password: string;
}

/** By which name a request reached us, and where it comes from. */
export interface Arrival {
  readonly address: RegistryAddress;
  readonly origin: Origin;
}

/** Checks passwords elsewhere, and knows which user here somebody is there. */
export interface DirectoryLogin {
  /**
   * Asked when the password is that of no user who has one here. Undefined when name and password do not belong together.
   * @throws RegistryError when that cannot be found out, or whoever it is cannot be a user here
   */
  check(name: string, password: string, origin: Origin): Promise<UserPrincipal | undefined>;
  /** The user whose password it was a moment ago: known without a check. */
  recall(name: string, password: string): Promise<UserPrincipal | undefined>;
}

/** Whether a token that has ended may still be used for what its owner began within these times: milliseconds since 1970. */
export type Continuation = (ownerKey: string, from: number, to: number) => Promise<boolean>;

interface AuthenticationOptions {
  readonly mode: 'accounts' | 'none';
  readonly passwords: Passwords;
  readonly directory: DirectoryLogin | undefined;
  readonly guessing: Guessing;
  readonly secretHolders: SecretHolders;
  readonly workloads: Workloads;
  readonly tokens: Tokens;
  readonly standings: Standings;
  readonly sightings: Sightings;
}

export class Authentication {
  readonly #options: AuthenticationOptions;

  constructor(options: AuthenticationOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#options.mode === 'none';
  }

  /**
   * Who shows this Authorization header; nobody shows none. In open mode everybody is the same, whatever they show. A
   * credential that does not count makes an anonymous caller with a `rejection`.
   * @param continuation for a request that goes on with what was begun before
   */
  async identify(authorization: string | undefined, arrival: Arrival, continuation?: Continuation): Promise<Caller> {
    if (this.isOpen) return await this.admit({ kind: 'open' }, arrival);
    if (authorization === undefined) return await this.admit({ kind: 'anonymous' }, arrival);
    const [, scheme = '', value = ''] = /^(\S+) +(\S+)$/.exec(authorization.slice(0, MAXIMUM_LENGTH)) ?? [];
    switch (scheme.toLowerCase()) {
      case 'basic':
        return await this.logIn(parseBasic(value), arrival);
      case 'bearer':
        return await this.#bearer(value, arrival, continuation);
      default:
        return await this.#admitOrReject(arrival, undefined, () => {
          throw new Unauthorized('the Authorization header is neither "Bearer <token>" nor "Basic <credentials>"');
        });
    }
  }

  /** The same for a name and a password, in which secrets and identity tokens may come as well. */
  async logIn(credentials: Credentials | undefined, arrival: Arrival): Promise<Caller> {
    if (this.isOpen) return await this.admit({ kind: 'open' }, arrival);
    return await this.#admitOrReject(arrival, credentials, () => this.#check(credentials, arrival));
  }

  /** A caller of whom it is known who it is. @throws Unauthorized when the principal stands no more */
  async admit(principal: Principal, arrival: Arrival, token?: readonly ScopedAccess[]): Promise<Caller> {
    const rights = await this.#options.standings.rightsOf(principal, arrival.address);
    return { principal, rights, token, rejection: undefined, claimed: '', ...arrival };
  }

  async #admitOrReject(
    arrival: Arrival,
    credentials: Credentials | undefined,
    identify: () => Promise<Principal>,
  ): Promise<Caller> {
    try {
      const principal = await identify();
      const caller = await this.admit(principal, arrival);
      this.#noteLogin(principal, arrival.origin);
      return caller;
    } catch (rejection) {
      if (!(rejection instanceof RegistryError)) throw rejection;
      const claimed = credentials ? await this.#claimOf(credentials) : '';
      return { ...(await this.admit({ kind: 'anonymous' }, arrival)), rejection, claimed };
    }
  }

  async #bearer(value: string, arrival: Arrival, continuation: Continuation | undefined): Promise<Caller> {
    const { tokens, secretHolders, workloads } = this.#options;
    const isSecret = looksLikeSecret(value);
    // Our own first: those that were verified are known by heart.
    if (isSecret || (!tokens.isOwn(value) && looksLikeIdentityToken(value))) {
      return await this.#admitOrReject(arrival, { name: '', password: value }, () =>
        isSecret ? secretHolders.identify(value, arrival.address) : workloads.identify(value),
      );
    }
    // Our own is refused also for what everybody may read: its client gets another one by itself.
    const verified = tokens.verify(value, { alsoExpired: continuation !== undefined });
    const { principal, access, issuedAt, expiresAt } = verified;
    // Refuses it, when it has ended and the caller began nothing while it was good.
    if (continuation && !(await continuation(ownerKeyOf(principal), issuedAt, expiresAt))) tokens.verify(value);
    return await this.admit(principal, arrival, access);
  }

  async #check(credentials: Credentials | undefined, { address, origin }: Arrival): Promise<Principal> {
    if (!credentials) throw wrongPassword(address);
    const { name, password } = credentials;
    if (looksLikeSecret(password)) return await this.#options.secretHolders.identify(password, address);
    if (looksLikeIdentityToken(password)) return await this.#options.workloads.identify(password);
    const attempt = { account: name, clientAddress: origin.clientAddress, password };
    const user = await this.#options.guessing.attempt(attempt, () => this.#checkPassword(credentials, origin));
    if (!user) throw wrongPassword(address);
    return user;
  }

  /**
   * Every wrong attempt takes the same steps, so that its time says nothing about the name. What is recalled counts as an
   * attempt as well: whoever has to wait must not learn which password somebody else has just used.
   */
  async #checkPassword({ name, password }: Credentials, origin: Origin): Promise<UserPrincipal | undefined> {
    const { passwords, directory } = this.#options;
    const recalled = (await passwords.recall(name, password)) ?? (await directory?.recall(name, password));
    return recalled ?? (await passwords.check(name, password)) ?? (await directory?.check(name, password, origin));
  }

  /** A name is told only when it is one, since some type the password there; and nobody makes up whom the trail names. */
  async #claimOf({ name, password }: Credentials): Promise<string> {
    const { passwords, secretHolders } = this.#options;
    const secret = parseSecret(password);
    if (secret) return (await secretHolders.has(secret.id)) ? `token ${shownSecret(secret.id)}` : '';
    return (await passwords.isUser(name)) ? name : '';
  }

  #noteLogin(principal: Principal, origin: Origin): void {
    const { sightings } = this.#options;
    if ('secret' in principal && principal.secret !== undefined) sightings.secretUsed(principal.secret, origin);
    if (principal.kind === 'user') sightings.userLoggedIn(principal.id);
    sightings.note({ kind: 'login.succeeded', author: authorOf(principal, origin), detail: {} });
  }
}

function wrongPassword(address: RegistryAddress): Unauthorized {
  // Without the name: some type the password there, and this goes into the log.
  return new Unauthorized(
    `wrong user name or password: log in again with ${loginCommand(address)}, or forget the stored one with ${logoutCommand(address)}`,
  );
}

/** RFC 7617: base64 of `name:password`; undefined when it is not that. */
function parseBasic(value: string): Credentials | undefined {
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
