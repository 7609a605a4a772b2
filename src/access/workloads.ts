// Turns the identity token of a job or service of elsewhere into a principal, by the rules that trust its issuer.
import { createHash } from 'node:crypto';
import { RegistryError } from '../oci/error.ts';
import type { Database } from '../ports/database.ts';
import { IssuerUnreachable } from '../ports/issuer-keys.ts';
import { listTrustRules, type TrustRuleRow } from '../tables/trust-rules.ts';
import { IdentityRefused, type IdentityTokens, type TrustRule } from './identity-tokens.ts';
import type { WorkloadPrincipal } from './principal.ts';
import { RevisionCache } from './revision-cache.ts';
import { Unauthorized } from './unauthorized.ts';

/** All of them are looked through for every token; `accounts/trust-rules.ts` lets nobody make more. */
export const MAXIMUM_TRUST_RULES = 500;
/** A subject is what its issuer says; a name in messages and lists should stay readable. */
const MAXIMUM_NAME = 200;

export class Workloads {
  readonly #database: Database;
  readonly #identities: IdentityTokens;
  /** Read from their JSON once, and not for every token that somebody makes up; their keys as well are prepared by the object. */
  readonly #rules: RevisionCache<readonly VersionedRule[]>;

  constructor(database: Database, identities: IdentityTokens) {
    this.#database = database;
    this.#identities = identities;
    this.#rules = new RevisionCache(database);
  }

  /**
   * @throws Unauthorized when no rule trusts the token, or it is not what it says
   * @throws RegistryError UNAVAILABLE when the issuer's keys cannot be had at the moment, FORBIDDEN when nobody may ask for them
   */
  async identify(token: string): Promise<WorkloadPrincipal> {
    const rules = await this.#rules.get('', async () => {
      const all = await listTrustRules(this.#database, { last: '', limit: MAXIMUM_TRUST_RULES });
      return all.filter(({ disabled }) => disabled === 0).map(ruleOf);
    });
    try {
      const identity = await this.#identities.verify(token, rules);
      const matching = rules.filter(({ name }) => identity.matching.includes(name));
      return {
        kind: 'workload',
        name: printable(identity.subject),
        issuer: identity.issuer,
        rules: matching.map(({ name, version }) => ({ name, version })),
      };
    } catch (error) {
      if (error instanceof IdentityRefused) throw new Unauthorized(error.message, { error: 'invalid_token' });
      if (error instanceof IssuerUnreachable) {
        // Clients try again what is unavailable.
        throw new RegistryError(error.isForbidden ? 'FORBIDDEN' : 'UNAVAILABLE', error.message, { cause: error });
      }
      throw error;
    }
  }
}

interface VersionedRule extends TrustRule {
  readonly version: number;
}

function ruleOf(row: TrustRuleRow): VersionedRule {
  return {
    name: row.name,
    version: row.version,
    issuer: row.issuer,
    audience: row.audience,
    claims: JSON.parse(row.claims) as Readonly<Record<string, string>>,
    keys: row.keys === null ? undefined : (JSON.parse(row.keys) as object),
  };
}

/** Where something of it is lost, with a part of its hash, so that two subjects never have one name. */
function printable(subject: string): string {
  const name = subject.replace(/[^\x21-\x7e]/g, '?').slice(0, MAXIMUM_NAME);
  return name === subject ? name : `${name}~${createHash('sha256').update(subject).digest('hex').slice(0, 16)}`;
}
