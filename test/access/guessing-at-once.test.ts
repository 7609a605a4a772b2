// Guessing passwords, many at once or the same one again: what counts as a guess, and as how many.
import { expect, test } from 'vitest';
import { RegistryError } from '../../src/oci/error.ts';
import { Door, MINUTE, RIGHT, wrong } from './support/door.ts';

test('the same wrong password within a minute counts once, and is looked at each time', async () => {
  const door = new Door();
  await door.tryTimes(3);
  expect(await door.tryTimes(10, { password: 'old password' })).toEqual(wrong(10));
  expect(door.checks).toBe(13);
  door.clock.advance(MINUTE - 1);
  expect(await door.tryTimes(2)).toEqual(['wrong', 1]);
});

test('a program that goes on with an old password all day counts once, and locks out nobody', async () => {
  const door = new Door();
  for (let poll = 0; poll < 23 * 20; poll += 1) {
    expect(await door.try({ password: 'old password' })).toBe('wrong');
    door.clock.advance(3 * MINUTE);
  }
  expect(await door.tryTimes(3)).toEqual(wrong(3));
});

test('what was answered as wrong is answered so again, also while another one would have to wait', async () => {
  const door = new Door();
  expect(await door.try({ password: 'old password' })).toBe('wrong');
  expect(await door.tryTimes(5)).toEqual([...wrong(4), 1]);
  expect(await door.try({ password: 'old password' })).toBe('wrong');
  door.clock.advance(24 * 60 * MINUTE);
  expect(await door.tryTimes(4, { password: 'old password' })).toEqual(wrong(4));
});

test('the same password for another account or from another address is another guess', async () => {
  const door = new Door();
  for (let other = 0; other < 20; other += 1) {
    expect(await door.try({ account: `user-${other}`, password: 'spring' })).toBe('wrong');
    expect(await door.try({ account: 'bea', password: 'spring', from: `198.51.100.${other}` })).toBe('wrong');
  }
  expect(await door.try({ account: 'ann', password: 'spring' })).toBe(1);
  expect(await door.tryTimes(2, { account: 'bea', from: '192.0.2.9' })).toEqual(['wrong', 1]);
});

test('a password that was wrong a moment ago and is right now is right', async () => {
  const { guessing } = new Door();
  const attempt = { account: 'ann', clientAddress: '192.0.2.1', password: 'new' };
  expect(await guessing.attempt(attempt, async () => undefined)).toBeUndefined();
  expect(await guessing.attempt(attempt, async () => RIGHT)).toBe(RIGHT);
  expect(await guessing.attempt(attempt, async () => undefined)).toBeUndefined();
});

test('of a thousand at once as many are looked at as one after the other', async () => {
  const door = new Door();
  const outcomes = await Promise.all(Array.from({ length: 1_000 }, () => door.try()));
  expect(outcomes.filter((outcome) => outcome === 'wrong')).toHaveLength(5);
  expect(door.checks).toBe(5);
});

test('of a thousand at once for as many accounts, twenty are looked at', async () => {
  const door = new Door();
  await Promise.all(Array.from({ length: 1_000 }, (_, index) => door.try({ account: `user-${index}` })));
  expect(door.checks).toBe(20);
  expect(await door.try()).toBe(1);
});

test('of a thousand addresses at once, each has one free attempt at an account from the twentieth on', async () => {
  const door = new Door();
  const from = (index: number) => ({ from: `10.0.${index >> 8}.${index & 255}` });
  await Promise.all(Array.from({ length: 2_000 }, (_, index) => door.try(from(index >> 1))));
  expect(door.checks).toBeLessThan(1_000 + 20);
});

test('a client’s many requests at once with the right password are all right, also while others guess', async () => {
  const door = new Door();
  await door.attack('ann');
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => door.try({ password: RIGHT })));
  expect(new Set(outcomes)).toEqual(new Set(['right']));
  expect(await door.tryTimes(2)).toEqual(['wrong', 1]);
});

test('a client’s many requests at once with the same wrong password are one guess', async () => {
  const door = new Door();
  expect(await Promise.all(Array.from({ length: 50 }, () => door.try({ password: 'old' })))).toEqual(wrong(50));
  expect(await door.tryTimes(5)).toEqual([...wrong(4), 1]);
});

test('that the right password is being checked helps nobody beside it to find it', async () => {
  const door = new Door();
  const { promise: untilFound, resolve: find } = Promise.withResolvers<string>();
  const attempt = { account: 'ann', clientAddress: '192.0.2.1', password: RIGHT };
  const owner = door.guessing.attempt(attempt, () => untilFound);
  const guesses = await Promise.all(Array.from({ length: 100 }, () => door.try()));
  expect(guesses.filter((outcome) => outcome === 'wrong')).toHaveLength(4);
  expect(await door.try({ password: RIGHT })).toEqual(expect.any(Number));
  find(RIGHT);
  expect(await owner).toBe(RIGHT);
  expect(await door.try({ password: RIGHT })).toBe('right');
});

test('what is being checked counts until it is known, also when another one is right meanwhile', async () => {
  const door = new Door();
  const { promise: untilChecked, resolve: end } = Promise.withResolvers<undefined>();
  const slow = ['a', 'b', 'c', 'd'].map((password) =>
    door.guessing.attempt({ account: 'ann', clientAddress: '192.0.2.1', password }, () => untilChecked),
  );
  expect(await Promise.all([1, 2, 3].map(() => door.try({ password: RIGHT })))).toEqual([RIGHT, RIGHT, RIGHT]);
  expect(await Promise.all([1, 2].map(() => door.try()))).toEqual(['wrong', 1]);
  end(undefined);
  await Promise.all(slow);
  expect(await door.try({ password: RIGHT })).toEqual(expect.any(Number));
});

test('a check that throws counts for nothing, and what it throws is thrown', async () => {
  const door = new Door();
  const busy = new RegistryError('TOO_MANY_REQUESTS', 'too many passwords are being checked');
  for (let count = 0; count < 100; count += 1) {
    const attempt = { account: 'ann', clientAddress: '192.0.2.1', password: `${count}` };
    await expect(door.guessing.attempt(attempt, () => Promise.reject(busy))).rejects.toBe(busy);
  }
  expect(await door.tryTimes(6)).toEqual([...wrong(5), 1]);
});

test('a guess that is sent twice counts, also when one of its checks throws', async () => {
  for (const first of ['throws', 'is wrong'] as const) {
    const door = new Door();
    for (let count = 0; count < 5; count += 1) {
      const attempt = { account: 'ann', clientAddress: '192.0.2.1', password: `${count}` };
      const failing = () => Promise.reject(new Error('the directory does not answer'));
      const missing = async () => undefined;
      const checks = first === 'throws' ? [failing, missing] : [missing, failing];
      await Promise.allSettled(checks.map((check) => door.guessing.attempt(attempt, check)));
    }
    expect(await door.try()).toBe(1);
  }
});

test('a guess whose check has thrown counts when it is sent again', async () => {
  const door = new Door();
  for (let count = 0; count < 5; count += 1) {
    const password = `${count}`;
    const attempt = { account: 'ann', clientAddress: '192.0.2.1', password };
    await expect(door.guessing.attempt(attempt, () => Promise.reject(new Error('later')))).rejects.toThrow('later');
    expect(await door.try({ password })).toBe('wrong');
  }
  expect(await door.try()).toBe(1);
});
