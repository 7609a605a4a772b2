// What nothing refers to, and blobs that lose their bytes: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import type { Digest } from '../../../src/oci/digest.ts';
import type { Database } from '../../../src/ports/database.ts';
import { linkBlob } from '../../../src/tables/blobs.ts';
import {
  forgetCollected,
  forgetGoneBefore,
  insertCollected,
  listCollected,
  markGone,
} from '../../../src/tables/collected-blobs.ts';
import {
  deleteBlobWithoutRepository,
  isBlobKnown,
  isNotedUnneeded,
  listBlobLinks,
  listBlobUses,
  listUnneeded,
  noteUnneeded,
  unlinkUnneeded,
} from '../../../src/tables/garbage-blobs.ts';
import {
  deleteNoted,
  deleteUnreferenced,
  isNamed,
  isNotedUnreferenced,
  listKeepers,
  listManifestUses,
  listNotedThoughKept,
  listUnreferenced,
  noteUnreferenced,
} from '../../../src/tables/garbage-manifests.ts';
import { findMissingManifest } from '../../../src/tables/manifests.ts';
import { forgetRecorded, forgetUnrecorded, noteUnrecorded } from '../../../src/tables/unrecorded-blobs.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { FIRST, manifest, OTHER, point, push, SECOND, THIRD, WEB } from './rows.ts';

afterAll(stopDatabases);

const place = (digest: Digest, repository = WEB) => ({ repository, digest });

