// How the secrets of robots and personal tokens are shown: the secret once, later its id, age and use.
import type { Secret } from './answers.ts';
import { type GivenOptions, UsageError } from './command.ts';
import type { Management } from './management.ts';
import type { Outcome } from './management-command.ts';
import { readSpan, shownTime } from './moments.ts';
import { table } from './table.ts';

export const OVERLAP_OPTION = {
  name: 'overlap',
  value: 'TIME',
  summary: 'how long the secrets before it stay good: 90m, 24h or 7d, at most 30d; 0 ends them at once (default: 24h)',
};
const LONGEST_OVERLAP = 30 * 24 * 60 * 60;

/** @returns seconds; undefined when it is not given @throws UsageError */
export function readOverlap(options: GivenOptions): number | undefined {
  const text = options.one(OVERLAP_OPTION.name);
  const overlap = text === undefined ? undefined : readSpan(text);
  if (overlap === undefined || overlap <= LONGEST_OVERLAP) return overlap;
  throw new UsageError(`--${OVERLAP_OPTION.name} is ${text}, but may be at most 30d`);
}

/** The secret stands alone on standard output, so that it can be redirected to where it belongs. */
export function secretOutcome(
  { registry }: Management,
  shown: {
    readonly secret: string;
    readonly userName: string;
    readonly notes: readonly string[];
    readonly answer: unknown;
  },
): Outcome {
  const plainHttp = registry.protocol === 'http:' ? ' --plain-http' : '';
  const login = `helm registry login ${registry.host} --username ${shown.userName} --password-stdin${plainHttp}`;
  return {
    answer: shown.answer,
    notes: [...shown.notes, `The secret is shown only this once. It logs in with "${login}":`],
    lines: [shown.secret],
  };
}

/** @param secrets of one holder, after another one was given to it with this overlap: seconds */
export function replacedNote(secrets: readonly Secret[], overlap: number | undefined): string {
  if (overlap === 0) return 'those before it have ended';
  const before = secrets.toSorted((one, other) => (one.createdAt < other.createdAt ? 1 : -1)).slice(1);
  const ends = before.flatMap(({ expiresAt, revokedAt }) =>
    revokedAt === null && expiresAt !== null ? [expiresAt] : [],
  );
  const last = ends.toSorted().at(-1);
  return last === undefined
    ? 'there was no other one that is still good'
    : `the one before it is good until ${shownTime(last)}`;
}

export function secretTable(secrets: readonly Secret[]): readonly string[] {
  const rows = secrets.map(({ id, createdAt, revokedAt, expiresAt, lastUsedAt, lastUsedAddress, lastUsedAgent }) => [
    id,
    shownTime(createdAt),
    revokedAt === null ? shownTime(expiresAt) : `revoked ${shownTime(revokedAt)}`,
    shownTime(lastUsedAt),
    lastUsedAddress ?? '',
    lastUsedAgent ?? '',
  ]);
  return table(['SECRET', 'MADE', 'ENDS', 'LAST USED', 'FROM', 'WITH'], rows);
}

/** ISO 8601; null for never */
export function lastUse(secrets: readonly Secret[]): string | null {
  return (
    secrets
      .flatMap(({ lastUsedAt }) => lastUsedAt ?? [])
      .toSorted()
      .at(-1) ?? null
  );
}
