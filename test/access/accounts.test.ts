// Accounts: who is made an administrator, and who may go.
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Accounts } from '../../src/access/accounts.ts';
import { Passwords } from '../../src/access/passwords.ts';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { startRegistry } from '../support/start-registry.ts';

const open = await startRegistry({ auth: 'none', adminPassword: null });
afterAll(() => open[Symbol.asyncDispose]());

describe('the last administrator', () => {
  const add = async (name: string, administrator: boolean) =>
    await open.accounts.addUser({ name, password: `${name}-password`, administrator, actor: 'test' });

  test('is no matter when somebody else goes, also where there is none', async () => {
    await add('bob', false);
    await open.accounts.removeUser('bob', 'test');
    expect(await open.accounts.listUsers()).toEqual([]);
  });

  test('stays', async () => {
    await add('alice', true);
    await add('carol', false);
    await expect(open.accounts.removeUser('alice', 'test')).rejects.toThrow('alice is the last administrator');
    await add('dave', true);
    await open.accounts.removeUser('alice', 'test');
    await expect(open.accounts.removeUser('dave', 'test')).rejects.toThrow('dave is the last administrator');
    expect((await open.accounts.listUsers()).map((user) => user.name)).toEqual(['carol', 'dave']);
  });
});

test.each([
  ['generated', null],
  ['given', 'administrator-password'],
])('of starts at the same time one makes the administrator, and only that one says so: %s', async (_how, given) => {
  await using registry = await startRegistry({ auth: 'none', adminPassword: null });
  const database = openSqliteDatabase(join(registry.dataDir, 'chartroom.db'));
  const made = await Promise.all(
    [1, 2, 3].map(async () => await new Accounts(database, systemClock).ensureAdministrator(given)),
  );
  const [password = '', ...more] = made.filter((each) => each !== undefined);
  expect(more).toEqual([]);
  expect(await new Passwords(database, systemClock).check('admin', password)).toBe(true);
  expect(await new Accounts(database, systemClock).ensureAdministrator(given)).toBe(undefined);
  await database.close();
});
