// Table secrets: the secrets of robots and personal tokens, by their public ids.
import type { Queryable, Transaction } from '../ports/database.ts';

export interface SecretRow {
  readonly id: string;
  /** Of the whole secret. */
  readonly hash: string;
  /** One of the two is set. */
  readonly robot: string | null;
  readonly personalToken: string | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly lastUsedAt: number | null;
  readonly lastUsedAddress: string | null;
  readonly lastUsedAgent: string | null;
}

export type SecretHolder = { readonly robot: string } | { readonly personalToken: string };

const COLUMNS = `id, hash, robot_name as robot, personal_token as "personalToken", created_at as "createdAt",
  expires_at as "expiresAt", revoked_at as "revokedAt", last_used_at as "lastUsedAt",
  last_used_address as "lastUsedAddress", last_used_agent as "lastUsedAgent"`;

/** @throws ConstraintViolation when there is no such holder, or the id is taken */
export async function insertSecret(
  tx: Transaction,
  secret: { readonly id: string; readonly hash: string; readonly holder: SecretHolder; readonly createdAt: number },
): Promise<void> {
  const { holder } = secret;
  await tx.query('insert into secrets (id, hash, robot_name, personal_token, created_at) values ($1, $2, $3, $4, $5)', [
    secret.id,
    secret.hash,
    'robot' in holder ? holder.robot : null,
    'robot' in holder ? null : holder.personalToken,
    secret.createdAt,
  ]);
}

export async function findSecret(database: Queryable, id: string): Promise<SecretRow | undefined> {
  return (await database.query<SecretRow>(`select ${COLUMNS} from secrets where id = $1`, [id]))[0];
}

/** The oldest first. */
export async function listSecretsOf(database: Queryable, holder: SecretHolder): Promise<readonly SecretRow[]> {
  const column = 'robot' in holder ? 'robot_name' : 'personal_token';
  return await database.query<SecretRow>(
    `select ${COLUMNS} from secrets where ${column} = $1 order by created_at, id`,
    ['robot' in holder ? holder.robot : holder.personalToken],
  );
}

/** Ends those secrets of a holder at a time that would be good beyond it. */
export async function limitSecretsOf(tx: Transaction, holder: SecretHolder, expiresAt: number): Promise<void> {
  const column = 'robot' in holder ? 'robot_name' : 'personal_token';
  await tx.query(
    `update secrets set expires_at = $2 where ${column} = $1 and (expires_at is null or expires_at > $2)`,
    ['robot' in holder ? holder.robot : holder.personalToken, expiresAt],
  );
}

/** Forgets the secrets of a holder that ended before a time, so that rotation leaves no growing list. */
export async function deleteEndedSecretsOf(tx: Transaction, holder: SecretHolder, before: number): Promise<void> {
  const column = 'robot' in holder ? 'robot_name' : 'personal_token';
  await tx.query(`delete from secrets where ${column} = $1 and (expires_at < $2 or revoked_at < $2)`, [
    'robot' in holder ? holder.robot : holder.personalToken,
    before,
  ]);
}

/** Forgets all but the newest so many secrets of a holder. */
export async function deleteOldestSecretsOf(tx: Transaction, holder: SecretHolder, kept: number): Promise<void> {
  const column = 'robot' in holder ? 'robot_name' : 'personal_token';
  await tx.query(
    `delete from secrets where ${column} = $1
       and id not in (select id from secrets where ${column} = $1 order by created_at desc, id desc limit $2)`,
    ['robot' in holder ? holder.robot : holder.personalToken, kept],
  );
}

/** False when there is no such secret, or it was revoked before. */
export async function revokeSecret(tx: Transaction, id: string, at: number): Promise<boolean> {
  const rows = await tx.query('update secrets set revoked_at = $2 where id = $1 and revoked_at is null returning id', [
    id,
    at,
  ]);
  return rows.length > 0;
}

/** A later use that was noted before stays. */
export async function noteSecretUse(
  tx: Transaction,
  use: { readonly id: string; readonly at: number; readonly address: string; readonly agent: string },
): Promise<void> {
  await tx.query(
    `update secrets set last_used_at = $2, last_used_address = $3, last_used_agent = $4
     where id = $1 and (last_used_at is null or last_used_at <= $2)`,
    [use.id, use.at, use.address, use.agent],
  );
}
