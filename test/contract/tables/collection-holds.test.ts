// Holds on garbage collection, of a backup that copies: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import { holdCollection, isCollectionHeld, releaseCollection } from '../../../src/tables/collection-holds.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    test('collection is held until the latest of all holds has ended', async () => {
      await using opened = await open();
      const { database } = opened;
      expect(await isCollectionHeld(database, 0)).toBe(false);
      await database.transaction(async (tx) => {
        await holdCollection(tx, 'one', 100);
        await holdCollection(tx, 'other', 200);
      });
      expect(await isCollectionHeld(database, 199)).toBe(true);
      expect(await isCollectionHeld(database, 200)).toBe(false);
      await database.transaction((tx) => releaseCollection(tx, 'other'));
      expect(await isCollectionHeld(database, 99)).toBe(true);
      expect(await isCollectionHeld(database, 100)).toBe(false);
    });

    test('a hold can be prolonged, and ended twice', async () => {
      await using opened = await open();
      const { database } = opened;
      await database.transaction((tx) => holdCollection(tx, 'one', 100));
      await database.transaction((tx) => holdCollection(tx, 'one', 300));
      expect(await isCollectionHeld(database, 200)).toBe(true);
      for (const _ of [1, 2]) await database.transaction((tx) => releaseCollection(tx, 'one'));
      expect(await isCollectionHeld(database, 0)).toBe(false);
    });
  });
}
