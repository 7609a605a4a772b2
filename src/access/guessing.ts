// Makes guessing passwords expensive: who was wrong too often has to wait, and nobody has to wait for what others did elsewhere.
import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { BoundedMap } from '../events/bounded-map.ts';
import { networkOf } from '../events/network.ts';
import { TooManyRequests } from '../oci/error.ts';
import type { Clock } from '../ports/clock.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

interface Limit {
  /** Wrong passwords after which the next one has to wait. */
  readonly free: number;
  /** After how long one of them is forgiven: milliseconds. */
  readonly forgivenAfter: number;
}

/** An account as seen from one address: a person who mistypes. Who goes on guessing gets to about 100 passwords in a day. */
const PAIR: Limit = { free: 5, forgivenAfter: 30 * MINUTE };
/** All accounts from one address, behind which there may be an office. */
const ADDRESS: Limit = { free: 20, forgivenAfter: 3 * MINUTE };
/** One account from all addresses. It never has anybody wait: beyond it, each pair has fewer free attempts. */
const ACCOUNT: Limit = { free: 20, forgivenAfter: 3 * MINUTE };
const FREE_UNDER_ATTACK = 1;

/** Twice as long with each further wrong password. */
const FIRST_DELAY = SECOND;
const MAXIMUM_DELAY = 15 * MINUTE;
/** More are not counted, or a long attack would take as long to be forgiven. The longest delay is reached before. */
const MAXIMUM_FAILURES = 30;

/** Clients send a wrong password more than once (helm's login: POST, then GET): this long, it is the same guess. */
const SAME_GUESS_FOR = MINUTE;
/** And this long one that was answered as wrong. */
const SAME_WRONG_FOR = 24 * 60 * MINUTE;
/** So long after it was right, an account may try from its address whatever else was wrong there. */
const KNOWN_FOR = 7 * 24 * 60 * MINUTE;
const MAXIMUM_ENTRIES = 50_000;
/** Characters; no account has a longer name. */
const MAXIMUM_NAME = 256;

interface PasswordAttempt {
  /** As it was typed: there need not be such an account. */
  readonly account: string;
  readonly clientAddress: string;
  readonly password: string;
}

interface Counter {
  /** What is not forgiven yet at the time of the last one; a part of one is. */
  readonly failures: number;
  /** Of the last failure: milliseconds since 1970. */
  readonly at: number;
  /** Being checked; each counts as a failure until it is known to be none. */
  readonly pending: number;
}

/** A password for an account from an address. */
interface Guess {
  readonly at: number;
  /** How many checks of it run. */
  running: number;
  /** `pending`: counted as such. `wrong`: counted as a failure. `over`: not counted any more. */
  state: 'pending' | 'wrong' | 'over';
}

interface Keys {
  readonly pair: string;
  readonly address: string;
  readonly account: string;
  readonly guess: string;
}

const NEVER_WRONG: Counter = { failures: 0, at: 0, pending: 0 };

/**
 * What was wrong is counted in memory, for this process: names, addresses and passwords only as keyed hashes, whose key is
 * never stored. Whoever comes from an address that was not wrong lately is never refused, whatever happens elsewhere: nobody
 * can lock out the owner of an account.
 */
export class Guessing {
  readonly #clock: Clock;
  readonly #key = createSecretKey(randomBytes(32));
  readonly #pairs = new BoundedMap<Counter>(MAXIMUM_ENTRIES);
  readonly #addresses = new BoundedMap<Counter>(MAXIMUM_ENTRIES);
  readonly #accounts = new BoundedMap<Counter>(MAXIMUM_ENTRIES);
  readonly #guesses = new BoundedMap<Guess>(MAXIMUM_ENTRIES);
  /** When a pair was right last: milliseconds since 1970. */
  readonly #known = new BoundedMap<number>(MAXIMUM_ENTRIES);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Runs the check of a password, unless too many were wrong before. It counts as wrong from before the check, so that many
   * at once are no way around; when it is right or cannot be checked, it never was.
   * @param check the result of a right password, undefined for a wrong one
   * @throws TooManyRequests without running the check, whether the account exists or not; or what the check throws
   */
  async attempt<Result>(
    attempt: PasswordAttempt,
    check: () => Promise<Result | undefined>,
  ): Promise<Result | undefined> {
    const keys = this.#keysOf(attempt);
    const guess = this.#admit(keys);
    guess.running += 1;
    try {
      const result = await check();
      if (result === undefined) this.#wrong(guess, keys);
      else this.#right(guess, keys);
      return result;
    } finally {
      guess.running -= 1;
      // All its checks have thrown.
      if (guess.running === 0 && guess.state === 'pending') this.#giveBack(guess, keys);
    }
  }

  #admit(keys: Keys): Guess {
    const now = this.#clock.now();
    const known = this.#guesses.get(keys.guess);
    // A program that goes on with an old password guesses nothing, and must not lock out whoever has the new one.
    if (known?.state === 'wrong' && elapsed(known.at, now) < SAME_WRONG_FOR) return known;

