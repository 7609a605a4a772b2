// Whoever manages what is not for administrators alone: who it is, and what it may settle.
import type { Rights } from '../access/rights.ts';
import type { Author } from '../events/author.ts';
import { AccountError } from './account-error.ts';
import { displayNamespace } from './namespace-path.ts';

export interface Manager {
  readonly author: Author;
  readonly rights: Rights;
}

/** @throws AccountError */
export function requireMaintainer({ author, rights }: Manager, namespace: string): void {
  if (rights.maintains(namespace)) return;
  throw new AccountError(
    'forbidden',
    `${author.name} is not maintainer of ${displayNamespace(namespace)}: ask an administrator to run "chartroom grant add ${author.name} maintainer ${displayNamespace(namespace)}"`,
  );
}
