// Passwords: hashed with argon2id, checked in the same time whether the user exists or not.
import { createHmac, randomBytes } from 'node:crypto';
import argon2 from 'argon2';
import type { Clock } from '../ports/clock.ts';
import type { Database } from '../ports/database.ts';
import { findUser } from '../tables/users.ts';

/** OWASP Password Storage Cheat Sheet: argon2id with 19 MiB of memory, two passes, one lane. */
const OPTIONS = { type: argon2.argon2id, memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 } as const;

/** A remembered success lets the many requests of one client pay for one hash: milliseconds. */
const REMEMBERED_FOR = 60_000;
const MAXIMUM_REMEMBERED = 10_000;

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
  /** Key: a keyed hash of name and password; value: the password hash that it matched, and until when that is believed. */
  readonly #remembered = new Map<string, { readonly passwordHash: string; readonly until: number }>();
  readonly #key = randomBytes(32);
  /** What an unknown user's password is compared with, so that it takes as long as a known one's. */
  readonly #decoy = hashPassword(randomBytes(32).toString('hex'));

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Whether the password is the user's; a changed password takes effect at once. */
  async check(name: string, password: string): Promise<boolean> {
    const user = await findUser(this.#database, name);
    const key = createHmac('sha256', this.#key)
      .update(JSON.stringify([name, password]))
      .digest('base64');
    const remembered = this.#remembered.get(key);
    if (user && remembered?.passwordHash === user.passwordHash && remembered.until > this.#clock.now()) return true;
    const matches = await argon2.verify(user?.passwordHash ?? (await this.#decoy), password);
    if (!user || !matches) return false;
    if (this.#remembered.size >= MAXIMUM_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(key, { passwordHash: user.passwordHash, until: this.#clock.now() + REMEMBERED_FOR });
    return true;
  }
}
