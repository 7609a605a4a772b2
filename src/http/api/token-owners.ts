// Whose personal tokens a caller may see, make and replace.
import type { Caller } from '../../access/caller.ts';
import { shownSecret } from '../../access/secret.ts';
import { AccountError } from '../../accounts/account-error.ts';
import type { PersonalToken } from '../../accounts/personal-tokens.ts';

type Asker = Pick<Caller, 'principal' | 'rights'>;

/** @returns whose tokens to list; undefined for all @throws AccountError, the same whether there is such a user or not */
export function ownerOfList({ principal, rights }: Asker, user: string | undefined): string | undefined {
  if (rights.isAdministrator) return user;
  if (principal.kind === 'user' && (user === undefined || user === principal.name)) return principal.name;
  throw new AccountError('forbidden', 'only administrators may see the tokens of others: leave "user" out');
}

/**
 * Nobody makes one for somebody else, who would not know of a credential in the own name.
 * @throws AccountError
 */
export function ownerOfNew({ principal }: Asker, user: string | undefined): string {
  switch (principal.kind) {
    // Whoever may run commands on the server may do this as well, and nobody has logged in of whom it could be.
    case 'operator':
    case 'open':
      if (user !== undefined) return user;
      throw new AccountError('invalid', 'name the "user" whose token it is to be');
    case 'user':
      if (principal.secret !== undefined) throw outOfToken(principal.secret, 'make a token');
      if (user === undefined || user === principal.name) return principal.name;
      throw new AccountError(
        'forbidden',
        'a token is made by its owner, or on the server with "chartroom token add": leave "user" out',
      );
    default:
      throw new AccountError('forbidden', 'only people have personal tokens: log in with a user name and password');
  }
}

/**
 * A secret is for the owner alone, so that what it does is the owner's doing; and one token must not give out the secret of
 * another, which may be good for longer; nor a secret that was replaced one of the secret that replaced it.
 * @throws AccountError
 */
export function requireOwner({ principal }: Asker, token: PersonalToken): void {
  if (principal.kind !== 'user') return;
  if (principal.name !== token.user) {
    throw new AccountError(
      'forbidden',
      `the token is of ${token.user}, who alone may have its secret: remove it, or ask ${token.user} to rotate it`,
    );
  }
  if (principal.secret === undefined) return;
  const shown = token.secrets.find(({ id }) => id === principal.secret);
  if (!shown) throw outOfToken(principal.secret, 'rotate another one');
  // Whoever has got hold of one that was replaced must not make it last.
  if (shown.expiresAt !== null) throw outOfToken(principal.secret, 'be rotated, since it was already');
}

function outOfToken(secret: string, what: string): AccountError {
  return new AccountError(
    'forbidden',
    `the token ${shownSecret(secret)} may not ${what}, or it would never end: log in with the password`,
  );
}
