// The names of users, groups, robots and rules: all of one form.
import { isUserName, NAME_RULE } from '../access/user-name.ts';
import { AccountError } from './account-error.ts';

/** @param what such as "a user name" @throws AccountError */
export function requireName(name: string, what: string): void {
  if (isUserName(name)) return;
  throw new AccountError('invalid', `"${name.slice(0, 100)}" is not ${what}: ${NAME_RULE}`);
}
