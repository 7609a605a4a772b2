// What is said of a damaged blob in the log: who needs it, and what to do; and that it is healed.
import type { FoundDamage } from '../registry/record-damage.ts';
import type { OnHealed } from '../registry/record-healing.ts';
import { namesOf } from '../registry/who-needs.ts';

/** A log that takes fields and a line. */
export interface ErrorLog {
  error(fields: object, message: string): void;
}

interface NewsLog {
  info(fields: object, message: string): void;
}

export function logDamageTo(log: ErrorLog): (found: FoundDamage) => void {
  return (found) => {
    const { digest, size, damage } = found;
    log.error({ digest, size, damage, neededBy: namesOf(found) }, damageLine(found));
  };
}

export function logHealingTo(log: NewsLog): OnHealed {
  return (healed) => {
    const { digest, size, by } = healed;
    const how = by === 'push' ? 'the same content was pushed again' : 'its bytes were put back';
    log.info({ digest, size, by, neededBy: namesOf(healed) }, `blob ${digest} is healed: ${how}`);
  };
}

export function damageLine(found: FoundDamage): string {
  return `blob ${found.digest} is damaged in the store: push it again or restore it from a backup (docs/integrity.md)`;
}
