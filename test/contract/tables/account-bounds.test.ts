// What keeps lists of accounts short, and memberships true: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import { deleteMembersFromLogins, listMembers } from '../../../src/tables/groups.ts';
import { countPersonalTokens } from '../../../src/tables/personal-tokens.ts';
import { deleteOldestSecretsOf, insertSecret, listSecretsOf } from '../../../src/tables/secrets.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { addGroups, addMembers, addRobots, addTokens, addUsers, personalToken } from './account-rows.ts';

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    test('tokens are counted by user', async () => {
      await using opened = await openMigrated(kind);
      const { database } = opened;
      await addUsers(database, 'ann', 'bob', 'cem');
      await addTokens(database, personalToken('one'), personalToken('two'), personalToken('three', { user: 'bob' }));
      const counts = await Promise.all(['ann', 'bob', 'cem'].map((name) => countPersonalTokens(database, name)));
      expect(counts).toEqual([2, 1, 0]);
    });

    test('the newest secrets of a holder are kept, and all of others', async () => {
      await using opened = await openMigrated(kind);
      const { database } = opened;
      await addUsers(database, 'ann');
      await addRobots(database, 'ci');
      await addTokens(database, personalToken('ci'));
      await database.transaction(async (tx) => {
        for (const [id, createdAt] of Object.entries({ b: 2, d: 3, a: 3, c: 1 })) {
          await insertSecret(tx, { id, hash: id, holder: { robot: 'ci' }, createdAt });
          await insertSecret(tx, { id: `token ${id}`, hash: id, holder: { personalToken: 'ci' }, createdAt });
        }
        await deleteOldestSecretsOf(tx, { robot: 'ci' }, 2);
        await deleteOldestSecretsOf(tx, { personalToken: 'ci' }, 3);
      });
      const idsOf = async (holder: Parameters<typeof listSecretsOf>[1]) =>
        (await listSecretsOf(database, holder)).map(({ id }) => id);
      expect(await idsOf({ robot: 'ci' })).toEqual(['a', 'd']);
      expect(await idsOf({ personalToken: 'ci' })).toEqual(['token b', 'token a', 'token d']);
    });

    test('the members that logins have made end together, and those that an administrator made stay', async () => {
      await using opened = await openMigrated(kind);
      const { database } = opened;
      await addUsers(database, 'ann', 'bob', 'cem');
      await addGroups(database, 'ops', 'team');
      await addMembers(database, ['ops', 'cem', 'login'], ['ops', 'ann', 'login'], ['ops', 'ann', 'local']);
      await addMembers(database, ['ops', 'bob', 'local'], ['team', 'cem', 'login']);
      expect(await database.transaction((tx) => deleteMembersFromLogins(tx, 'ops'))).toEqual(['ann', 'cem']);
      const members = async (group: string) =>
        (await listMembers(database, group, { last: '', limit: 10 })).map(({ user, source }) => `${user} ${source}`);
      expect(await members('ops')).toEqual(['ann local', 'bob local']);
      expect(await members('team')).toEqual(['cem login']);
      expect(await database.transaction((tx) => deleteMembersFromLogins(tx, 'ops'))).toEqual([]);
    });
  });
}
