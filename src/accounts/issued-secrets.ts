// The secrets of a robot or a personal token: given out once, replaced with an overlap, revoked at once.
import { createSecret } from '../access/secret.ts';
import {
  deleteEndedSecretsOf,
  deleteOldestSecretsOf,
  insertSecret,
  limitSecretsOf,
  type SecretHolder,
  type SecretRow,
} from '../tables/secrets.ts';
import type { Change } from './changes.ts';

/** How long a replaced secret is good beside the new one, when nobody says otherwise: seconds. */
export const DEFAULT_OVERLAP = 24 * 60 * 60;
/** Secrets that ended stay so long, so that messages can say when: milliseconds. */
const KEPT_AFTER_END = 90 * 24 * 60 * 60 * 1000;

/** Of a holder, good or not. Who replaces them in a loop ends the oldest, and makes no list that grows. */
export const MAXIMUM_SECRETS = 20;

/** What may be shown of a secret: not the secret. */
export interface IssuedSecret {
  readonly id: string;
  /** milliseconds since 1970, as all times here */
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly lastUsedAt: number | null;
  readonly lastUsedAddress: string | null;
  readonly lastUsedAgent: string | null;
}

/** @returns the secret, which is shown once and kept nowhere, and its id */
export async function issueSecret(
  { tx, at }: Change,
  holder: SecretHolder,
): Promise<{ readonly id: string; readonly secret: string }> {
  const { id, secret, hash } = createSecret();
  await insertSecret(tx, { id, hash, holder, createdAt: at });
  return { id, secret };
}

/** @param overlap how long the secrets before it stay good: seconds */
export async function replaceSecrets(
  change: Change,
  holder: SecretHolder,
  overlap: number,
): Promise<{ readonly id: string; readonly secret: string }> {
  await deleteEndedSecretsOf(change.tx, holder, change.at - KEPT_AFTER_END);
  await deleteOldestSecretsOf(change.tx, holder, MAXIMUM_SECRETS - 1);
  await limitSecretsOf(change.tx, holder, change.at + overlap * 1000);
  return await issueSecret(change, holder);
}

export function shownSecretRow(row: SecretRow): IssuedSecret {
  const { id, createdAt, expiresAt, revokedAt, lastUsedAt, lastUsedAddress, lastUsedAgent } = row;
  return { id, createdAt, expiresAt, revokedAt, lastUsedAt, lastUsedAddress, lastUsedAgent };
}
