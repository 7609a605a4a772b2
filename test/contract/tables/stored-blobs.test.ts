// What is copied, held and mended: stored blobs in order, what they belong to, holds on garbage collection.
import { afterAll, describe, expect, test } from 'vitest';
import { linkBlob } from '../../../src/tables/blobs.ts';
import { holdCollection, isCollectionHeld, releaseCollection } from '../../../src/tables/collection-holds.ts';
import {
  countStoredBlobs,
  isStoredBlob,
  listStoredBlobs,
  listUsesOfBlob,
  noteBlobDamaged,
  type StoredBlob,
} from '../../../src/tables/stored-blobs.ts';
import { pointTag } from '../../../src/tables/tags.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { FIRST, manifest, OTHER, pagesOf, push, SECOND, SIGNATURE, THIRD, WEB, write } from './rows.ts';

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

    test('blobs are listed once each, page by page, and counted with their bytes', async () => {
      await using opened = await open();
      const { database } = opened;
      expect(await countStoredBlobs(database)).toEqual({ count: 0, bytes: 0 });
      await database.transaction(async (tx) => {
        await linkBlob(tx, { repository: WEB, digest: SECOND, size: 5e9, now: 1 });
        await linkBlob(tx, { repository: OTHER, digest: SECOND, size: 5e9, now: 1 });
        await linkBlob(tx, { repository: WEB, digest: FIRST, size: 1, now: 1 });
      });
      expect(await pagesOf<StoredBlob>((last) => listStoredBlobs(database, last?.digest ?? '', 1))).toEqual([
        [{ digest: FIRST, size: 1 }],
        [{ digest: SECOND, size: 5e9 }],
      ]);
      expect(await countStoredBlobs(database)).toEqual({ count: 2, bytes: 5e9 + 1 });
      expect([await isStoredBlob(database, FIRST), await isStoredBlob(database, THIRD)]).toEqual([true, false]);
    });

    test('what a blob belongs to: tags, and repositories where no tag leads to it', async () => {
      await using opened = await open();
      const { database } = opened;
      await database.transaction(async (tx) => {
        for (const repository of [WEB, OTHER]) {
          for (const digest of [FIRST, SECOND]) await linkBlob(tx, { repository, digest, size: 1, now: 1 });
        }
        await push(tx, manifest(THIRD, { blobs: [FIRST] }));
        await push(tx, manifest(SIGNATURE, { blobs: [FIRST, SECOND] }));
        await pointTag(tx, write(THIRD));
      });
      const uses = (digest: typeof FIRST) => listUsesOfBlob(database, digest, 10);
      expect(await uses(FIRST)).toEqual([
        { repository: OTHER, tag: '' },
        { repository: WEB, tag: '' },
        { repository: WEB, tag: '1.0.0' },
      ]);
      expect(await uses(SECOND)).toEqual([
        { repository: OTHER, tag: '' },
        { repository: WEB, tag: '' },
      ]);
      expect(await listUsesOfBlob(database, FIRST, 1)).toHaveLength(1);
      expect(await uses(THIRD)).toEqual([]);
    });

    test('damage is noted with the time when it was found first', async () => {
      await using opened = await open();
      const { database } = opened;
      await database.transaction(async (tx) => {
        for (const digest of [FIRST, SECOND]) await linkBlob(tx, { repository: WEB, digest, size: 1, now: 1 });
        for (const at of [5, 6]) await noteBlobDamaged(tx, FIRST, at);
      });
      const damaged = 'select digest, damaged_at as "at" from blobs order by digest';
      expect(await database.query(damaged)).toEqual([
        { digest: FIRST, at: 5 },
        { digest: SECOND, at: null },
      ]);
    });
  });
}
