// Manages users, their roles, and what is public; each change and its event commit together.
import { recordEvent } from '../events/record.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import {
  deleteGrant,
  deleteGrantsOf,
  type GrantRow,
  listGrants,
  listNamespaces,
  type NamespaceRow,
  putGrant,
  putNamespace,
} from '../tables/grants.ts';
import { deleteUser, findUser, hasUsers, insertUser, listUsers, updatePassword } from '../tables/users.ts';
import { generatePassword, hashPassword } from './passwords.ts';
import { isRole, ROLES } from './roles.ts';
import { isUserName } from './user-name.ts';

const FIRST_ADMINISTRATOR = 'admin';
const MINIMUM_PASSWORD_LENGTH = 8;
const MAXIMUM_PASSWORD_LENGTH = 1024;

/** A change that cannot be made as asked; the message is for the person who asked. */
export class AccountError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AccountError';
  }
}

export interface UserSummary {
  readonly name: string;
  readonly administrator: boolean;
}

export class Accounts {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /**
   * Makes the user `admin` when there is no user at all. How long the password is that the operator sets for it is the
   * operator's choice; without one it is generated.
   * @returns the password of the user that this call made; undefined when there was one, or another start was faster
   */
  async ensureAdministrator(password: string | null): Promise<string | undefined> {
    if (await hasUsers(this.#database)) return undefined;
    const chosen = password ?? generatePassword();
    const passwordHash = await hashPassword(chosen);
    const user = { name: FIRST_ADMINISTRATOR, passwordHash, administrator: true, actor: 'first start' };
    return (await this.#insertUser(user)) ? chosen : undefined;
  }

  /** @throws AccountError when the name is taken, or name or password are not allowed */
  async addUser(user: {
    readonly name: string;
    readonly password: string;
    readonly administrator: boolean;
    readonly actor: string;
  }): Promise<void> {
    if (!isUserName(user.name)) {
      throw new AccountError(
        `"${user.name}" is not a user name: lower-case letters and digits, joined by single ".", "_" or "-", at most 64`,
      );
    }
    const passwordHash = await hashPassword(acceptable(user.password));
    if (await this.#insertUser({ ...user, passwordHash })) return;
    throw new AccountError(
      `there is already a user ${user.name}: "chartroom user passwd ${user.name}" changes the password`,
    );
  }

  /** False when the name is taken. */
  async #insertUser(user: {
    readonly name: string;
    readonly passwordHash: string;
    readonly administrator: boolean;
    readonly actor: string;
  }): Promise<boolean> {
    const at = this.#clock.now();
    return await this.#database.transaction(async (tx) => {
      const isNew = await insertUser(tx, user, at);
      if (isNew) await recordEvent(tx, { kind: 'user.added', at, actor: user.actor, detail: { user: user.name } });
      return isNew;
    });
  }

  async listUsers(): Promise<readonly UserSummary[]> {
    const users = await listUsers(this.#database);
    return users.map((user) => ({ name: user.name, administrator: user.administrator === 1 }));
  }

  /** @throws AccountError when there is no such user, or the password is not allowed */
  async changePassword(name: string, password: string, actor: string): Promise<void> {
    const passwordHash = await hashPassword(acceptable(password));
    const at = this.#clock.now();
    await this.#database.transaction(async (tx) => {
      if (!(await updatePassword(tx, name, passwordHash, at))) throw unknownUser(name);
      await recordEvent(tx, { kind: 'user.password-changed', at, actor, detail: { user: name } });
    });
  }

  /** Removes a user and all its roles. @throws AccountError when there is no such user, or it is the last administrator */
  async removeUser(name: string, actor: string): Promise<void> {
    const at = this.#clock.now();
    await this.#database.transaction(async (tx) => {
      const user = await findUser(tx, name);
      if (!user || !(await deleteUser(tx, name))) throw unknownUser(name);
      // In open mode there may be no administrator at all, and nobody is needed who could be one.
      const isAdministrator = ({ administrator }: { readonly administrator: number }) => administrator === 1;
      if (isAdministrator(user) && !(await listUsers(tx)).some(isAdministrator)) {
        throw new AccountError(`${name} is the last administrator: add another one first`);
      }
      await deleteGrantsOf(tx, name);
      await recordEvent(tx, { kind: 'user.removed', at, actor, detail: { user: name } });
    });
  }

  /** @throws AccountError when there is no such user or role, or the path cannot be one */
  async addGrant(grant: GrantRow & { readonly actor: string }): Promise<void> {
    const namespace = parseNamespace(grant.namespace);
    if (!isRole(grant.role)) {
      throw new AccountError(`"${grant.role}" is not a role: use one of ${ROLES.join(', ')}`);
    }
    const at = this.#clock.now();
    await this.#database.transaction(async (tx) => {
      if (!(await findUser(tx, grant.user))) throw unknownUser(grant.user);
      await putGrant(tx, { ...grant, namespace }, at);
      const detail = { user: grant.user, namespace, role: grant.role };
      await recordEvent(tx, { kind: 'grant.added', at, actor: grant.actor, detail });
    });
  }

  /** @throws AccountError when the user has no role there */
  async removeGrant(grant: {
    readonly user: string;
    readonly namespace: string;
    readonly actor: string;
  }): Promise<void> {
    const namespace = parseNamespace(grant.namespace);
    const at = this.#clock.now();
    await this.#database.transaction(async (tx) => {
      if (!(await deleteGrant(tx, grant.user, namespace))) {
        throw new AccountError(
          `${grant.user} has no role on ${displayNamespace(namespace)}: see "chartroom grant list"`,
        );
      }
      await recordEvent(tx, { kind: 'grant.removed', at, actor: grant.actor, detail: { user: grant.user, namespace } });
    });
  }

  async listGrants(): Promise<readonly GrantRow[]> {
    return await listGrants(this.#database);
  }

  /** @throws AccountError when the path cannot be one */
  async setVisibility(namespace: NamespaceRow & { readonly actor: string }): Promise<void> {
    const path = parseNamespace(namespace.path);
    const at = this.#clock.now();
    await this.#database.transaction(async (tx) => {
      await putNamespace(tx, { path, visibility: namespace.visibility }, at);
      const detail = { namespace: path, visibility: namespace.visibility };
      await recordEvent(tx, { kind: 'namespace.changed', at, actor: namespace.actor, detail });
    });
  }

  async listNamespaces(): Promise<readonly NamespaceRow[]> {
    return await listNamespaces(this.#database);
  }
}

/** `/` stands for the root, whose path is empty. */
export function displayNamespace(path: string): string {
  return path === '' ? '/' : path;
}

function parseNamespace(text: string): string {
  const path = text.replace(/^\/+|\/+$/g, '');
  try {
    return path === '' ? '' : parseRepositoryName(path);
  } catch {
    throw new AccountError(`"${text}" is not a path: write it like "team" or "team/charts", or "/" for everything`);
  }
}

function acceptable(password: string): string {
  if (password.length < MINIMUM_PASSWORD_LENGTH || password.length > MAXIMUM_PASSWORD_LENGTH) {
    throw new AccountError(
      `a password has ${MINIMUM_PASSWORD_LENGTH} to ${MAXIMUM_PASSWORD_LENGTH} characters, this one has ${password.length}`,
    );
  }
  return password;
}

function unknownUser(name: string): AccountError {
  return new AccountError(`there is no user ${name}: see "chartroom user list"`);
}
