// The secrets of robots and personal tokens: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import { ConstraintViolation } from '../../../src/ports/database.ts';
import {
  deleteEndedSecretsOf,
  findSecret,
  insertSecret,
  limitSecretsOf,
  listSecretsOf,
  noteSecretUse,
  revokeSecret,
  type SecretHolder,
} from '../../../src/tables/secrets.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { addRobots, addSecret, addTokens, addUsers, personalToken } from './account-rows.ts';

const NOW = 1_790_000_000_000;

/** The other one of each kind has the other's name. */
const HOLDERS: readonly { readonly holder: SecretHolder; readonly others: readonly SecretHolder[] }[] = [
  { holder: { robot: 'one' }, others: [{ robot: 'two' }, { personalToken: 'one' }] },
  { holder: { personalToken: 'one' }, others: [{ personalToken: 'two' }, { robot: 'one' }] },
];

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = async () => {
      const opened = await openMigrated(kind);
      await addUsers(opened.database, 'ann');
      await addRobots(opened.database, 'one', 'two');
      await addTokens(opened.database, personalToken('one'), personalToken('two'));
      return opened;
    };

    test('a new secret is found as it was written, unused and without an end', async () => {
      await using opened = await open();
      const { database } = opened;
      await database.transaction(async (tx) => {
        await insertSecret(tx, { id: 's1', hash: 'hash', holder: { robot: 'one' }, createdAt: NOW });
        await insertSecret(tx, { id: 's2', hash: 'hash', holder: { personalToken: 'two' }, createdAt: NOW });
      });
      const unused = {
        hash: 'hash',
        createdAt: NOW,
        expiresAt: null,
        revokedAt: null,
        lastUsedAt: null,
        lastUsedAddress: null,
        lastUsedAgent: null,
      };
      expect(await findSecret(database, 's1')).toEqual({ id: 's1', robot: 'one', personalToken: null, ...unused });
      expect(await findSecret(database, 's2')).toEqual({ id: 's2', robot: null, personalToken: 'two', ...unused });
      expect(await findSecret(database, 'S1')).toBeUndefined();
    });

    test.each([
      { holder: { robot: 'nobody' }, id: 's2' },
      { holder: { personalToken: 'nobody' }, id: 's2' },
      { holder: { robot: 'two' }, id: 's1' },
    ])('a secret $id of $holder is refused, without a holder or with an id that is taken', async ({ holder, id }) => {
      await using opened = await open();
      const { database } = opened;
      await addSecret(database, 's1', { robot: 'one' });
      await expect(addSecret(database, id, holder)).rejects.toThrow(ConstraintViolation);
      expect(await listSecretsOf(database, { robot: 'two' })).toEqual([]);
      expect(await findSecret(database, 's1')).toMatchObject({ robot: 'one' });
    });

    test.each(HOLDERS)('those of $holder are listed, the oldest first', async ({ holder, others }) => {
      await using opened = await open();
      const { database } = opened;
      await addSecret(database, 'b', holder, 1);
      await addSecret(database, 'c', holder, 2);
      await addSecret(database, 'a', holder, 2);
      await addSecret(database, '0', holder, 10);
      for (const [index, other] of others.entries()) await addSecret(database, `other ${index}`, other, 1);
      expect((await listSecretsOf(database, holder)).map(({ id }) => id)).toEqual(['b', 'a', 'c', '0']);
    });

    test.each(HOLDERS)('what $holder has ends at a time, and what ends before it is not prolonged', async (sample) => {
      await using opened = await open();
      const { database } = opened;
      const { holder, others } = sample;
      await addSecret(database, 'early', holder);
      await database.transaction((tx) => limitSecretsOf(tx, holder, NOW - 1));
      await addSecret(database, 'late', holder);
      await database.transaction((tx) => limitSecretsOf(tx, holder, NOW + 1));
      await addSecret(database, 'endless', holder);
      for (const [index, other] of others.entries()) await addSecret(database, `other ${index}`, other);
      await database.transaction((tx) => limitSecretsOf(tx, holder, NOW));
      const ends = Object.fromEntries(
        (await listSecretsOf(database, holder)).map(({ id, expiresAt }) => [id, expiresAt]),
      );
      expect(ends).toEqual({ early: NOW - 1, late: NOW, endless: NOW });
      expect(await findSecret(database, 'other 0')).toMatchObject({ expiresAt: null });
      expect(await findSecret(database, 'other 1')).toMatchObject({ expiresAt: null });
    });

    test.each(HOLDERS)('what $holder had and ended before a time is forgotten, and nothing else', async (sample) => {
      await using opened = await open();
      const { database } = opened;
      const { holder, others } = sample;
      const end = async (id: string, of: SecretHolder, at: number) => {
        await addSecret(database, id, of);
        await database.transaction((tx) => limitSecretsOf(tx, of, at));
      };
      for (const [index, other] of others.entries()) await end(`other ${index}`, other, NOW - 1);
      await end('expired', holder, NOW - 1);
      await end('expiring', holder, NOW);
      await addSecret(database, 'good', holder);
      await addSecret(database, 'revoked', holder);
      await addSecret(database, 'revoked at last', holder);
      // Would be good for long.
      await end('revoked first', holder, NOW + 1000);
      await database.transaction(async (tx) => {
        await revokeSecret(tx, 'revoked', NOW - 1);
        await revokeSecret(tx, 'revoked at last', NOW);
        await revokeSecret(tx, 'revoked first', NOW - 1);
        await deleteEndedSecretsOf(tx, holder, NOW);
      });
      const left = (await listSecretsOf(database, holder)).map(({ id }) => id);
      expect(left).toEqual(['expiring', 'good', 'revoked at last']);
      expect(await findSecret(database, 'other 0')).toBeDefined();
      expect(await findSecret(database, 'other 1')).toBeDefined();
    });

    test('one is revoked once, and stays revoked since then', async () => {
      await using opened = await open();
      const { database } = opened;
      await addSecret(database, 's1', { robot: 'one' });
      await addSecret(database, 's2', { robot: 'one' });
      const revoked = await database.transaction(async (tx) => [
        await revokeSecret(tx, 's1', NOW),
        await revokeSecret(tx, 's1', NOW + 1),
        await revokeSecret(tx, 'nothing', NOW),
      ]);
      expect(revoked).toEqual([true, false, false]);
      expect(await findSecret(database, 's1')).toMatchObject({ revokedAt: NOW });
      expect(await findSecret(database, 's2')).toMatchObject({ revokedAt: null });
    });

    test('of its uses the last one is kept, in whatever order they are noted', async () => {
      await using opened = await open();
      const { database } = opened;
      await addSecret(database, 's1', { robot: 'one' });
      await addSecret(database, 's2', { robot: 'one' });
      const use = async (at: number, name: string) => {
        await database.transaction((tx) =>
          noteSecretUse(tx, { id: 's1', at, address: `address of ${name}`, agent: `agent of ${name}` }),
        );
        const { lastUsedAt, lastUsedAddress, lastUsedAgent } = (await findSecret(database, 's1')) ?? {};
        return { lastUsedAt, lastUsedAddress, lastUsedAgent };
      };
      const used = (at: number, name: string) => ({
        lastUsedAt: at,
        lastUsedAddress: `address of ${name}`,
        lastUsedAgent: `agent of ${name}`,
      });
      expect(await use(NOW, 'first')).toEqual(used(NOW, 'first'));
      expect(await use(NOW - 1, 'earlier')).toEqual(used(NOW, 'first'));
      expect(await use(NOW, 'second')).toEqual(used(NOW, 'second'));
      expect(await use(NOW + 1, 'later')).toEqual(used(NOW + 1, 'later'));
      expect(await findSecret(database, 's2')).toMatchObject({ lastUsedAt: null, lastUsedAddress: null });
    });
  });
}
