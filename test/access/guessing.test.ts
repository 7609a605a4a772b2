// Guessing passwords: how long who was wrong has to wait, and that nobody has to for what others did elsewhere.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Guessing } from '../../src/access/guessing.ts';
import { TestClock } from '../support/clock.ts';
import { Door, HOUR, MINUTE, RIGHT, SECOND, wrong } from './support/door.ts';

test('what the check finds is what is answered', async () => {
  const { guessing } = new Door();
  const attempt = { account: 'ann', clientAddress: '192.0.2.1', password: 'x' };
  const user = { name: 'ann' };
  expect(await guessing.attempt(attempt, async () => user)).toBe(user);
  expect(await guessing.attempt(attempt, async () => undefined)).toBeUndefined();
  expect(await guessing.attempt(attempt, async () => false)).toBe(false);
});

test('five wrong passwords are free; then each next one waits, twice as long as the one before, at most 15 minutes', async () => {
  const door = new Door();
  const waited: number[] = [];
  for (let count = 0; count < 30; count += 1) waited.push((await door.tryPatiently()).waited);
  expect(waited.slice(0, 15)).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
  expect(new Set(waited.slice(15))).toEqual(new Set([15 * 60]));
});

test('who has to wait is told for how long still, and nothing is looked at, not even the right password', async () => {
  const door = new Door();
  for (let count = 0; count < 8; count += 1) await door.tryPatiently();
  expect(await door.try({ password: RIGHT })).toBe(8);
  door.clock.advance(2_500);
  expect(await door.try({ password: RIGHT })).toBe(6);
  door.clock.advance(5_499);
  expect(await door.try({ password: RIGHT })).toBe(1);
  expect(door.checks).toBe(8);
  door.clock.advance(1);
  expect(await door.try({ password: RIGHT })).toBe('right');
});

test('being refused makes nothing worse', async () => {
  const door = new Door();
  await door.tryTimes(5);
  expect(await door.tryTimes(1_000)).toEqual(Array(1_000).fill(1));
  expect((await door.tryPatiently()).waited).toBe(1);
  expect((await door.tryPatiently()).waited).toBe(2);
});

test('a quiet time forgets wrong passwords, one after the other', async () => {
  const door = new Door();
  await door.tryTimes(5);
  door.clock.advance(HOUR);
  expect(await door.tryTimes(3)).toEqual(['wrong', 'wrong', 1]);
  door.clock.advance(3 * HOUR);
  expect(await door.tryTimes(6)).toEqual([...wrong(5), 1]);
});

test('however long somebody guessed, a day forgets it', async () => {
  const door = new Door();
  await door.guessFor(30 * 24 * HOUR);
  door.clock.advance(24 * HOUR);
  expect(await door.tryTimes(5)).toEqual(wrong(5));
});

test('who guesses at one account for a day gets to about a hundred passwords', async () => {
  const looked = await new Door().guessFor(24 * HOUR);
  expect(looked).toBeGreaterThan(50);
  expect(looked).toBeLessThan(115);
});

test('the right password forgets the wrong ones of this account from this address', async () => {
  const door = new Door();
  await door.tryTimes(4);
  expect(await door.try({ password: RIGHT })).toBe('right');
  expect(await door.tryTimes(6)).toEqual([...wrong(5), 1]);
});

test('the right password forgets nothing of other accounts, or of the address', async () => {
  const door = new Door();
  await door.tryTimes(5, { account: 'bea' });
  await door.tryTimes(14, { from: '192.0.2.1', account: 'ci' });
  expect(await door.try({ password: RIGHT })).toBe('right');
  expect(await door.try({ account: 'bea' })).toBe(1);
});

test('right passwords cost nothing, however many', async () => {
  const door = new Door();
  expect(new Set(await door.tryTimes(1_000, { password: RIGHT }))).toEqual(new Set(['right']));
  expect(await door.tryTimes(6)).toEqual([...wrong(5), 1]);
});

test('an address has twenty wrong passwords over all accounts, then it waits for any of them', async () => {
  const door = new Door();
  for (let count = 0; count < 20; count += 1) expect(await door.try({ account: `user-${count}` })).toBe('wrong');
  expect(await door.try({ account: 'ann', password: RIGHT })).toBe(1);
  const waited: number[] = [];
  for (let count = 0; count < 9; count += 1) {
    waited.push((await door.tryPatiently({ account: `another-${count}` })).waited);
  }
  expect(waited).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 128]);
});

test('who guesses at many accounts from one address for a day gets to a few hundred passwords', async () => {
  const door = new Door();
  const end = door.clock.now() + 24 * HOUR;
  for (let count = 0; door.clock.now() < end; count += 1) await door.tryPatiently({ account: `user-${count}` });
  expect(door.checks).toBeLessThan(550);
});

