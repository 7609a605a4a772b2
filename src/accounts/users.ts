// Manages people: their accounts and passwords.
import { randomUUID } from 'node:crypto';
import { generatePassword, hashPassword } from '../access/passwords.ts';
import type { Author } from '../events/author.ts';
import {
  deleteUser,
  findUser,
  hasAdministrator,
  hasUsers,
  insertUser,
  listUsers,
  type UserRow,
  updateUser,
} from '../tables/users.ts';
import { AccountError } from './account-error.ts';
import { requireName } from './account-name.ts';
import type { Change, Changes, PageQuery } from './changes.ts';
import { passwordLengthFault } from './password-length.ts';

const FIRST_ADMINISTRATOR = 'admin';

export interface User {
  readonly name: string;
  readonly administrator: boolean;
  readonly disabled: boolean;
  /** Who checks the password: Chartroom, a directory (LDAP), or a provider (OpenID Connect). */
  readonly login: UserRow['login'];
  /** milliseconds since 1970 */
  readonly createdAt: number;
  readonly lastLoginAt: number | null;
}

export class Users {
  readonly #changes: Changes;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /**
   * Makes the user `admin` when there is no user at all. How long the password is that the operator sets for it is the
   * operator's choice; without one it is generated.
   * @returns the password of the user that this call made; undefined when there was one, or another start was faster
   */
  async ensureAdministrator(password: string | null, author: Author): Promise<string | undefined> {
    if (await hasUsers(this.#changes.reading)) return undefined;
    const chosen = password ?? generatePassword();
    const user = { name: FIRST_ADMINISTRATOR, passwordHash: await hashPassword(chosen), administrator: true };
    return (await this.#insert(user, author)) ? chosen : undefined;
  }

  /** @throws AccountError when the name is taken, or name or password are not allowed */
  async add(
    user: { readonly name: string; readonly password: string; readonly administrator: boolean },
    author: Author,
  ): Promise<User> {
    const { name, administrator } = user;
    requireName(name, 'a user name');
    const passwordHash = await hashPassword(acceptable(user.password));
    if (await this.#insert({ name, administrator, passwordHash }, author)) return await this.find(name);
    throw new AccountError(
      'conflict',
      `there is already a user ${name}: "chartroom user passwd ${name}" changes the password`,
    );
  }

  async list(page: PageQuery): Promise<readonly User[]> {
    return (await listUsers(this.#changes.reading, page)).map(shown);
  }

  /** @throws AccountError when there is no such user */
  async find(name: string): Promise<User> {
    const user = await findUser(this.#changes.reading, name);
    if (!user) throw unknownUser(name);
    return shown(user);
  }

  /** @throws AccountError when there is no such user, or it would leave no administrator */
  async change(
    name: string,
    change: { readonly administrator?: boolean | undefined; readonly disabled?: boolean | undefined },
    author: Author,
  ): Promise<User> {
    return await this.#changes.make(author, async ({ tx, at, record }) => {
      const before = await findUser(tx, name);
      if (!before || !(await updateUser(tx, name, { ...change, ends: change.disabled === true }, at))) {
        throw unknownUser(name);
      }
      await requireAdministratorAfter(before, tx);
      await record('user.changed', { user: name, ...change });
      const after = await findUser(tx, name);
      if (!after) throw unknownUser(name);
      return shown(after);
    });
  }

  /** Ends every login with the old one. @throws AccountError when there is no such user, or the password is not allowed */
  async changePassword(name: string, password: string, author: Author): Promise<void> {
    const passwordHash = await hashPassword(acceptable(password));
    await this.#changes.make(author, async ({ tx, at, record }) => {
      const user = await findUser(tx, name);
      if (!user) throw unknownUser(name);
      if (user.login !== 'password') {
        const where = user.login === 'directory' ? 'the directory' : 'the identity provider';
        throw new AccountError('conflict', `${name} logs in by ${where}: the password is changed there`);
      }
      await updateUser(tx, name, { passwordHash, ends: true }, at);
      await record('user.password-changed', { user: name });
    });
  }

  /** Removes a user with all roles, memberships and tokens. @throws AccountError when there is no such user, or it is the last administrator */
  async remove(name: string, author: Author): Promise<void> {
    await this.#changes.make(author, async ({ tx, record }) => {
      const user = await findUser(tx, name);
      if (!user || !(await deleteUser(tx, name))) throw unknownUser(name);
      await requireAdministratorAfter(user, tx);
      await record('user.removed', { user: name });
    });
  }

  /** False when the name is taken. */
  async #insert(
    user: { readonly name: string; readonly passwordHash: string; readonly administrator: boolean },
    author: Author,
  ): Promise<boolean> {
    const { name, administrator } = user;
    return await this.#changes.make(author, async ({ tx, at, record }) => {
      const row = { ...user, id: randomUUID(), login: 'password', issuer: null, subject: null } as const;
      const isNew = await insertUser(tx, row, at);
      if (isNew) await record('user.added', { user: name, administrator });
      return isNew;
    });
  }
}

/** Whoever was an administrator may go when another one stays. In open mode there may be none at all, and none is needed. */
async function requireAdministratorAfter(before: UserRow, tx: Change['tx']): Promise<void> {
  const wasAdministrator = before.administrator === 1 && before.disabled === 0;
  if (!wasAdministrator || (await hasAdministrator(tx))) return;
  throw new AccountError(
    'conflict',
    `${before.name} is the last administrator: make another one first, with "chartroom user set NAME --administrator true"`,
  );
}

function shown(row: UserRow): User {
  const { name, login, createdAt, lastLoginAt } = row;
  return { name, administrator: row.administrator === 1, disabled: row.disabled === 1, login, createdAt, lastLoginAt };
}

function acceptable(password: string): string {
  const fault = passwordLengthFault(password);
  if (fault !== undefined) throw new AccountError('invalid', fault);
  return password;
}

export function unknownUser(name: string): AccountError {
  return new AccountError('missing', `there is no user ${name.slice(0, 100)}: see "chartroom user list"`);
}
