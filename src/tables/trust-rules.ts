// Table trust_rules: whose identity tokens are believed without an account.
import type { Queryable, Transaction } from '../ports/database.ts';

export interface TrustRuleRow {
  readonly name: string;
  /** Counts up with every change, which ends what was issued before it. */
  readonly version: number;
  readonly issuer: string;
  readonly audience: string;
  /** JSON: patterns by the names of claims. */
  readonly claims: string;
  /** JSON: a JWK set; null when the issuer publishes its keys. */
  readonly keys: string | null;
  readonly namespace: string;
  readonly role: string;
  readonly disabled: number;
  readonly createdAt: number;
}

export type TrustRuleWrite = Omit<TrustRuleRow, 'version' | 'createdAt'>;

const COLUMNS = 'name, version, issuer, audience, claims, keys, namespace, role, disabled, created_at as "createdAt"';

/** Its version starts at the time, so that a rule of the same name never had it. False when the name is taken. */
export async function insertTrustRule(tx: Transaction, rule: TrustRuleWrite, now: number): Promise<boolean> {
  const rows = await tx.query(
    `insert into trust_rules (name, version, issuer, audience, claims, keys, namespace, role, disabled, created_at, updated_at)
     values ($1, $9, $2, $3, $4, $5, $6, $7, $8, $9, $9) on conflict (name) do nothing returning name`,
    [rule.name, rule.issuer, rule.audience, rule.claims, rule.keys, rule.namespace, rule.role, rule.disabled, now],
  );
  return rows.length > 0;
}

/** Replaces the rule. False when there is none of this name. */
export async function updateTrustRule(tx: Transaction, rule: TrustRuleWrite, now: number): Promise<boolean> {
  const rows = await tx.query(
    `update trust_rules set issuer = $2, audience = $3, claims = $4, keys = $5, namespace = $6, role = $7, disabled = $8,
       version = version + 1, updated_at = $9
     where name = $1 returning name`,
    [rule.name, rule.issuer, rule.audience, rule.claims, rule.keys, rule.namespace, rule.role, rule.disabled, now],
  );
  return rows.length > 0;
}

export async function findTrustRule(database: Queryable, name: string): Promise<TrustRuleRow | undefined> {
  return (await database.query<TrustRuleRow>(`select ${COLUMNS} from trust_rules where name = $1`, [name]))[0];
}

/** In byte order of the names, behind `last`. */
export async function listTrustRules(
  database: Queryable,
  page: { readonly last: string; readonly limit: number },
): Promise<readonly TrustRuleRow[]> {
  return await database.query<TrustRuleRow>(
    `select ${COLUMNS} from trust_rules where name > $1 order by name limit $2`,
    [page.last, page.limit],
  );
}

/** False when there is no such rule. */
export async function deleteTrustRule(tx: Transaction, name: string): Promise<boolean> {
  return (await tx.query('delete from trust_rules where name = $1 returning name', [name])).length > 0;
}