async function link(database: Database, digest: Digest, repository = WEB): Promise<void> {
  await database.transaction((tx) => linkBlob(tx, { repository, digest, size: 5, now: 1 }));
}

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    describe('manifests', () => {
      test('are referenced by a tag, an index or their subject, and listed page by page with their notes', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          await push(tx, manifest(FIRST, { children: [SECOND] }));
          await push(tx, manifest(SECOND));
          await push(tx, manifest(THIRD, { subject: SECOND }));
          await push(tx, manifest(FIRST, { repository: OTHER, subject: SECOND }));
          await noteUnreferenced(tx, place(THIRD), 7);
        });
        const all = await listManifestUses(database, undefined, 10);
        expect(all).toEqual([
          { ...place(FIRST, OTHER), referenced: 0, since: null },
          { ...place(FIRST), referenced: 0, since: null },
          { ...place(SECOND), referenced: 2, since: null },
          { ...place(THIRD), referenced: 2, since: 7 },
        ]);
        expect(await listManifestUses(database, all[1], 1)).toEqual([all[2]]);
        await point(database, {});
        expect((await listManifestUses(database, all[0], 1))[0]).toMatchObject({ ...place(FIRST), referenced: 1 });
      });

      test('are removed once they were noted for long enough, and only while nothing refers to them', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          for (const digest of [FIRST, SECOND, THIRD]) await push(tx, manifest(digest));
          for (const [digest, since] of [
            [FIRST, 5],
            [SECOND, 5],
            [THIRD, 6],
          ] as const) {
            await noteUnreferenced(tx, place(digest), since);
          }
        });
        await point(database, {});
        expect(await listUnreferenced(database, 5, undefined, 10)).toEqual([{ ...place(SECOND), since: 5, size: 2 }]);
        expect(await listUnreferenced(database, 6, { ...place(SECOND), since: 5 }, 10)).toEqual([
          { ...place(THIRD), since: 6, size: 2 },
        ]);
        const removed = await database.transaction(async (tx) => [
          await deleteUnreferenced(tx, place(FIRST), 5),
          await deleteUnreferenced(tx, place(SECOND), 5),
          await deleteUnreferenced(tx, place(SECOND), 5),
          await deleteUnreferenced(tx, place(THIRD), 5),
        ]);
        expect(removed).toEqual([false, true, false, false]);
        expect((await listManifestUses(database, undefined, 10)).map(({ digest }) => digest)).toEqual([FIRST, THIRD]);
      });

      test('that keep others are found, and those that are kept can be removed once they were noted for long enough', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          await push(tx, manifest(SECOND));
          await push(tx, manifest(FIRST, { children: [SECOND, THIRD], subject: SECOND }));
          await push(tx, manifest(THIRD, { subject: SECOND }));
          for (const digest of [FIRST, SECOND, THIRD]) await noteUnreferenced(tx, place(digest), 5);
        });
        const keepers = await Promise.all(
          [FIRST, SECOND, THIRD].map((digest) => listKeepers(database, place(digest), 10)),
        );
        expect(keepers).toEqual([[SECOND], [FIRST], [FIRST, SECOND].toSorted()]);
        expect(await listKeepers(database, place(THIRD), 1)).toHaveLength(1);
        expect(await listKeepers(database, place(THIRD, OTHER), 10)).toEqual([]);
        await point(database, {});
        expect([await isNamed(database, place(FIRST)), await isNamed(database, place(SECOND))]).toEqual([true, false]);
        const [second, third] = [SECOND, THIRD].map((digest) => ({ ...place(digest), since: 5, size: 2 }));
        expect(await listNotedThoughKept(database, 4, undefined, 10)).toEqual([]);
        expect(await listNotedThoughKept(database, 5, undefined, 10)).toEqual([second, third]);
        expect(await listNotedThoughKept(database, 5, second, 10)).toEqual([third]);
        const removed = await database.transaction(async (tx) => [
          await deleteNoted(tx, place(SECOND), 4),
          await deleteNoted(tx, place(SECOND), 5),
          await deleteNoted(tx, place(SECOND), 5),
        ]);
        expect(removed).toEqual([false, true, false]);
      });

      test('that come to be listed, or whose subject comes, are not noted any more', async () => {
        await using opened = await open();
        const { database } = opened;
        const noted = await database.transaction(async (tx) => {
          await push(tx, manifest(FIRST));
          await push(tx, manifest(SECOND, { subject: THIRD }));
          for (const digest of [FIRST, SECOND]) await noteUnreferenced(tx, place(digest), 5);
          expect(await isNotedUnreferenced(tx, place(FIRST))).toBe(true);
          expect(await findMissingManifest(tx, WEB, [FIRST, SECOND, THIRD])).toBe(THIRD);
          await push(tx, manifest(THIRD, { children: [FIRST] }));
          expect(await findMissingManifest(tx, WEB, [FIRST, SECOND, THIRD])).toBeUndefined();
          return [await isNotedUnreferenced(tx, place(FIRST)), await isNotedUnreferenced(tx, place(SECOND))];
        });
        expect(noted).toEqual([false, false]);
      });

      test('that are pushed again are not noted any more', async () => {
        await using opened = await open();
        const { database } = opened;
        const uses = await database.transaction(async (tx) => {
          await push(tx, manifest(FIRST));
          await noteUnreferenced(tx, place(FIRST), 5);
          expect(await push(tx, manifest(FIRST))).toBe(false);
          return await listManifestUses(tx, undefined, 10);
        });
        expect(uses).toEqual([{ ...place(FIRST), referenced: 0, since: null }]);
      });
    });

    describe('blobs', () => {
      test('are needed by manifests of their repository, and listed page by page with their notes', async () => {
        await using opened = await open();
        const { database } = opened;
        await link(database, FIRST);
        await link(database, SECOND);
        await link(database, FIRST, OTHER);
        await database.transaction(async (tx) => {
          await push(tx, manifest(THIRD, { blobs: [FIRST] }));
          await noteUnneeded(tx, place(SECOND), 5);
        });
        const all = await listBlobUses(database, undefined, 10);
        expect(all).toEqual([
          { ...place(FIRST, OTHER), needed: 0, since: null },
          { ...place(FIRST), needed: 1, since: null },
          { ...place(SECOND), needed: 0, since: 5 },
        ]);
        expect(await listBlobUses(database, all[0], 1)).toEqual([all[1]]);
        expect([await isNotedUnneeded(database, place(FIRST)), await isNotedUnneeded(database, place(SECOND))]).toEqual(
          [false, true],
        );
      });

      test('leave a repository once they were noted for long enough, and only while no manifest needs them', async () => {
        await using opened = await open();
        const { database } = opened;
        for (const digest of [FIRST, SECOND, THIRD]) await link(database, digest);
        await link(database, SECOND, OTHER);
        await database.transaction(async (tx) => {
          await push(tx, manifest(THIRD, { blobs: [FIRST] }));
          for (const [digest, since] of [
            [FIRST, 5],
            [SECOND, 5],
            [THIRD, 6],
          ] as const) {
            await noteUnneeded(tx, place(digest), since);
          }
        });
        expect(await listUnneeded(database, 5, undefined, 10)).toEqual([
          { ...place(SECOND), since: 5, size: 5, places: 2 },
        ]);
        expect(await listUnneeded(database, 6, { ...place(SECOND), since: 5 }, 10)).toEqual([
          { ...place(THIRD), since: 6, size: 5, places: 1 },
        ]);
        const unlinked = await database.transaction(async (tx) => [
          await unlinkUnneeded(tx, place(FIRST), 5),
          await unlinkUnneeded(tx, place(SECOND), 5),
          await unlinkUnneeded(tx, place(THIRD), 5),
        ]);
        expect(unlinked).toEqual([false, true, false]);
        expect(
          (await listBlobUses(database, undefined, 10)).map(({ repository, digest }) => [repository, digest]),
        ).toEqual([
          [OTHER, SECOND],
          [WEB, FIRST],
          [WEB, THIRD],
        ]);
      });

      test('that are linked again, or that a manifest comes to need, are not noted any more', async () => {
        await using opened = await open();
        const { database } = opened;
        for (const digest of [FIRST, SECOND, THIRD]) {
          await link(database, digest);
          await database.transaction((tx) => noteUnneeded(tx, place(digest), 5));
        }
        await link(database, FIRST);
        await database.transaction((tx) => push(tx, manifest(THIRD, { blobs: [SECOND] })));
        expect((await listBlobUses(database, undefined, 10)).map(({ since }) => since)).toEqual([null, null, 5]);
      });

      test('lose their row when no repository has them', async () => {
        await using opened = await open();
        const { database } = opened;
        for (const digest of [FIRST, SECOND]) await link(database, digest);
        await database.transaction(async (tx) => {
          await noteUnneeded(tx, place(SECOND), 5);
          await unlinkUnneeded(tx, place(SECOND), 5);
        });
        expect(await listBlobLinks(database, '', 10)).toEqual([
          { digest: FIRST, size: 5, linked: 1 },
          { digest: SECOND, size: 5, linked: 0 },
        ]);
        expect(await listBlobLinks(database, SECOND, 10)).toEqual([]);
        const sizes = await database.transaction(async (tx) => [
          await deleteBlobWithoutRepository(tx, FIRST),
          await deleteBlobWithoutRepository(tx, SECOND),
          await deleteBlobWithoutRepository(tx, SECOND),
        ]);
        expect(sizes).toEqual([undefined, 5, undefined]);
        expect([await isBlobKnown(database, FIRST), await isBlobKnown(database, SECOND)]).toEqual([true, false]);
      });
    });

    test('a collected blob is listed until its bytes are gone, and remembered for a while', async () => {
      await using opened = await open();
      const { database } = opened;
      await database.transaction(async (tx) => {
        await insertCollected(tx, SECOND, 1);
        await insertCollected(tx, FIRST, 2);
        await insertCollected(tx, FIRST, 3);
      });
      expect(await listCollected(database, '', 10)).toEqual([FIRST, SECOND]);
      expect(await listCollected(database, '', 1)).toEqual([FIRST]);
      expect(await isBlobKnown(database, FIRST)).toBe(true);
      const marked = await database.transaction(async (tx) => [
        await markGone(tx, FIRST, 3),
        await markGone(tx, FIRST, 3),
        await markGone(tx, THIRD, 3),
      ]);
      expect(marked).toEqual([true, false, false]);
      expect(await isBlobKnown(database, FIRST)).toBe(false);
      expect(await listCollected(database, '', 10)).toEqual([SECOND]);
      const forgotten = await database.transaction(async (tx) => {
        await forgetGoneBefore(tx, 3);
        return [await forgetCollected(tx, FIRST), await forgetCollected(tx, FIRST), await forgetCollected(tx, SECOND)];
      });
      expect(forgotten).toEqual([true, false, true]);
    });

    test('what has been gone for long is forgotten, and comes again when the blob is collected again', async () => {
      await using opened = await open();
      const { database } = opened;
      await database.transaction(async (tx) => {
        await insertCollected(tx, FIRST, 1);
        await markGone(tx, FIRST, 1);
        await insertCollected(tx, SECOND, 1);
        await forgetGoneBefore(tx, 2);
        await insertCollected(tx, THIRD, 1);
        await markGone(tx, THIRD, 3);
        await insertCollected(tx, THIRD, 1);
      });
      expect(await database.transaction((tx) => forgetCollected(tx, FIRST))).toBe(false);
      expect(await listCollected(database, '', 10)).toEqual([SECOND, THIRD].toSorted());
    });

    test('bytes without a row are noted when they are found first, and forgotten once they have one', async () => {
      await using opened = await open();
      const { database } = opened;
      const note = (now: number) => database.transaction((tx) => noteUnrecorded(tx, FIRST, now));
      expect([await note(5), await note(7), await note(3)]).toEqual([5, 5, 3]);
      await link(database, FIRST);
      await database.transaction(async (tx) => {
        await noteUnrecorded(tx, SECOND, 3);
        await forgetRecorded(tx);
      });
      expect(await note(9)).toBe(9);
      expect(await database.transaction((tx) => noteUnrecorded(tx, SECOND, 9))).toBe(3);
      await database.transaction((tx) => forgetUnrecorded(tx, SECOND));
      expect(await database.transaction((tx) => noteUnrecorded(tx, SECOND, 9))).toBe(9);
    });
  });
}
