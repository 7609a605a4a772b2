// The roles that people can name.
import { UsageError } from './command.ts';

const ROLES = ['reader', 'writer', 'maintainer'];

/** @throws UsageError */
export function readRole(text: string): string {
  if (ROLES.includes(text)) return text;
  throw new UsageError(`"${text}" is not a role: use one of ${ROLES.join(', ')}`);
}
