// Trust rules: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import { ConstraintViolation } from '../../../src/ports/database.ts';
import {
  deleteTrustRule,
  findTrustRule,
  insertTrustRule,
  listTrustRules,
  type TrustRuleWrite,
  updateTrustRule,
} from '../../../src/tables/trust-rules.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { NAMES_IN_BYTE_ORDER } from './account-rows.ts';
import { pagesOf } from './rows.ts';

const NOW = 1_790_000_000_000;
const RULE: TrustRuleWrite = {
  name: 'ci',
  issuer: 'https://ci.example.com',
  audience: 'charts',
  claims: '{"sub":"team/*"}',
  keys: null,
  namespace: 'team',
  role: 'writer',
  disabled: 0,
};
/** Another value for everything but the name. */
const OTHER: TrustRuleWrite = {
  name: 'ci',
  issuer: 'https://cluster.example.com',
  audience: 'other',
  claims: '{}',
  keys: '{"keys":[]}',
  namespace: '',
  role: 'reader',
  disabled: 1,
};

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    test('a new rule is found as it was written', async () => {
      await using opened = await open();
      const { database } = opened;
      expect(await database.transaction((tx) => insertTrustRule(tx, RULE, NOW))).toBe(true);
      expect(await findTrustRule(database, 'ci')).toEqual({ ...RULE, version: NOW, createdAt: NOW });
      expect(await findTrustRule(database, 'CI')).toBeUndefined();
    });

    test('a name is given once, and the first rule stays as it was', async () => {
      await using opened = await open();
      const { database } = opened;
      const inserted = await database.transaction(async (tx) => [
        await insertTrustRule(tx, RULE, NOW),
        await insertTrustRule(tx, OTHER, NOW + 1),
      ]);
      expect(inserted).toEqual([true, false]);
      expect(await findTrustRule(database, 'ci')).toEqual({ ...RULE, version: NOW, createdAt: NOW });
    });

    test('a change replaces all of one rule, and counts its version up', async () => {
      await using opened = await open();
      const { database } = opened;
      const updated = await database.transaction(async (tx) => {
        await insertTrustRule(tx, RULE, NOW);
        await insertTrustRule(tx, { ...RULE, name: 'other' }, NOW);
        return [
          await updateTrustRule(tx, OTHER, NOW + 5),
          await updateTrustRule(tx, { ...OTHER, name: 'nobody' }, NOW + 5),
        ];
      });
      expect(updated).toEqual([true, false]);
      expect(await findTrustRule(database, 'ci')).toEqual({ ...OTHER, version: NOW + 1, createdAt: NOW });
      await database.transaction((tx) => updateTrustRule(tx, RULE, NOW + 6));
      expect(await findTrustRule(database, 'ci')).toEqual({ ...RULE, version: NOW + 2, createdAt: NOW });
      expect(await findTrustRule(database, 'other')).toEqual({ ...RULE, name: 'other', version: NOW, createdAt: NOW });
      expect(await database.query('select name, updated_at from trust_rules order by name')).toEqual([
        { name: 'ci', updated_at: NOW + 6 },
        { name: 'other', updated_at: NOW },
      ]);
    });

    test('a rule of a name that was there before has a version that the one before never had', async () => {
      await using opened = await open();
      const { database } = opened;
      await database.transaction(async (tx) => {
        await insertTrustRule(tx, RULE, NOW);
        await updateTrustRule(tx, RULE, NOW + 1000);
      });
      const before = await findTrustRule(database, 'ci');
      const deleted = await database.transaction(async (tx) => {
        const answers = [await deleteTrustRule(tx, 'ci'), await deleteTrustRule(tx, 'ci')];
        await insertTrustRule(tx, OTHER, NOW + 2000);
        return answers;
      });
      expect(deleted).toEqual([true, false]);
      const after = await findTrustRule(database, 'ci');
      expect(after).toEqual({ ...OTHER, version: NOW + 2000, createdAt: NOW + 2000 });
      expect(after?.version).toBeGreaterThan(before?.version ?? Infinity);
    });

    test('they are listed in byte order, in pages', async () => {
      await using opened = await open();
      const { database } = opened;
      await database.transaction(async (tx) => {
        for (const name of NAMES_IN_BYTE_ORDER.toReversed()) await insertTrustRule(tx, { ...RULE, name }, 1);
      });
      const listed = await pagesOf<{ readonly name: string }>((last) =>
        listTrustRules(database, { last: last?.name ?? '', limit: 4 }),
      );
      expect(listed.map((page) => page.map(({ name }) => name))).toEqual([
        NAMES_IN_BYTE_ORDER.slice(0, 4),
        NAMES_IN_BYTE_ORDER.slice(4, 8),
        NAMES_IN_BYTE_ORDER.slice(8),
      ]);
    });

    test('a role that nobody knows is refused', async () => {
      await using opened = await open();
      const inserting = opened.database.transaction((tx) => insertTrustRule(tx, { ...RULE, role: 'owner' }, 1));
      await expect(inserting).rejects.toThrow(ConstraintViolation);
    });
  });
}
