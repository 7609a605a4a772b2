// Logs people in with single sign-on: who an OpenID provider says they are becomes a user here.
import type { Origin, UserPrincipal } from '../access/principal.ts';
import { quoted } from '../oci/quoted.ts';
import type { Queryable } from '../ports/database.ts';
import { type IdentityProvider, LoginRefused, type LoginStart, type StartedLogin } from '../ports/identity-provider.ts';
import { listGroupsOf } from '../tables/groups.ts';
import type { ExternalUsers } from './external-users.ts';

export interface ProviderLogin {
  readonly principal: UserPrincipal;
  /** The names of the groups here that the user is in, whoever put it there. */
  readonly groups: readonly string[];
  readonly issuer: string;
}

export class ProviderLogins {
  readonly #provider: IdentityProvider;
  readonly #users: ExternalUsers;
  readonly #database: Queryable;
  readonly #nameClaim: string;
  readonly #groupsClaim: string;

  constructor(options: {
    readonly provider: IdentityProvider;
    readonly users: ExternalUsers;
    readonly database: Queryable;
    readonly nameClaim: string;
    readonly groupsClaim: string;
  }) {
    this.#provider = options.provider;
    this.#users = options.users;
    this.#database = options.database;
    this.#nameClaim = options.nameClaim;
    this.#groupsClaim = options.groupsClaim;
  }

  /** @throws LoginRefused when the provider cannot be reached or used */
  async begin(redirectUri: string): Promise<LoginStart> {
    return await this.#provider.begin(redirectUri);
  }

  /**
   * Not to be called twice for one login.
   * @param callbackUrl what the browser came back to
   * @throws LoginRefused
   * @throws AccountError when the name cannot be one here, or belongs to a user who logs in another way
   */
  async finish(
    callbackUrl: URL,
    started: StartedLogin & { readonly redirectUri: string },
    origin: Origin,
  ): Promise<ProviderLogin> {
    const { issuer, subject, claims } = await this.#provider.finish(callbackUrl, started);
    const name = claims[this.#nameClaim];
    if (typeof name !== 'string') {
      throw new LoginRefused(
        'misconfigured',
        `${new URL(issuer).host} does not say what you are called (the claim ${quoted(this.#nameClaim)}): tell an administrator`,
      );
    }
    const groups = textsIn(claims[this.#groupsClaim]);
    const principal = await this.#users.ensure({ login: 'provider', issuer, subject, name, groups }, origin);
    const memberships = await listGroupsOf(this.#database, principal.name);
    return { principal, groups: memberships.map((group) => group.name), issuer };
  }
}

/** Of a claim with one name or a list of them. What is missing or something else names nothing. */
function textsIn(claim: unknown): readonly string[] {
  return [claim].flat().filter((name) => typeof name === 'string');
}
