// What is copied, and held: how much is stored, holds on garbage collection.
import { afterAll, describe, expect, test } from 'vitest';
import { countStoredBlobs, isStoredBlob, linkBlob } from '../../../src/tables/blobs.ts';
import { holdCollection, isCollectionHeld, releaseCollection } from '../../../src/tables/collection-holds.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { FIRST, OTHER, SECOND, THIRD, WEB } from './rows.ts';

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

    test('blobs are counted once each, with their bytes', async () => {
      await using opened = await open();
      const { database } = opened;
      expect(await countStoredBlobs(database)).toEqual({ count: 0, bytes: 0 });
      await database.transaction(async (tx) => {
        await linkBlob(tx, { repository: WEB, digest: SECOND, size: 5e9, now: 1 });
        await linkBlob(tx, { repository: OTHER, digest: SECOND, size: 5e9, now: 1 });
        await linkBlob(tx, { repository: WEB, digest: FIRST, size: 1, now: 1 });
      });
      expect(await countStoredBlobs(database)).toEqual({ count: 2, bytes: 5e9 + 1 });
      expect([await isStoredBlob(database, FIRST), await isStoredBlob(database, THIRD)]).toEqual([true, false]);
    });
  });
}
