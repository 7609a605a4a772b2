// Logs people in with their password in a directory (LDAP), which for a short while need not be asked again.
import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import fastq from 'fastq';
import type { DirectoryLogin } from '../access/authentication.ts';
import { type Origin, principalOfUser, type UserPrincipal } from '../access/principal.ts';
import { Unauthorized } from '../access/unauthorized.ts';
import { isUserName } from '../access/user-name.ts';
import { BoundedMap } from '../events/bounded-map.ts';
import { RegistryError } from '../oci/error.ts';
import type { Clock } from '../ports/clock.ts';
import type { Queryable } from '../ports/database.ts';
import { DirectoryUnreachable, type DirectoryUser, type UserDirectory } from '../ports/user-directory.ts';
import { listGroups } from '../tables/groups.ts';
import { findUser, findUserById } from '../tables/users.ts';
import { AccountError } from './account-error.ts';
import type { ExternalUsers } from './external-users.ts';

/** There is one directory, whatever its address: who moves it to another machine keeps the users. */
const ISSUER = 'ldap';
/** Each has a connection of its own to the directory. */
const MAXIMUM_RUNNING = 8;
/** Behind those that run; a client that has to wait longer had better come back. */
const MAXIMUM_WAITING = 32;
/** A right password, so that the many requests of one client pay for one login: milliseconds. */
const ACCEPTED_FOR = 60_000;
/** A wrong one: helm shows it twice, and a program that goes on with an old one must not have the directory lock the account. */
const REFUSED_FOR = 5 * 60_000;
const MAXIMUM_REMEMBERED = 10_000;
const MAXIMUM_GROUPS = 10_000;

interface Attempt {
  readonly name: string;
  readonly password: string;
}

export class DirectoryLogins implements DirectoryLogin {
  readonly #users: ExternalUsers;
  readonly #database: Queryable;
  readonly #queue: fastq.queueAsPromised<Attempt, DirectoryUser | undefined>;
  /** By a keyed hash of name and password, here and below: nobody reads a password in memory, or tests one against it. */
  readonly #running = new Map<string, Promise<UserPrincipal | undefined>>();
  /** The ids of the users whose passwords were right. */
  readonly #accepted: ShortMemory;
  readonly #refused: ShortMemory;
  readonly #key = createSecretKey(randomBytes(32));

  constructor(options: {
    readonly directory: UserDirectory;
    readonly users: ExternalUsers;
    readonly database: Queryable;
    readonly clock: Clock;
  }) {
    const { directory, users, database, clock } = options;
    this.#users = users;
    this.#database = database;
    this.#queue = fastq.promise(({ name, password }) => directory.authenticate(name, password), MAXIMUM_RUNNING);
    this.#accepted = new ShortMemory(clock, ACCEPTED_FOR);
    this.#refused = new ShortMemory(clock, REFUSED_FOR);
  }

  /**
   * @throws RegistryError UNAVAILABLE when the directory cannot say, TOO_MANY_REQUESTS when it is asked too much
   * @throws Unauthorized when the password is right, but the name belongs to a user who logs in another way
   */
  async check(typedName: string, password: string, origin: Origin): Promise<UserPrincipal | undefined> {
    const name = nameHere(typedName);
    // That it cannot be a name says nothing about which names there are.
    if (!isUserName(name)) return undefined;
    const key = this.#keyOf({ name, password });
    if (this.#refused.has(key)) return undefined;
    const running =
      this.#running.get(key) ?? this.#logIn({ name, password }, origin).finally(() => this.#running.delete(key));
    this.#running.set(key, running);
    const user = await running;
    if (user) this.#accepted.set(key, user.id);
    else this.#refused.set(key, '');
    return user;
  }

  /** As it stands now, and in whatever groups its last login has put it. */
  async recall(typedName: string, password: string): Promise<UserPrincipal | undefined> {
    const id = this.#accepted.get(this.#keyOf({ name: nameHere(typedName), password }));
    const user = id === undefined ? undefined : await findUserById(this.#database, id);
    return user && principalOfUser(user);
  }

  async #logIn(attempt: Attempt, origin: Origin): Promise<UserPrincipal | undefined> {
    const found = await this.#find(attempt);
    if (!found) return undefined;
    const groups = await this.#groupsHere(found.groups);
    const { subject } = found;
    try {
      return await this.#users.ensure(
        { login: 'directory', issuer: ISSUER, subject, name: attempt.name, groups },
        origin,
      );
    } catch (error) {
      if (error instanceof AccountError) throw new Unauthorized(error.message);
      throw error;
    }
  }

  async #find(attempt: Attempt): Promise<DirectoryUser | undefined> {
    try {
      return await this.#ask(attempt);
    } catch (error) {
      // The password of a user who has one here was wrong before the directory was asked. That it cannot say must not make
      // this no guess at all, or whoever floods or cuts off the directory could guess as fast as they like.
      if ((await findUser(this.#database, attempt.name))?.passwordHash != null) return undefined;
      throw error;
    }
  }

  async #ask(attempt: Attempt): Promise<DirectoryUser | undefined> {
    if (this.#queue.length() >= MAXIMUM_WAITING) {
      throw new RegistryError('TOO_MANY_REQUESTS', 'too many passwords are being checked: try again in a second');
    }
    try {
      return await this.#queue.push(attempt);
    } catch (error) {
      if (!(error instanceof DirectoryUnreachable)) throw error;
      throw new RegistryError(
        'UNAVAILABLE',
        'the directory that knows users and passwords does not answer as it should: try again in a minute, and tell the operator of the registry if it stays',
        { cause: error },
      );
    }
  }

  /** The external names, as they are written here, of the groups that the directory names. It ignores case in names; so do we. */
  async #groupsHere(names: readonly string[]): Promise<readonly string[]> {
    const wanted = new Set(names.map((name) => name.toLowerCase()));
    const groups = await listGroups(this.#database, { last: '', limit: MAXIMUM_GROUPS });
    return groups.flatMap(({ externalName }) =>
      externalName !== null && wanted.has(externalName.toLowerCase()) ? [externalName] : [],
    );
  }

  #keyOf({ name, password }: Attempt): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([name, password]))
      .digest('base64');
  }
}

/** A directory takes all spellings of a name for the same one. */
function nameHere(name: string): string {
  return name.trim().toLowerCase();
}

/** Forgets by itself. */
class ShortMemory {
  readonly #clock: Clock;
  readonly #duration: number;
  readonly #entries = new BoundedMap<{ readonly value: string; readonly until: number }>(MAXIMUM_REMEMBERED);

  /** @param duration milliseconds */
  constructor(clock: Clock, duration: number) {
    this.#clock = clock;
    this.#duration = duration;
  }

  get(key: string): string | undefined {
    const entry = this.#entries.get(key);
    return entry && entry.until > this.#clock.now() ? entry.value : undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  set(key: string, value: string): void {
    this.#entries.set(key, { value, until: this.#clock.now() + this.#duration });
  }
}
