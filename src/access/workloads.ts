// Turns the identity token of a job or service of elsewhere into a principal, by the rules that trust its issuer.
import { RegistryError } from '../oci/error.ts';
import type { Database } from '../ports/database.ts';
import { IssuerUnreachable } from '../ports/issuer-keys.ts';
import { listTrustRules, type TrustRuleRow } from '../tables/trust-rules.ts';
import { IdentityRefused, type IdentityTokens } from './identity-tokens.ts';
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
  readonly #rules: RevisionCache<readonly TrustRuleRow[]>;

  constructor(database: Database, identities: IdentityTokens) {
    this.#database = database;
    this.#identities = identities;
    this.#rules = new RevisionCache(database);
  }

  /**
   * @throws Unauthorized when no rule trusts the token, or it is not what it says
   * @throws RegistryError UNAVAILABLE when the issuer's keys cannot be had at the moment
   */
  async identify(token: string): Promise<WorkloadPrincipal> {
    const rules = await this.#rules.get('', async () => {
      const all = await listTrustRules(this.#database, { last: '', limit: MAXIMUM_TRUST_RULES });
      return all.filter(({ disabled }) => disabled === 0);
    });
    try {
      const identity = await this.#identities.verify(token, rules.map(ruleOf));
      const matching = rules.filter(({ name }) => identity.matching.includes(name));
      return {
        kind: 'workload',
        name: printable(identity.subject),
        issuer: identity.issuer,
        rules: matching.map(({ name, version }) => ({ name, version })),
      };
    } catch (error) {
      if (error instanceof IdentityRefused) throw new Unauthorized(error.message, { error: 'invalid_token' });
      if (error instanceof IssuerUnreachable) throw new RegistryError('UNAVAILABLE', error.message, { cause: error });
      throw error;
    }
  }
}

function ruleOf(row: TrustRuleRow) {
  return {
    name: row.name,
    issuer: row.issuer,
    audience: row.audience,
    claims: JSON.parse(row.claims) as Readonly<Record<string, string>>,
    keys: row.keys === null ? undefined : (JSON.parse(row.keys) as object),
  };
}

function printable(subject: string): string {
  return subject.replace(/[^\x21-\x7e]/g, '?').slice(0, MAXIMUM_NAME);
}