test('an office whose people mistype 15 times in an hour never waits', async () => {
  const door = new Door();
  for (let count = 0; count < 8 * 15; count += 1) {
    expect(await door.try({ account: `user-${count % 40}` })).toBe('wrong');
    expect(await door.try({ account: `user-${count % 40}`, password: RIGHT })).toBe('right');
    door.clock.advance(4 * MINUTE);
  }
});

test('the right password of an address that was never wrong is right, however many others guess', async () => {
  const door = new Door();
  await door.attack('ann', 200);
  expect(await door.try({ password: RIGHT })).toBe('right');
});

test('an account at which many addresses guess leaves each new one a single free attempt', async () => {
  const door = new Door();
  await door.attack('ann', 18);
  expect(await door.tryTimes(2, { from: '192.0.2.1' })).toEqual(['wrong', 'wrong']);
  expect(await door.tryTimes(2, { from: '192.0.2.2' })).toEqual(['wrong', 1]);
  expect(await door.tryTimes(5, { from: '192.0.2.3', account: 'bea' })).toEqual(wrong(5));
});

test('while many guess at an account, the delays of each address are longer', async () => {
  const door = new Door();
  await door.attack('ann');
  const waited: number[] = [];
  for (let count = 0; count < 5; count += 1) waited.push((await door.tryPatiently()).waited);
  expect(waited).toEqual([0, 1, 2, 4, 8]);
});

test('an account at which nobody guesses any more is as before, after an hour or two', async () => {
  const door = new Door();
  await door.attack('ann', 200);
  door.clock.advance(2 * HOUR);
  expect(await door.tryTimes(6)).toEqual([...wrong(5), 1]);
});

test('other addresses have their own attempts at an account', async () => {
  const door = new Door();
  for (const from of ['192.0.2.1', '192.0.2.2', '2001:db8::1']) {
    expect(await door.tryTimes(6, { from })).toEqual([...wrong(5), 1]);
  }
});

test('the refusal says how long to wait and why, the same for every account, and repeats nothing that was typed', async () => {
  const clock = new TestClock('2026-03-01T12:00:00Z');
  const guessing = new Guessing(clock);
  const messageFor = async (account: string): Promise<string> => {
    for (let count = 0; ; count += 1) {
      const attempt = { account, clientAddress: account, password: `secret ${count}` };
      try {
        await guessing.attempt(attempt, async () => undefined);
      } catch (error) {
        expect(error).toMatchObject({ code: 'TOO_MANY_REQUESTS', retryAfter: 1 });
        return (error as Error).message;
      }
    }
  };
  const message = 'too many wrong passwords: wait 1 second, then try again';
  for (const account of ['ann', 'nobody', 'hunter2']) expect(await messageFor(account)).toBe(message);
  clock.advance(SECOND);
  const next = { account: 'ann', clientAddress: 'ann', password: 'another' };
  await guessing.attempt(next, async () => undefined);
  await expect(guessing.attempt({ ...next, password: 'yet another' }, async () => undefined)).rejects.toThrow(
    'too many wrong passwords: wait 2 seconds, then try again',
  );
});

test('a clock that is set back makes nobody wait for longer', async () => {
  const door = new Door();
  await door.tryTimes(5);
  door.clock.advance(-24 * HOUR);
  expect(await door.tryTimes(5)).toEqual(wrong(5));
});

const ACCOUNTS = ['ann', 'bea', 'ci'] as const;
const elsewhere = fc.record({
  from: fc.constantFrom('192.0.2.1', '192.0.2.2', '::ffff:192.0.2.2', '2001:db8::1', '2001:db8:0:1::1', 'unix'),
  account: fc.constantFrom(...ACCOUNTS),
  password: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', RIGHT),
  times: fc.integer({ min: 1, max: 30 }),
  atOnce: fc.boolean(),
  pause: fc.constantFrom(0, 0, 1, SECOND, MINUTE, HOUR),
});

test('nothing that happens elsewhere makes a right password from a fresh address be refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(elsewhere, { maxLength: 60 }), async (attempts) => {
      const door = new Door();
      const running: Promise<unknown>[] = [];
      for (const { times, atOnce, pause, password, ...attempt } of attempts) {
        for (let time = 0; time < times; time += 1) {
          const outcome = door.try({ ...attempt, password: password === RIGHT ? RIGHT : `${password}${time}` });
          if (atOnce) running.push(outcome);
          else await outcome;
        }
        door.clock.advance(pause);
      }
      // Those at once may still be running.
      for (const account of ACCOUNTS) {
        expect(await door.try({ from: '203.0.113.7', account, password: RIGHT })).toBe('right');
      }
      await Promise.all(running);
      for (const account of ACCOUNTS) {
        expect(await door.try({ from: '2001:db8:ffff::7', account, password: RIGHT })).toBe('right');
      }
    }),
  );
});
