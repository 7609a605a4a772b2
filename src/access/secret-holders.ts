// Finds out whose secret somebody shows: that of a robot, or of a personal token.
import { logoutCommand, type RegistryAddress } from '../oci/registry-address.ts';
import type { Database, Queryable } from '../ports/database.ts';
import { isSameSecret } from '../ports/same-secret.ts';
import { findPersonalToken } from '../tables/personal-tokens.ts';
import { findRobot } from '../tables/robots.ts';
import { findSecret, type SecretRow } from '../tables/secrets.ts';
import { findUser } from '../tables/users.ts';
import type { RobotPrincipal, UserPrincipal } from './principal.ts';
import { RevisionCache } from './revision-cache.ts';
import { parseSecret, shownSecret } from './secret.ts';
import { Unauthorized } from './unauthorized.ts';

interface KnownSecret {
  readonly hash: string;
  readonly principal: RobotPrincipal | UserPrincipal;
}

export class SecretHolders {
  readonly #database: Database;
  readonly #known: RevisionCache<KnownSecret>;

  constructor(database: Database) {
    this.#database = database;
    this.#known = new RevisionCache(database);
  }

  /**
   * Whose it is; whether it still holds is for `Standings` to say.
   * @throws Unauthorized when it is no complete secret, or not one that was given out here
   */
  async identify(text: string, address: RegistryAddress): Promise<RobotPrincipal | UserPrincipal> {
    const parsed = parseSecret(text);
    const wayOut = `log in with another one, or forget this one with ${logoutCommand(address)}`;
    if (!parsed) throw refused(`the token is not complete, its checksum does not fit: copy all of it, or ${wayOut}`);
    const known = await this.#find(parsed.id);
    if (!known || !isSameSecret(parsed.hash, known.hash)) {
      throw refused(`token ${shownSecret(parsed.id)} is not known here, or was removed: ${wayOut}`);
    }
    return known.principal;
  }

  /** Whether somebody has, or had of late, a secret of this id. */
  async has(id: string): Promise<boolean> {
    return (await this.#find(id)) !== undefined;
  }

  /** What is not there is not remembered: anybody can make up so many ids that nothing else would be. */
  async #find(id: string): Promise<KnownSecret | undefined> {
    return await this.#known.get(id, () => find(this.#database, id));
  }
}

async function find(database: Queryable, id: string): Promise<KnownSecret | undefined> {
  const secret = await findSecret(database, id);
  const principal = secret && (await holderOf(database, secret));
  return secret && principal && { hash: secret.hash, principal };
}

async function holderOf(
  database: Queryable,
  { id: secret, robot: robotName, personalToken }: SecretRow,
): Promise<RobotPrincipal | UserPrincipal | undefined> {
  if (robotName !== null) {
    const robot = await findRobot(database, robotName);
    return robot && { kind: 'robot', name: robot.name, id: robot.id, version: robot.version, secret };
  }
  const token = personalToken === null ? undefined : await findPersonalToken(database, personalToken);
  const user = token && (await findUser(database, token.user));
  return user && { kind: 'user', name: user.name, id: user.id, version: user.version, secret };
}

function refused(message: string): Unauthorized {
  return new Unauthorized(message, { error: 'invalid_token' });
}
