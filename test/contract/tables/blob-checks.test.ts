// When blobs were checked, which are damaged and who needs them: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import type { Tag } from '../../../src/oci/tag.ts';
import type { Database } from '../../../src/ports/database.ts';
import {
  countDamagedBlobs,
  findBlobCheck,
  isBlobDamaged,
  listBlobChecks,
  listDamagedBlobs,
  listTagsNeeding,
  listUncheckedBlobs,
  markBlobDamaged,
  needsDamagedBlob,
  noteSoundBlob,
  noteStoredBlob,
} from '../../../src/tables/blob-checks.ts';
import { findBlobSize, linkBlob } from '../../../src/tables/blobs.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { FIRST, manifest, OTHER, pagesOf, point, push, SECOND, SIGNATURE, THIRD, V1, WEB } from './rows.ts';

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    /** Three blobs in team/web, checked at 30, 10 and 10. */
    async function openWithBlobs() {
      const opened = await openMigrated(kind);
      await opened.database.transaction(async (tx) => {
        for (const [digest, at] of [[FIRST, 30] as const, [SECOND, 10] as const, [THIRD, 10] as const]) {
          await linkBlob(tx, { repository: WEB, digest, size: 5, now: 1 });
          await noteSoundBlob(tx, { digest, checkedAt: 0, damagedAt: null }, at);
        }
      });
      return opened;
    }

    const mark = async (database: Database, digest: typeof FIRST, checkedAt: number, at = 99) =>
      await database.transaction((tx) => markBlobDamaged(tx, { digest, checkedAt }, at));

    test('a blob was never checked until it is, and pushes count as checks that change its time each time', async () => {
      await using opened = await openMigrated(kind);
      const { database } = opened;
      const state = async () => (await findBlobCheck(database, FIRST))?.checkedAt;
      expect(await findBlobCheck(database, FIRST)).toBeUndefined();
      await database.transaction((tx) => linkBlob(tx, { repository: WEB, digest: FIRST, size: 5, now: 1 }));
      expect(await findBlobCheck(database, FIRST)).toEqual({ digest: FIRST, size: 5, checkedAt: 0, damagedAt: null });
      const times: unknown[] = [];
      for (const now of [1_790_000_000_000, 1_790_000_000_000, 5]) {
        await database.transaction((tx) => noteStoredBlob(tx, FIRST, now));
        times.push(await state());
      }
      expect(times).toEqual([1_790_000_000_000, 1_790_000_000_001, 1_790_000_000_002]);
    });

    test('a check counts only for the row that was read before it', async () => {
      await using opened = await openWithBlobs();
      const { database } = opened;
      const note = (checkedAt: number) =>
        database.transaction((tx) => noteSoundBlob(tx, { digest: FIRST, checkedAt, damagedAt: null }, 50));
      expect(await note(29)).toBe(false);
      expect((await findBlobCheck(database, FIRST))?.checkedAt).toBe(30);
      expect(await note(30)).toBe(true);
      expect((await findBlobCheck(database, FIRST))?.checkedAt).toBe(50);
      expect((await findBlobCheck(database, SECOND))?.checkedAt).toBe(10);
    });

    test('the longest unchecked come first, in pages, up to a time', async () => {
      await using opened = await openWithBlobs();
      const { database } = opened;
      const walk = (before: number) =>
        pagesOf((after: Awaited<ReturnType<typeof findBlobCheck>>) =>
          listUncheckedBlobs(database, { before, after, limit: 1 }),
        );
      expect((await walk(31)).flat().map(({ digest }) => digest)).toEqual([SECOND, THIRD, FIRST]);
      expect((await walk(30)).flat().map(({ digest }) => digest)).toEqual([SECOND, THIRD]);
      expect(await walk(10)).toEqual([]);
      const all = await pagesOf<Awaited<ReturnType<typeof listBlobChecks>>[number]>((last) =>
        listBlobChecks(database, last?.digest ?? '', 2),
      );
      expect(all.map((page) => page.map(({ digest }) => digest))).toEqual([[FIRST, SECOND], [THIRD]]);
    });

    test('a damaged blob is marked once, is not there for its repository, and counted', async () => {
      await using opened = await openWithBlobs();
      const { database } = opened;
      expect(await countDamagedBlobs(database)).toBe(0);
      expect([await mark(database, SECOND, 11), await mark(database, SECOND, 10)]).toEqual([false, true]);
      expect(await mark(database, SECOND, 10, 100)).toBe(false);
      expect((await findBlobCheck(database, SECOND))?.damagedAt).toBe(99);
      expect([await findBlobSize(database, WEB, SECOND), await findBlobSize(database, WEB, THIRD)]).toEqual([
        undefined,
        5,
      ]);
      expect([await isBlobDamaged(database, WEB, SECOND), await isBlobDamaged(database, WEB, THIRD)]).toEqual([
        true,
        false,
      ]);
      expect(await isBlobDamaged(database, OTHER, SECOND)).toBe(false);
      await mark(database, FIRST, 30);
      expect(await countDamagedBlobs(database)).toBe(2);
      expect((await listDamagedBlobs(database, '', 10)).map(({ digest }) => digest)).toEqual([FIRST, SECOND]);
      expect((await listDamagedBlobs(database, FIRST, 10)).map(({ digest }) => digest)).toEqual([SECOND]);
      expect(await listDamagedBlobs(database, '', 1)).toHaveLength(1);
    });

    test('a push heals it, and so does a check that finds it sound; being mounted does not', async () => {
      await using opened = await openWithBlobs();
      const { database } = opened;
      for (const [digest, at] of [[FIRST, 30] as const, [SECOND, 10] as const, [THIRD, 10] as const]) {
        await mark(database, digest, at);
      }
      await database.transaction(async (tx) => {
        await noteStoredBlob(tx, FIRST, 40);
        await noteSoundBlob(tx, { digest: SECOND, checkedAt: 10, damagedAt: 99 }, 40);
        await linkBlob(tx, { repository: OTHER, digest: THIRD, size: 5, now: 40 });
      });
      expect((await listDamagedBlobs(database, '', 10)).map(({ digest }) => digest)).toEqual([THIRD]);
    });

    test('a mark that has come since the row was read is not taken away by a check that went well before', async () => {
      await using opened = await openWithBlobs();
      const { database } = opened;
      await mark(database, FIRST, 30);
      await database.transaction((tx) => noteSoundBlob(tx, { digest: FIRST, checkedAt: 30, damagedAt: null }, 50));
      expect(await findBlobCheck(database, FIRST)).toMatchObject({ checkedAt: 30, damagedAt: 99 });
    });

    test('a push between reading the row and marking it keeps the mark from being set', async () => {
      await using opened = await openWithBlobs();
      const { database } = opened;
      const seen = await findBlobCheck(database, FIRST);
      await database.transaction((tx) => noteStoredBlob(tx, FIRST, 30));
      expect(await mark(database, FIRST, seen?.checkedAt ?? 0)).toBe(false);
    });

    test('tags that need a blob are named in order, of all repositories, each once', async () => {
      await using opened = await openWithBlobs();
      const { database } = opened;
      await database.transaction(async (tx) => {
        await linkBlob(tx, { repository: OTHER, digest: FIRST, size: 5, now: 1 });
        await push(tx, manifest(SIGNATURE, { blobs: [FIRST, SECOND] }));
        await push(tx, manifest(SIGNATURE, { repository: OTHER, blobs: [FIRST] }));
      });
      const V2 = '2.0.0' as Tag;
      await point(database, { digest: SIGNATURE, tag: V2 });
      await point(database, { digest: SIGNATURE });
      await point(database, { digest: SIGNATURE, repository: OTHER });
      expect(await listTagsNeeding(database, FIRST, 10)).toEqual([
        { repository: OTHER, tag: V1 },
        { repository: WEB, tag: V1 },
        { repository: WEB, tag: V2 },
      ]);
      expect(await listTagsNeeding(database, FIRST, 2)).toHaveLength(2);
      expect(await listTagsNeeding(database, SECOND, 10)).toHaveLength(2);
      expect(await listTagsNeeding(database, THIRD, 10)).toEqual([]);
    });

    test('a manifest needs a damaged blob when it, or one that it lists, names one', async () => {
      await using opened = await openWithBlobs();
      const { database } = opened;
      await database.transaction(async (tx) => {
        await push(tx, manifest(SIGNATURE, { blobs: [FIRST] }));
        await push(tx, manifest(SECOND, { children: [SIGNATURE] }));
        await push(tx, manifest(THIRD, { blobs: [SECOND] }));
      });
      expect(await needsDamagedBlob(database, WEB, SIGNATURE)).toBe(false);
      await mark(database, FIRST, 30);
      const needing = await Promise.all(
        [SIGNATURE, SECOND, THIRD].map((digest) => needsDamagedBlob(database, WEB, digest)),
      );
      expect(needing).toEqual([true, true, false]);
      expect(await needsDamagedBlob(database, OTHER, SIGNATURE)).toBe(false);
    });
  });
}
