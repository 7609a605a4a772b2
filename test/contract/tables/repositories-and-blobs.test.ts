// Repositories, the blobs that they hold and the uploads to them: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import type { RepositoryName } from '../../../src/oci/repository-name.ts';
import type { UploadId } from '../../../src/ports/blob-store.ts';
import { ConstraintViolation } from '../../../src/ports/database.ts';
import {
  countStoredBlobs,
  findBlobSize,
  findManifestUsing,
  isStoredBlob,
  linkBlob,
  repositoriesWithBlob,
  unlinkBlob,
} from '../../../src/tables/blobs.ts';
import { deleteManifest } from '../../../src/tables/manifests.ts';
import { createRepository, listRepositories, repositoryExists } from '../../../src/tables/repositories.ts';
import { countUploads, deleteUpload, findUpload, insertUpload } from '../../../src/tables/uploads.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { FIRST, manifest, OTHER, pages, push, SECOND, THIRD, WEB } from './rows.ts';

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    describe('blobs', () => {
      test('a linked blob is found in its repository only, with its size', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction((tx) => linkBlob(tx, { repository: WEB, digest: FIRST, size: 5e9, now: 1 }));
        expect(await findBlobSize(database, WEB, FIRST)).toBe(5e9);
        expect(await findBlobSize(database, OTHER, FIRST)).toBeUndefined();
        expect(await findBlobSize(database, WEB, SECOND)).toBeUndefined();
      });

      test('linking again changes nothing, and another repository may have the same blob', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          await linkBlob(tx, { repository: WEB, digest: FIRST, size: 5, now: 1 });
          await linkBlob(tx, { repository: WEB, digest: FIRST, size: 6, now: 2 });
          await linkBlob(tx, { repository: OTHER, digest: FIRST, size: 5, now: 3 });
        });
        expect(await findBlobSize(database, WEB, FIRST)).toBe(5);
        expect(await repositoriesWithBlob(database, FIRST, 10)).toEqual([OTHER, WEB]);
        expect(await repositoriesWithBlob(database, FIRST, 1)).toEqual([OTHER]);
        expect(await repositoriesWithBlob(database, SECOND, 10)).toEqual([]);
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

      test('unlinking takes the blob from one repository, once', async () => {
        await using opened = await open();
        const { database } = opened;
        const unlinked = await database.transaction(async (tx) => {
          await linkBlob(tx, { repository: WEB, digest: FIRST, size: 5, now: 1 });
          await linkBlob(tx, { repository: OTHER, digest: FIRST, size: 5, now: 1 });
          return [await unlinkBlob(tx, WEB, FIRST), await unlinkBlob(tx, WEB, FIRST)];
        });
        expect(unlinked).toEqual([true, false]);
        expect(await findBlobSize(database, WEB, FIRST)).toBeUndefined();
        expect(await findBlobSize(database, OTHER, FIRST)).toBe(5);
      });

      test('a blob that a manifest needs cannot be unlinked', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          await linkBlob(tx, { repository: WEB, digest: SECOND, size: 5, now: 1 });
          await push(tx, manifest(FIRST, { blobs: [SECOND] }));
        });
        expect(await findManifestUsing(database, WEB, SECOND)).toBe(FIRST);
        expect(await findManifestUsing(database, OTHER, SECOND)).toBeUndefined();
        await expect(database.transaction((tx) => unlinkBlob(tx, WEB, SECOND))).rejects.toThrow(ConstraintViolation);
        await database.transaction(async (tx) => {
          await deleteManifest(tx, WEB, FIRST);
          await unlinkBlob(tx, WEB, SECOND);
        });
        expect(await findBlobSize(database, WEB, SECOND)).toBeUndefined();
      });
    });

    describe('uploads', () => {
      const id = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff' as UploadId;
      const upload = { id, repository: WEB, owner: 'user:ci', createdAt: 1_790_000_000_000, createdBy: 'ci' };

      test('an upload is found until it is deleted', async () => {
        await using opened = await open();
        const { database } = opened;
        expect(await database.transaction((tx) => insertUpload(tx, upload, 1))).toBe(true);
        expect(await findUpload(database, id)).toEqual(upload);
        expect(await countUploads(database)).toBe(1);
        expect(await database.transaction((tx) => deleteUpload(tx, id))).toBe(true);
        expect(await findUpload(database, id)).toBeUndefined();
        expect(await countUploads(database)).toBe(0);
        expect(await database.transaction((tx) => deleteUpload(tx, id))).toBe(false);
      });

      test('two uploads cannot have the same id', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction((tx) => insertUpload(tx, upload, 9));
        const second = database.transaction((tx) => insertUpload(tx, { ...upload, owner: 'user:x' }, 9));
        await expect(second).rejects.toThrow(ConstraintViolation);
      });

      test('an owner has so many at most, also of those that begin at once, and another one for each that ended', async () => {
        await using opened = await open();
        const { database } = opened;
        const insert = async (number: number, owner = 'user:ci') =>
          await database.transaction((tx) =>
            insertUpload(tx, { ...upload, id: `${id.slice(0, -1)}${number}` as UploadId, owner }, 3),
          );
        const inserted = await Promise.all([1, 2, 3, 4, 5].map((number) => insert(number)));
        expect(inserted.filter((isIn) => isIn)).toHaveLength(3);
        expect(await insert(6, 'user:x')).toBe(true);
        const [first = 0] = [1, 2, 3, 4, 5].filter((_, index) => inserted[index]);
        await database.transaction((tx) => deleteUpload(tx, `${id.slice(0, -1)}${first}` as UploadId));
        expect(await insert(7)).toBe(true);
        expect(await insert(8)).toBe(false);
      });
    });

    describe('repositories', () => {
      test('creating one twice is as creating it once', async () => {
        await using opened = await open();
        const { database } = opened;
        expect(await repositoryExists(database, WEB)).toBe(false);
        await database.transaction((tx) => createRepository(tx, WEB, 1));
        await database.transaction((tx) => createRepository(tx, WEB, 2));
        expect(await repositoryExists(database, WEB)).toBe(true);
        expect(await database.query('select name, created_at from repositories')).toEqual([
          { name: WEB, created_at: 1 },
        ]);
      });

      test('they are listed in byte order, in pages', async () => {
        await using opened = await open();
        const { database } = opened;
        const names = ['a', 'a-b', 'a.b', 'a/b', 'a0', 'a_b', 'b'] as RepositoryName[];
        await database.transaction(async (tx) => {
          for (const name of names.toReversed()) await createRepository(tx, name, 1);
        });
        expect(await listRepositories(database, '', 100)).toEqual(names);
        expect(await pages((last) => listRepositories(database, last, 3))).toEqual([
          names.slice(0, 3),
          names.slice(3, 6),
          names.slice(6),
        ]);
      });
    });
  });
}
