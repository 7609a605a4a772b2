// Whether a principal still stands, and what it may do now.
import { logoutCommand, type RegistryAddress } from '../oci/registry-address.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database, Queryable } from '../ports/database.ts';
import { listGrantsOf } from '../tables/grants.ts';
import { listGroupsOf } from '../tables/groups.ts';
import { listNamespaces } from '../tables/namespaces.ts';
import { findPersonalToken } from '../tables/personal-tokens.ts';
import { findRobotById } from '../tables/robots.ts';
import { findSecret, type SecretRow } from '../tables/secrets.ts';
import { findTrustRule } from '../tables/trust-rules.ts';
import { findUserById } from '../tables/users.ts';
import type { Principal, RobotPrincipal, UserPrincipal, WorkloadPrincipal } from './principal.ts';
import { RevisionCache } from './revision-cache.ts';
import { Rights, type RightsOptions, type Scope, Visibility } from './rights.ts';
import { actionsOf, isRole, type Role } from './roles.ts';
import { parseScopesOf } from './scoped-rights.ts';
import { shownSecret } from './secret.ts';
import { Unauthorized } from './unauthorized.ts';

/** What was found out, and when it ends by itself: milliseconds since 1970. */
interface Standing {
  readonly rights: Rights;
  readonly expiries: readonly Expiry[];
}

interface Expiry {
  readonly at: number;
  readonly what: string;
}

/** Why the principal stands no more, as the beginning of a sentence. */
class Ended extends Error {}

type Held = Omit<RightsOptions, 'visibility'> & { readonly expiries: readonly Expiry[] };

const NOTHING: Held = {
  administrator: false,
  scopes: [],
  maintained: [],
  limits: undefined,
  management: false,
  expiries: [],
};
const EVERYTHING: Held = { ...NOTHING, administrator: true, management: true };

export class Standings {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #known: RevisionCache<Standing | Ended>;
  /** The same for everybody: not one for each principal that is remembered. */
  readonly #visibility: RevisionCache<Visibility>;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#known = new RevisionCache(database);
    this.#visibility = new RevisionCache(database);
  }

  /**
   * What the principal may do at this moment: roles, groups and visibility as they are now.
   * @throws Unauthorized when it stands no more: removed, disabled, revoked, expired, or its password changed
   */
  async rightsOf(principal: Principal, address: RegistryAddress): Promise<Rights> {
    const standing = await this.#known.get(keyOf(principal), () => this.#lookUp(principal));
    if (standing instanceof Ended) throw ended(standing.message, address);
    const expired = standing.expiries.find(({ at }) => at <= this.#clock.now());
    if (expired) throw ended(`${expired.what} expired on ${dayOf(expired.at)}`, address);
    return standing.rights;
  }

  async #lookUp(principal: Principal): Promise<Standing | Ended> {
    try {
      const [{ expiries, ...held }, visibility] = await Promise.all([
        heldBy(this.#database, principal),
        this.#visibility.get('', async () => new Visibility(await listNamespaces(this.#database))),
      ]);
      return { rights: new Rights({ ...held, visibility }), expiries };
    } catch (error) {
      if (error instanceof Ended) return error;
      throw error;
    }
  }
}

/** A token that is remembered has the same principal each time. */
const keys = new WeakMap<Principal, string>();

function keyOf(principal: Principal): string {
  const known = keys.get(principal);
  if (known !== undefined) return known;
  const key = JSON.stringify(principal);
  keys.set(principal, key);
  return key;
}

async function heldBy(database: Queryable, principal: Principal): Promise<Held> {
  switch (principal.kind) {
    case 'anonymous':
      return NOTHING;
    case 'open':
    case 'operator':
      return EVERYTHING;
    case 'user':
      return await heldByUser(database, principal);
    case 'robot':
      return await heldByRobot(database, principal);
    case 'workload':
      return await heldByWorkload(database, principal);
  }
}

