// How a path that an operator has typed is repeated: as the lists show it, without slashes at its ends.
import { displayNamespace } from '../access/accounts.ts';

export function shownPath(typed: string): string {
  return displayNamespace(typed.replace(/^\/+|\/+$/g, ''));
}