    const pair = this.#pairs.get(keys.pair) ?? NEVER_WRONG;
    const address = this.#addresses.get(keys.address) ?? NEVER_WRONG;
    const account = this.#accounts.get(keys.account) ?? NEVER_WRONG;
    const free = isReached(account, ACCOUNT, ACCOUNT.free, now) ? FREE_UNDER_ATTACK : PAIR.free;
    // Whoever logs in from an office every day does not wait for what others do there.
    const isKnown = elapsed(this.#known.get(keys.pair) ?? Number.NEGATIVE_INFINITY, now) < KNOWN_FOR;
    const wait = Math.max(waitOf(pair, PAIR, free, now), isKnown ? 0 : waitOf(address, ADDRESS, ADDRESS.free, now));
    if (wait > 0) throw refusal(wait);
    if (!isKnown && address.pending > 0 && isReached(address, ADDRESS, ADDRESS.free, now)) throw refusal(FIRST_DELAY);

    if (known && elapsed(known.at, now) < SAME_GUESS_FOR) return known;

    if (pair.pending > 0 && isReached(pair, PAIR, free, now)) {
      // It was a guess after all: that it is refused says that it is not the password that is being checked.
      this.#pairs.set(keys.pair, withFailure(pair, PAIR, now));
      throw refusal(FIRST_DELAY);
    }
    for (const [counters, key] of this.#countersOf(keys)) addPending(counters, key, 1);
    const guess: Guess = { at: now, running: 0, state: 'pending' };
    this.#guesses.set(keys.guess, guess);
    return guess;
  }

  #wrong(guess: Guess, keys: Keys): void {
    if (guess.state !== 'pending') return;
    guess.state = 'wrong';
    const now = this.#clock.now();
    for (const [counters, key, limit] of this.#countersOf(keys)) {
      addPending(counters, key, -1);
      counters.set(key, withFailure(counters.get(key) ?? NEVER_WRONG, limit, now));
    }
  }

  #right(guess: Guess, keys: Keys): void {
    this.#giveBack(guess, keys);
    this.#known.set(keys.pair, this.#clock.now());
    const { pending } = this.#pairs.get(keys.pair) ?? NEVER_WRONG;
    if (pending > 0) this.#pairs.set(keys.pair, { ...NEVER_WRONG, pending });
    else this.#pairs.delete(keys.pair);
  }

  #giveBack(guess: Guess, keys: Keys): void {
    if (guess.state === 'pending') {
      for (const [counters, key] of this.#countersOf(keys)) addPending(counters, key, -1);
    }
    guess.state = 'over';
    this.#guesses.delete(keys.guess);
  }

  #countersOf(keys: Keys): readonly (readonly [BoundedMap<Counter>, key: string, Limit])[] {
    return [
      [this.#pairs, keys.pair, PAIR],
      [this.#addresses, keys.address, ADDRESS],
      [this.#accounts, keys.account, ACCOUNT],
    ];
  }

  #keysOf({ account, clientAddress, password }: PasswordAttempt): Keys {
    // A directory takes all spellings of a name for the same one.
    const name = account.trimStart().slice(0, MAXIMUM_NAME).normalize('NFKC').trim().toLowerCase();
    const network = networkOf(clientAddress);
    const hash = (...parts: readonly string[]): string =>
      createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest('base64');
    return {
      pair: hash(name, network),
      address: hash(network),
      account: hash(name),
      guess: hash(name, network, password),
    };
  }
}

function addPending(counters: BoundedMap<Counter>, key: string, change: 1 | -1): void {
  const counter = counters.get(key) ?? NEVER_WRONG;
  // Below zero when it was forgotten meanwhile.
  const pending = Math.max(0, counter.pending + change);
  if (pending === 0 && counter.failures === 0) counters.delete(key);
  else counters.set(key, { ...counter, pending });
}

function withFailure(counter: Counter, limit: Limit, now: number): Counter {
  return { ...counter, failures: Math.min(MAXIMUM_FAILURES, failuresOf(counter, limit, now) + 1), at: now };
}

/** What is not forgiven yet. */
function failuresOf({ failures, at }: Counter, { forgivenAfter }: Limit, now: number): number {
  return Math.max(0, failures - elapsed(at, now) / forgivenAfter);
}

function isReached(counter: Counter, limit: Limit, free: number, now: number): boolean {
  return Math.ceil(failuresOf(counter, limit, now)) + counter.pending >= free;
}

/** For those that were wrong, not for those that are being checked: milliseconds. */
function waitOf(counter: Counter, limit: Limit, free: number, now: number): number {
  const failures = Math.ceil(failuresOf(counter, limit, now));
  if (failures < free) return 0;
  return Math.min(MAXIMUM_DELAY, FIRST_DELAY * 2 ** (failures - free)) - elapsed(counter.at, now);
}

/** A clock that was set back by a day must not make anybody wait for a day. */
function elapsed(since: number, now: number): number {
  return Math.abs(now - since);
}

/** The same for every account, and without its name: some type the password there. */
function refusal(wait: number): TooManyRequests {
  const seconds = Math.ceil(wait / SECOND);
  const duration = seconds === 1 ? '1 second' : `${seconds} seconds`;
  return new TooManyRequests(`too many wrong passwords: wait ${duration}, then try again`, seconds);
}