async function heldByUser(database: Queryable, principal: UserPrincipal): Promise<Held> {
  const user = await findUserById(database, principal.id);
  if (!user) throw new Ended(`there is no user ${principal.name} any more`);
  if (user.disabled === 1) throw new Ended(`the user ${user.name} is disabled`);
  if (user.version !== principal.version) throw new Ended(`the password of ${user.name} was changed`);
  const [groups, grants] = await Promise.all([listGroupsOf(database, user.name), listGrantsOf(database, user.name)]);
  const isMaintainer = ({ role }: { readonly role: string }) => role === 'maintainer';
  const held: Held = {
    ...NOTHING,
    administrator: user.administrator === 1 || groups.some(({ administrator }) => administrator === 1),
    scopes: grants.flatMap(({ namespace, role }) => (isRole(role) ? [scopeOf(namespace, role)] : [])),
    maintained: grants.filter(isMaintainer).map(({ namespace }) => namespace),
    management: true,
  };
  return principal.secret === undefined ? held : await limitedByToken(database, principal, principal.secret, held);
}

async function limitedByToken(
  database: Queryable,
  principal: UserPrincipal,
  secretId: string,
  held: Held,
): Promise<Held> {
  const what = `token ${shownSecret(secretId)} of ${principal.name}`;
  const secret = await standingSecret(database, secretId, what);
  const token = secret.personalToken === null ? undefined : await findPersonalToken(database, secret.personalToken);
  if (token?.user !== principal.name) throw new Ended(`${what} was removed`);
  return {
    ...held,
    limits: token.scopes === null ? undefined : parseScopesOf(token.scopes),
    management: token.management === 1,
    expiries: expiriesOf(what, secret.expiresAt, token.expiresAt),
  };
}

async function heldByRobot(database: Queryable, principal: RobotPrincipal): Promise<Held> {
  const what = `token ${shownSecret(principal.secret)} of robot ${principal.name}`;
  const robot = await findRobotById(database, principal.id);
  if (!robot) throw new Ended(`there is no robot ${principal.name} any more`);
  if (robot.disabled === 1) throw new Ended(`robot ${robot.name} is disabled`);
  if (robot.version !== principal.version) throw new Ended(`robot ${robot.name} was disabled meanwhile`);
  const secret = await standingSecret(database, principal.secret, what);
  if (secret.robot !== robot.name) throw new Ended(`${what} was removed`);
  return {
    ...NOTHING,
    scopes: parseScopesOf(robot.scopes),
    expiries: expiriesOf(what, secret.expiresAt, robot.expiresAt),
  };
}

async function standingSecret(database: Queryable, id: string, what: string): Promise<SecretRow> {
  const secret = await findSecret(database, id);
  if (!secret) throw new Ended(`${what} was removed`);
  if (secret.revokedAt !== null) throw new Ended(`${what} was revoked on ${dayOf(secret.revokedAt)}`);
  return secret;
}

async function heldByWorkload(database: Queryable, principal: WorkloadPrincipal): Promise<Held> {
  const rules = await Promise.all(principal.rules.map(({ name }) => findTrustRule(database, name)));
  const standing = rules.flatMap((rule, index) =>
    rule && rule.disabled === 0 && rule.version === principal.rules[index]?.version ? [rule] : [],
  );
  if (standing.length === 0) throw new Ended(`no rule trusts ${principal.name} any more`);
  return {
    ...NOTHING,
    scopes: standing.flatMap(({ namespace, role }) => (isRole(role) ? [scopeOf(namespace, role)] : [])),
  };
}

function scopeOf(namespace: string, role: Role): Scope {
  return { namespace, charts: '*', actions: actionsOf(role) };
}

function expiriesOf(what: string, ...times: readonly (number | null)[]): readonly Expiry[] {
  return times.flatMap((at) => (at === null ? [] : [{ at, what }])).toSorted((one, other) => one.at - other.at);
}

function ended(why: string, address: RegistryAddress): Unauthorized {
  return new Unauthorized(`${why}: log in with another credential, or forget this one with ${logoutCommand(address)}`, {
    error: 'invalid_token',
  });
}

/** `2026-11-23` */
function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
