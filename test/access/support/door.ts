// A door that one password opens, and those who try others.
import { Guessing } from '../../../src/access/guessing.ts';
import { TooManyRequests } from '../../../src/oci/error.ts';
import { TestClock } from '../../support/clock.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const RIGHT = 'right';

/** What came of an attempt: right, wrong, or for how many seconds it was refused without being looked at. */
type Outcome = 'right' | 'wrong' | number;

interface Attempt {
  readonly account?: string;
  readonly from?: string;
  readonly password?: string;
}

export class Door {
  readonly clock = new TestClock('2026-03-01T12:00:00Z');
  readonly guessing = new Guessing(this.clock);
  #checks = 0;
  #guesses = 0;

  /** How many passwords were looked at. */
  get checks(): number {
    return this.#checks;
  }

  /** By `ann` from 192.0.2.1 with a wrong password that was never tried before, if nothing else is said. */
  async try(attempt: Attempt = {}): Promise<Outcome> {
    this.#guesses += 1;
    const { account = 'ann', from = '192.0.2.1', password = `guess ${this.#guesses}` } = attempt;
    try {
      const result = await this.guessing.attempt({ account, clientAddress: from, password }, async () => {
        this.#checks += 1;
        await Promise.resolve();
        return password === RIGHT ? RIGHT : undefined;
      });
      return result ?? 'wrong';
    } catch (error) {
      if (error instanceof TooManyRequests) return error.retryAfter;
      throw error;
    }
  }

  async tryTimes(count: number, attempt: Attempt = {}): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    for (let tried = 0; tried < count; tried += 1) outcomes.push(await this.try(attempt));
    return outcomes;
  }

  /** Tries again as soon as it is let: what came of it, and the seconds it had to wait before. */
  async tryPatiently(attempt: Attempt = {}): Promise<{ readonly waited: number; readonly outcome: Outcome }> {
    let waited = 0;
    for (;;) {
      const outcome = await this.try(attempt);
      if (typeof outcome !== 'number') return { waited, outcome };
      waited += outcome;
      this.clock.advance(outcome * SECOND);
    }
  }

  /** Guesses for as long as is given, as soon as it is let: how many were looked at. */
  async guessFor(duration: number, attempt: Attempt = {}): Promise<number> {
    const [before, end] = [this.#checks, this.clock.now() + duration];
    while (this.clock.now() < end) await this.tryPatiently(attempt);
    return this.#checks - before;
  }

  /** Many addresses guess at an account, each once. */
  async attack(account: string, count = 20): Promise<void> {
    for (let other = 0; other < count; other += 1) {
      await this.try({ account, from: `198.51.100.${other}` });
    }
  }
}

/** That many wrong passwords, none of them refused. */
export function wrong(count: number): readonly Outcome[] {
  return Array<Outcome>(count).fill('wrong');
}
