// Accounts: who is made an administrator, and who may go.
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Passwords } from '../../src/access/passwords.ts';
import { Accounts } from '../../src/accounts/accounts.ts';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { refreshFloatingTagsBelow } from '../../src/registry/floating-tags.ts';
import { AUTHOR } from '../support/manager.ts';
import { startRegistry } from '../support/start-registry.ts';

const open = await startRegistry({ auth: 'none', adminPassword: null });
afterAll(() => open[Symbol.asyncDispose]());

describe('the last administrator', () => {
  const add = async (name: string, administrator: boolean) =>
    await open.accounts.users.add({ name, password: `${name}-password`, administrator }, AUTHOR);

  test('is no matter when somebody else goes, also where there is none', async () => {
    await add('bob', false);
    await open.accounts.users.remove('bob', AUTHOR);
    expect(await open.accounts.users.list({ last: '', limit: 100 })).toEqual([]);
  });

  test('stays', async () => {
    await add('alice', true);
    await add('carol', false);
    await expect(open.accounts.users.remove('alice', AUTHOR)).rejects.toThrow('alice is the last administrator');
    await add('dave', true);
    await open.accounts.users.remove('alice', AUTHOR);
    await expect(open.accounts.users.remove('dave', AUTHOR)).rejects.toThrow('dave is the last administrator');
    expect((await open.accounts.users.list({ last: '', limit: 100 })).map((user) => user.name)).toEqual([
      'carol',
      'dave',
    ]);
  });
});

test.each([
  ['generated', null],
  ['given', 'administrator-password'],
])('of starts at the same time one makes the administrator, and only that one says so: %s', async (_how, given) => {
  await using registry = await startRegistry({ auth: 'none', adminPassword: null });
  const database = openSqliteDatabase(join(registry.dataDir, 'chartroom.db'));
  const accounts = () =>
    new Accounts({ database, clock: systemClock, auditDays: 1, refreshFloatingTags: refreshFloatingTagsBelow });
  const made = await Promise.all([1, 2, 3].map(async () => await accounts().users.ensureAdministrator(given, AUTHOR)));
  const [password = '', ...more] = made.filter((each) => each !== undefined);
  expect(more).toEqual([]);
  expect(await new Passwords(database, systemClock).check('admin', password)).toMatchObject({ name: 'admin' });
  expect(await accounts().users.ensureAdministrator(given, AUTHOR)).toBe(undefined);
  await database.close();
});
