// Passwords: that guessing them cannot keep the registry from its work.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { Passwords } from '../../src/access/passwords.ts';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { AUTHOR } from '../support/manager.ts';
import { ADMIN, startRegistry } from '../support/start-registry.ts';

const registry = await startRegistry();
const path = join(registry.dataDir, 'chartroom.db');
const database = openSqliteDatabase(path);
afterAll(async () => {
  await database.close();
  await registry[Symbol.asyncDispose]();
});
const RIGHT = ADMIN.slice('admin:'.length);
const ADMINISTRATOR = { kind: 'user', name: 'admin' };
const TOO_MANY = { code: 'TOO_MANY_REQUESTS' };

/** Checks as many different passwords at once. */
function guess(passwords: Passwords, name: string, count: number): Promise<unknown>[] {
  return Array.from({ length: count }, (_, index) => passwords.check(name, `guess ${index}`));
}

/** How the checks ended: how many said what. */
async function outcome(checks: readonly Promise<unknown>[]): Promise<{ wrong: number; refused: number }> {
  const settled = await Promise.allSettled(checks);
  const refused = settled.filter((each) => each.status === 'rejected');
  for (const each of refused) expect(each.reason).toMatchObject(TOO_MANY);
  return {
    wrong: settled.filter((each) => each.status === 'fulfilled' && each.value === undefined).length,
    refused: refused.length,
  };
}

test('many wrong passwords leave the disk to others', async () => {
  let ended = 0;
  const checks = guess(new Passwords(database, systemClock), 'admin', 30);
  for (const check of checks) void check.then(() => (ended += 1));
  await setImmediate();
  // Ten reads, one after the other: each needs one of the threads on which passwords are hashed as well.
  for (let count = 0; count < 10; count += 1) await stat(path);
  expect(ended).toBeLessThan(15);
  expect(await outcome(checks)).toEqual({ wrong: 30, refused: 0 });
});

test('more than can wait are refused, and afterwards the right one is right', async () => {
  const passwords = new Passwords(database, systemClock);
  const { wrong, refused } = await outcome(guess(passwords, 'admin', 100));
  expect(wrong).toBeGreaterThan(30);
  expect(refused).toBeGreaterThan(10);
  expect(await passwords.check('admin', RIGHT)).toMatchObject(ADMINISTRATOR);
});

test('the same name and password at once cost one computation', async () => {
  const passwords = new Passwords(database, systemClock);
  const same = (password: string) => Promise.all(Array.from({ length: 200 }, () => passwords.check('admin', password)));
  expect(new Set(await same('wrong'))).toEqual(new Set([undefined]));
  for (const each of await same(RIGHT)) expect(each).toMatchObject(ADMINISTRATOR);
});

test('a changed password is not recalled', async () => {
  await using changing = await startRegistry();
  const data = openSqliteDatabase(join(changing.dataDir, 'chartroom.db'));
  const passwords = new Passwords(data, systemClock);
  expect(await passwords.recall('admin', RIGHT)).toBeUndefined();
  expect(await passwords.check('admin', RIGHT)).toMatchObject(ADMINISTRATOR);
  expect(await passwords.recall('admin', RIGHT)).toMatchObject(ADMINISTRATOR);
  await changing.accounts.users.changePassword('admin', 'another-password', AUTHOR);
  expect(await passwords.recall('admin', RIGHT)).toBeUndefined();
  expect(await passwords.check('admin', RIGHT)).toBeUndefined();
  await data.close();
});

test('who was right a moment ago need not wait behind those who guess', async () => {
  const passwords = new Passwords(database, systemClock);
  expect(await passwords.check('admin', RIGHT)).toMatchObject(ADMINISTRATOR);
  const guesses = guess(passwords, 'admin', 100);
  expect(await passwords.recall('admin', RIGHT)).toMatchObject(ADMINISTRATOR);
  expect((await outcome(guesses)).refused).toBeGreaterThan(0);
});

describe('a name that no user can have', () => {
  const NAMES = ['', 'admin\0', 'Admin', 'a b', 'a'.repeat(65), '../admin', 'correct-horse-battery!'];

  test.each(NAMES)('is wrong, and the database does not hear of it: %j', async (name) => {
    const closed = openSqliteDatabase(path);
    await closed.close();
    const passwords = new Passwords(closed, systemClock);
    expect(await passwords.check(name, RIGHT)).toBeUndefined();
    await expect(passwords.check('admin', RIGHT)).rejects.toThrow();
  });

  test.each(['nobody', 'Admin'])('costs as much as one that a user has: %s', async (name) => {
    const { wrong, refused } = await outcome(guess(new Passwords(database, systemClock), name, 100));
    expect([wrong > 30, refused > 10]).toEqual([true, true]);
  });
});
