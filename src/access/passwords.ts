// Passwords: hashed with argon2id, checked in the same time whether the user exists or not, and few at a time.
import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import argon2 from 'argon2';
import fastq from 'fastq';
import { RegistryError } from '../oci/error.ts';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { findUser, type UserRow } from '../tables/users.ts';
import { principalOfUser, type UserPrincipal } from './principal.ts';
import { isUserName } from './user-name.ts';

/** OWASP Password Storage Cheat Sheet: argon2id with 19 MiB of memory, two passes, one lane. */
const OPTIONS = { type: argon2.argon2id, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 } as const;

/** What an unknown user's password is compared with: nothing is known that has this hash, and it costs as much to find out. */
const DECOY = `$argon2id$v=19$m=${OPTIONS.memoryCost},t=${OPTIONS.timeCost},p=${OPTIONS.parallelism}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** argon2 runs on the threads that also read and write files, of which Node has four: half of them stay free. */
const MAXIMUM_RUNNING = 2;
/** Behind those that run; a client that has to wait longer had better come back. */
const MAXIMUM_WAITING = 32;

/** Lets the many requests of one client pay for one hash, also of one that goes on with a wrong password: milliseconds. */
const REMEMBERED_FOR = 60_000;
const MAXIMUM_REMEMBERED = 10_000;

interface Attempt {
  readonly passwordHash: string;
  readonly password: string;
}

export async function hashPassword(password: string): Promise<string> {
  return await argon2.hash(password, OPTIONS);
}

/** 144 random bits, without characters that a shell or a URL treats in a special way. */
export function generatePassword(): string {
  return randomBytes(18).toString('base64url').replace(/^-/, 'x');
}

export class Passwords {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #queue = fastq.promise(verify, MAXIMUM_RUNNING);
  /** Keys of attempts (a keyed hash of name, password and the hash that it is compared with), and the results to come. */
  readonly #running = new Map<string, Promise<boolean>>();
  /** By the same keys what came of them, right or wrong, and until when that is believed. */
  readonly #remembered = new Map<string, { readonly matches: boolean; readonly until: number }>();
  readonly #key = createSecretKey(randomBytes(32));

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /**
   * The user whose password it is; a changed password takes effect at once.
   * @throws RegistryError TOO_MANY_REQUESTS when too many others are being checked
   */
  async check(name: string, password: string): Promise<UserPrincipal | undefined> {
    const { user, key } = await this.#find(name, password);
    const attempt = { passwordHash: user?.passwordHash ?? DECOY, password };
    const matches = this.#recallResult(key) ?? (await this.#verifyOnce(key, attempt));
    return user && matches ? principalOfUser(user) : undefined;
  }

  /** The user whose password it was a moment ago and still is: known without a check. */
  async recall(name: string, password: string): Promise<UserPrincipal | undefined> {
    const { user, key } = await this.#find(name, password);
    return user && this.#recallResult(key) ? principalOfUser(user) : undefined;
  }

  async isUser(name: string): Promise<boolean> {
    return isUserName(name) && (await findUser(this.#database, name)) !== undefined;
  }

  async #find(name: string, password: string): Promise<{ readonly user: UserRow | undefined; readonly key: string }> {
    const found = isUserName(name) ? await findUser(this.#database, name) : undefined;
    const user = found?.passwordHash == null ? undefined : found;
    const key = createHmac('sha256', this.#key)
      .update(JSON.stringify([name, password, user?.passwordHash ?? DECOY]))
      .digest('base64');
    return { user, key };
  }

  /** Clients send several requests at once, all with the same password. */
  async #verifyOnce(key: string, attempt: Attempt): Promise<boolean> {
    const running = this.#running.get(key) ?? this.#enqueue(attempt).finally(() => this.#running.delete(key));
    this.#running.set(key, running);
    const matches = await running;
    if (this.#remembered.size >= MAXIMUM_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(key, { matches, until: this.#clock.now() + REMEMBERED_FOR });
    return matches;
  }

  /** The key is made of the hash, too: for another password of the user it is another one. */
  #recallResult(key: string): boolean | undefined {
    const result = this.#remembered.get(key);
    return result && result.until > this.#clock.now() ? result.matches : undefined;
  }

  async #enqueue(attempt: Attempt): Promise<boolean> {
    if (this.#queue.length() >= MAXIMUM_WAITING) {
      throw new RegistryError('TOO_MANY_REQUESTS', 'too many passwords are being checked: try again in a second');
    }
    return await this.#queue.push(attempt);
  }
}

async function verify({ passwordHash, password }: Attempt): Promise<boolean> {
  return await argon2.verify(passwordHash, password);
}
