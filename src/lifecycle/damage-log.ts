// What is said of a damaged blob in the log: who needs it, and what to do.
import type { FoundDamage } from '../registry/record-damage.ts';
import { namesOf } from '../registry/who-needs.ts';

/** A log that takes fields and a line. */
export interface ErrorLog {
  error(fields: object, message: string): void;
}

export function logDamageTo(log: ErrorLog): (found: FoundDamage) => void {
  return (found) => {
    const { digest, size, damage } = found;
    log.error({ digest, size, damage, neededBy: namesOf(found) }, damageLine(found));
  };
}

export function damageLine(found: FoundDamage): string {
  return `blob ${found.digest} is damaged in the store: push it again or restore it from a backup (docs/integrity.md)`;
}
