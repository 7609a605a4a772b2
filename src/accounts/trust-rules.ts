// Manages whose identity tokens are believed without an account.
import { isRole, ROLES, type Role } from '../access/roles.ts';
import { checkTrustRule } from '../access/trust-rules.ts';
import { MAXIMUM_TRUST_RULES } from '../access/workloads.ts';
import type { Author } from '../events/author.ts';
import {
  deleteTrustRule,
  findTrustRule,
  insertTrustRule,
  listTrustRules,
  type TrustRuleRow,
  updateTrustRule,
} from '../tables/trust-rules.ts';
import { AccountError } from './account-error.ts';
import { requireName } from './account-name.ts';
import type { Changes, PageQuery } from './changes.ts';
import { readNamespace } from './namespace-path.ts';

interface TrustRuleSettings {
  readonly issuer: string;
  readonly audience: string;
  /** Patterns by the names of claims; all must fit. */
  readonly claims: Readonly<Record<string, string>>;
  /** A JWK set; null when the issuer publishes its keys. */
  readonly keys: object | null;
  readonly namespace: string;
  readonly role: string;
  readonly disabled: boolean;
}

export interface TrustRule extends TrustRuleSettings {
  readonly name: string;
  /** milliseconds since 1970 */
  readonly createdAt: number;
}

export class TrustRules {
  readonly #changes: Changes;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /** @throws AccountError when the name is taken, or something is not allowed */
  async add(name: string, settings: TrustRuleSettings, author: Author): Promise<TrustRule> {
    requireName(name, "a rule's name");
    const rule = checked(name, settings);
    return await this.#changes.make(author, async ({ tx, at, record }) => {
      const all = await listTrustRules(tx, { last: '', limit: MAXIMUM_TRUST_RULES });
      if (all.length >= MAXIMUM_TRUST_RULES) {
        throw new AccountError('conflict', `there are ${MAXIMUM_TRUST_RULES} rules already: remove some first`);
      }
      if (!(await insertTrustRule(tx, rowOf(rule), at))) {
        throw new AccountError('conflict', `there is already a rule ${name}: see "chartroom trust list"`);
      }
      await record('trust-rule.added', { ...rule });
      return { ...rule, createdAt: at };
    });
  }

  async list(page: PageQuery): Promise<readonly TrustRule[]> {
    return (await listTrustRules(this.#changes.reading, page)).map(shown);
  }

  /** @throws AccountError when there is no such rule */
  async find(name: string): Promise<TrustRule> {
    const row = await findTrustRule(this.#changes.reading, name);
    if (!row) throw unknown(name);
    return shown(row);
  }

  /** What was issued under the rule before ends. @throws AccountError as `add` and `find` do */
  async change(name: string, change: Partial<TrustRuleSettings>, author: Author): Promise<TrustRule> {
    return await this.#changes.make(author, async ({ tx, at, record }) => {
      const row = await findTrustRule(tx, name);
      if (!row) throw unknown(name);
      const rule = checked(name, { ...shown(row), ...change });
      await updateTrustRule(tx, rowOf(rule), at);
      await record('trust-rule.changed', { ...rule });
      return { ...rule, createdAt: row.createdAt };
    });
  }

  /** @throws AccountError when there is no such rule */
  async remove(name: string, author: Author): Promise<void> {
    await this.#changes.make(author, async ({ tx, record }) => {
      if (!(await deleteTrustRule(tx, name))) throw unknown(name);
      await record('trust-rule.removed', { name });
    });
  }
}

function checked(
  name: string,
  settings: TrustRuleSettings,
): TrustRuleSettings & { readonly name: string; readonly role: Role } {
  const { issuer, audience, claims, keys, role, disabled } = settings;
  if (!isRole(role)) {
    throw new AccountError('invalid', `"${role.slice(0, 100)}" is not a role: use one of ${ROLES.join(', ')}`);
  }
  const fault = checkTrustRule({ issuer, audience, claims, keys: keys ?? undefined });
  if (fault !== undefined) throw new AccountError('invalid', fault);
  return { name, issuer, audience, claims, keys, role, disabled, namespace: readNamespace(settings.namespace) };
}

function rowOf(rule: TrustRuleSettings & { readonly name: string }) {
  return {
    ...rule,
    claims: JSON.stringify(rule.claims),
    keys: rule.keys && JSON.stringify(rule.keys),
    disabled: Number(rule.disabled),
  };
}

function shown(row: TrustRuleRow): TrustRule {
  const { name, issuer, audience, namespace, role, createdAt } = row;
  return {
    ...{ name, issuer, audience, namespace, role, createdAt, disabled: row.disabled === 1 },
    claims: JSON.parse(row.claims) as Readonly<Record<string, string>>,
    keys: row.keys === null ? null : (JSON.parse(row.keys) as object),
  };
}

function unknown(name: string): AccountError {
  return new AccountError('missing', `there is no rule ${name.slice(0, 100)}: see "chartroom trust list"`);
}
