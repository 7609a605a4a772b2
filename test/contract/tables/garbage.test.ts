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
  deleteGarbage,
  isGarbage,
  isNotedUnreferenced,
  listKeepers,
  listManifestUses,
  listNoted,
  noteUnreferenced,
} from '../../../src/tables/garbage-manifests.ts';
import { findMissingManifest } from '../../../src/tables/manifests.ts';
import { forgetRecorded, forgetUnrecorded, noteUnrecorded } from '../../../src/tables/unrecorded-blobs.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { FIRST, manifest, OTHER, point, push, SECOND, THIRD, WEB } from './rows.ts';

afterAll(stopDatabases);

const place = (digest: Digest, repository = WEB) => ({ repository, digest });
const group = (...digests: readonly Digest[]) => ({ repository: WEB, digests });

/** FIRST and SECOND keep each other, and both keep THIRD; all are noted. */
async function pushCircle(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await push(tx, manifest(SECOND));
    await push(tx, manifest(FIRST, { children: [SECOND, THIRD], subject: SECOND }));
    await push(tx, manifest(THIRD, { subject: SECOND }));
    for (const digest of [FIRST, SECOND, THIRD]) await noteUnreferenced(tx, place(digest), 5);
  });
}

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
          { ...place(FIRST, OTHER), referenced: 'none', since: null },
          { ...place(FIRST), referenced: 'none', since: null },
          { ...place(SECOND), referenced: 'kept', since: null },
          { ...place(THIRD), referenced: 'kept', since: 7 },
        ]);
        expect(await listManifestUses(database, all[1], 1)).toEqual([all[2]]);
        await point(database, { fixed: false });
        // What a named one lists needs no second look, and what that keeps does.
        expect((await listManifestUses(database, all[0], 3)).map(({ referenced }) => referenced)).toEqual([
          'named',
          'named',
          'kept',
        ]);
        await point(database, { digest: SECOND, fixed: false });
        expect((await listManifestUses(database, all[0], 3)).map(({ referenced }) => referenced)).toEqual([
          'none',
          'named',
          'named',
        ]);
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
        const [second, third] = [
          { ...place(SECOND), since: 5 },
          { ...place(THIRD), since: 6 },
        ].map((row) => ({
          ...row,
          size: 2,
          kept: 0,
        }));
        expect(await listNoted(database, 5, undefined, 10)).toEqual([second]);
        expect(await listNoted(database, 6, undefined, 10)).toEqual([second, third]);
        expect(await listNoted(database, 6, second, 10)).toEqual([third]);
        const removed = await database.transaction(async (tx) => [
          await deleteGarbage(tx, group(FIRST), 5),
          await deleteGarbage(tx, group(SECOND), 5),
          await deleteGarbage(tx, group(SECOND), 5),
          await deleteGarbage(tx, group(THIRD), 5),
        ]);
        expect(removed).toEqual([[], [{ digest: SECOND, size: 2 }], [], []]);
        expect((await listManifestUses(database, undefined, 10)).map(({ digest }) => digest)).toEqual([FIRST, THIRD]);
      });

      test('that keep others are found, and whether they are named', async () => {
        await using opened = await open();
        const { database } = opened;
        await pushCircle(database);
        const keepers = await Promise.all(
          [FIRST, SECOND, THIRD].map((digest) => listKeepers(database, place(digest), 10)),
        );
        const unnamed = (digest: Digest) => ({ digest, named: 0 });
        expect(keepers.slice(0, 2)).toEqual([[unnamed(SECOND)], [unnamed(FIRST)]]);
        expect(keepers[2]).toHaveLength(2);
        expect(keepers[2]).toEqual(expect.arrayContaining([unnamed(FIRST), unnamed(SECOND)]));
        expect(await listKeepers(database, place(THIRD), 1)).toHaveLength(1);
        expect(await listKeepers(database, place(THIRD, OTHER), 10)).toEqual([]);
        await point(database, {});
        expect(await listKeepers(database, place(SECOND), 10)).toEqual([{ digest: FIRST, named: 1 }]);
      });

      test('that others keep are removed with all of those, or not at all', async () => {
        await using opened = await open();
        const { database } = opened;
        await pushCircle(database);
        const noted = await listNoted(database, 5, undefined, 10);
        expect(noted.map(({ digest, kept }) => [digest, kept])).toEqual(
          [FIRST, SECOND, THIRD].map((each) => [each, 1]),
        );
        const attempt = async (tried: ReturnType<typeof group>, since: number) => {
          const is = await isGarbage(database, tried, since);
          const removed = await database.transaction((tx) => deleteGarbage(tx, tried, since));
          expect(is).toBe(removed.length > 0);
          return removed.map(({ digest }) => digest).toSorted();
        };
        const all = group(FIRST, SECOND, THIRD);
        expect(await attempt(all, 4)).toEqual([]);
        // One that is left would list what is gone, or have lost its subject.
        for (const part of [group(FIRST), group(SECOND), group(THIRD), group(FIRST, THIRD), group(SECOND, THIRD)]) {
          expect(await attempt(part, 5)).toEqual([]);
        }
        await database.transaction((tx) => noteUnreferenced(tx, place(FIRST), null));
        expect(await attempt(all, 5)).toEqual([]);
        await database.transaction((tx) => noteUnreferenced(tx, place(FIRST), 5));
        await point(database, { digest: SECOND, fixed: false });
        expect(await attempt(all, 5)).toEqual([]);
        await point(database, { digest: THIRD, fixed: false });
        expect(await attempt(group(FIRST, SECOND), 5)).toEqual([FIRST, SECOND].toSorted());
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
        expect(uses).toEqual([{ ...place(FIRST), referenced: 'none', since: null }]);
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
