// Every function of src/tables, on every database, with the same results: the SQL text is written once.
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import type { RepositoryName } from '../../src/oci/repository-name.ts';
import type { Tag } from '../../src/oci/tag.ts';
import type { UploadId } from '../../src/ports/blob-store.ts';
import { ConstraintViolation, type Database, type Transaction } from '../../src/ports/database.ts';
import { findBlobSize, findManifestUsing, linkBlob, repositoriesWithBlob, unlinkBlob } from '../../src/tables/blobs.ts';
import { type ChartRow, findInspection, holdsChart, insertChart } from '../../src/tables/charts.ts';
import { insertEvent } from '../../src/tables/events.ts';
import {
  deleteGrant,
  deleteGrantsOf,
  findNamespaces,
  listGrants,
  listNamespaces,
  putGrant,
  putNamespace,
} from '../../src/tables/grants.ts';
import {
  deleteManifest,
  findManifest,
  findManifestSize,
  insertManifest,
  listReferrers,
  measureReferrers,
  type NewManifest,
} from '../../src/tables/manifests.ts';
import { createRepository, listRepositories, repositoryExists } from '../../src/tables/repositories.ts';
import {
  deleteTag,
  deleteTagsOf,
  findTag,
  listTags,
  pointTag,
  type TagRow,
  type TagWrite,
} from '../../src/tables/tags.ts';
import { deleteUpload, findUpload, insertUpload } from '../../src/tables/uploads.ts';
import { deleteUser, findUser, hasUsers, insertUser, listUsers, updatePassword } from '../../src/tables/users.ts';
import { DATABASES, openMigrated, stopDatabases } from './databases.ts';

const WEB = 'team/web' as RepositoryName;
const OTHER = 'team/other' as RepositoryName;
const V1 = '1.0.0' as Tag;
/** In the order of their bytes. */
const [FIRST, SECOND, THIRD] = [1, 2, 3].map((number) => digestOf(Buffer.from(`${number}`))).sort() as [
  Digest,
  Digest,
  Digest,
];
const SIGNATURE = digestOf(Buffer.from('signature'));

/** A push of something else to the same tag. */
const OTHER_CONTENT = { digest: SECOND, identity: 'two' };

/** What text is sorted by: bytes, so upper case before lower case, and neither dots nor digits in a way of their own. */
const IN_BYTE_ORDER = ['1.0.0', '1.10.0', '1.2.0', 'V1', '_x', 'a', 'a-b', 'a.b', 'a_b', 'ab', 'b'];

afterAll(stopDatabases);

test('every exported function of src/tables is tried here', async () => {
  const folder = new URL('../../src/tables/', import.meta.url);
  const files = (await readdir(folder)).filter((name) => name !== 'migrate.ts');
  const texts = await Promise.all(files.map((name) => readFile(new URL(name, folder), 'utf8')));
  const exported = texts.flatMap((text) =>
    [...text.matchAll(/^export async function (\w+)/gm)].map(([, name]) => name),
  );
  const here = await readFile(new URL(import.meta.url), 'utf8');
  expect(exported.length).toBeGreaterThan(30);
  expect(exported.filter((name) => !here.includes(`${name}(`))).toEqual([]);
});

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

      test('an upload is found until it is deleted', async () => {
        await using opened = await open();
        const { database } = opened;
        const upload = { id, repository: WEB, owner: 'user:ci' };
        await database.transaction((tx) => insertUpload(tx, upload, 1));
        expect(await findUpload(database, id)).toEqual(upload);
        await database.transaction((tx) => deleteUpload(tx, id));
        expect(await findUpload(database, id)).toBeUndefined();
        await database.transaction((tx) => deleteUpload(tx, id));
      });

      test('two uploads cannot have the same id', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction((tx) => insertUpload(tx, { id, repository: WEB, owner: 'user:ci' }, 1));
        const second = database.transaction((tx) => insertUpload(tx, { id, repository: OTHER, owner: 'user:x' }, 2));
        await expect(second).rejects.toThrow(ConstraintViolation);
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

    describe('manifests', () => {
      test('a manifest comes back byte for byte, by digest and by tag, from its own repository only', async () => {
        await using opened = await open();
        const { database } = opened;
        const bytes = Buffer.from('{"ä":"\\u0000"}\n\0\xff', 'latin1');
        await database.transaction(async (tx) => {
          await push(tx, manifest(FIRST, { content: bytes, mediaType: 'text/x' }));
          await pointTag(tx, write(FIRST));
        });
        const stored = { digest: FIRST, mediaType: 'text/x', content: bytes };
        expect(await findManifest(database, WEB, { kind: 'digest', digest: FIRST })).toEqual(stored);
        expect(await findManifest(database, WEB, { kind: 'tag', tag: V1 })).toEqual(stored);
        expect(await findManifest(database, OTHER, { kind: 'digest', digest: FIRST })).toBeUndefined();
        expect(await findManifest(database, OTHER, { kind: 'tag', tag: V1 })).toBeUndefined();
        expect(await findManifestSize(database, WEB, FIRST)).toBe(bytes.length);
        expect(await findManifestSize(database, OTHER, FIRST)).toBeUndefined();
      });

      test('inserting it again says so and changes nothing', async () => {
        await using opened = await open();
        const { database } = opened;
        const inserted = await database.transaction(async (tx) => [
          await push(tx, manifest(FIRST, { pushedBy: 'first' })),
          await push(tx, manifest(FIRST, { pushedBy: 'second' })),
        ]);
        expect(inserted).toEqual([true, false]);
        expect(await database.query('select pushed_by from manifests')).toEqual([{ pushed_by: 'first' }]);
      });

      test('it cannot name a blob that its repository does not have', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction((tx) => linkBlob(tx, { repository: OTHER, digest: SECOND, size: 5, now: 1 }));
        const pushing = database.transaction((tx) => push(tx, manifest(FIRST, { blobs: [SECOND] })));
        await expect(pushing).rejects.toThrow(ConstraintViolation);
        expect(await findManifestSize(database, WEB, FIRST)).toBeUndefined();
      });

      test('it may name one blob or one child several times', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          await linkBlob(tx, { repository: WEB, digest: SECOND, size: 5, now: 1 });
          await push(tx, manifest(FIRST, { blobs: [SECOND, SECOND], children: [THIRD, THIRD] }));
        });
        expect(await database.query('select blob from manifest_blobs')).toEqual([{ blob: SECOND }]);
        expect(await database.query('select child from manifest_children')).toEqual([{ child: THIRD }]);
      });

      test('deleting it takes along all that is known of it, and says whether it was there', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          await linkBlob(tx, { repository: WEB, digest: SECOND, size: 5, now: 1 });
          await push(tx, manifest(FIRST, { blobs: [SECOND], children: [THIRD] }));
          await insertChart(tx, chart(FIRST));
        });
        const deleted = await database.transaction(async (tx) => [
          await deleteManifest(tx, WEB, FIRST),
          await deleteManifest(tx, WEB, FIRST),
        ]);
        expect(deleted).toEqual([true, false]);
        for (const table of ['manifests', 'manifest_blobs', 'manifest_children', 'charts']) {
          expect(await database.query(`select * from ${table}`), table).toEqual([]);
        }
      });

      test('it cannot be deleted while a tag points at it', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          await push(tx, manifest(FIRST));
          await pointTag(tx, write(FIRST));
        });
        const deleting = database.transaction((tx) => deleteManifest(tx, WEB, FIRST));
        await expect(deleting).rejects.toThrow(ConstraintViolation);
      });

      test('referrers are listed by subject and type, in pages in the order of their digests', async () => {
        await using opened = await open();
        const { database } = opened;
        const subject = SIGNATURE;
        const annotations = { note: 'ä' };
        await database.transaction(async (tx) => {
          await push(tx, manifest(THIRD, { subject, artifactType: 'text/a' }));
          await push(tx, manifest(SECOND, { subject, artifactType: 'text/b', annotations }));
          await push(tx, manifest(FIRST, { subject, artifactType: undefined }));
          await push(tx, manifest(digestOf(Buffer.from('none'))));
          await push(tx, manifest(FIRST, { subject, repository: OTHER }));
        });
        const query = { repository: WEB, subject, artifactType: undefined, last: '', limit: 100 };
        const rows = await listReferrers(database, query);
        expect(rows.map(({ digest }) => digest)).toEqual([FIRST, SECOND, THIRD]);
        expect(rows[1]).toEqual({
          digest: SECOND,
          mediaType: 'text/manifest',
          artifactType: 'text/b',
          size: 2,
          annotations: JSON.stringify(annotations),
        });
        expect(rows[0]?.artifactType).toBeNull();
        const behind = await listReferrers(database, { ...query, last: FIRST, limit: 1 });
        expect(behind.map(({ digest }) => digest)).toEqual([SECOND]);
        const filtered = await listReferrers(database, { ...query, artifactType: 'text/a' });
        expect(filtered.map(({ digest }) => digest)).toEqual([THIRD]);
        expect(await listReferrers(database, { ...query, subject: FIRST })).toEqual([]);
        expect(await measureReferrers(database, { ...query, last: FIRST })).toEqual([
          { digest: SECOND, annotationBytes: Buffer.byteLength(JSON.stringify(annotations)) },
          { digest: THIRD, annotationBytes: 2 },
        ]);
      });
    });

    describe('tags', () => {
      const openWithManifests = async () => {
        const opened = await open();
        await opened.database.transaction(async (tx) => {
          for (const digest of [FIRST, SECOND, THIRD]) await push(tx, manifest(digest));
        });
        return opened;
      };

      test('a new tag points where it was told to, and is found', async () => {
        await using opened = await openWithManifests();
        const { database } = opened;
        const pointed = await point(database, { pushId: 'push 7', pushedAt: 7, pushedBy: 'ci', provenance: SIGNATURE });
        expect(pointed).toEqual({
          digest: FIRST,
          fixed: 1,
          identity: 'one',
          provenance: SIGNATURE,
          pushId: 'push 7',
          pushedAt: 7,
          pushedBy: 'ci',
          deletedAt: null,
          deletedBy: null,
        });
        expect(await findTag(database, WEB, V1)).toEqual(pointed);
        expect(await findTag(database, OTHER, V1)).toBeUndefined();
      });

      test('a tag cannot point at a manifest that its repository does not have', async () => {
        await using opened = await openWithManifests();
        await expect(point(opened.database, { digest: SIGNATURE })).rejects.toThrow(ConstraintViolation);
        expect(await findTag(opened.database, WEB, V1)).toBeUndefined();
      });

      const pushes: readonly Case[] = [
        {
          case: 'a free tag moves to other content',
          first: { fixed: false },
          later: { ...OTHER_CONTENT, fixed: false },
          expected: { digest: SECOND, identity: 'two', fixed: 0, pushedAt: 2, pushedBy: 'second' },
        },
        {
          case: 'a free tag stays on its first push when the same manifest is pushed again',
          first: { fixed: false, pushId: 'first push' },
          later: { fixed: false, pushId: 'second push' },
          expected: { digest: FIRST, fixed: 0, pushId: 'first push', pushedAt: 1, pushedBy: 'first' },
        },
        {
          case: 'a free tag that would be a fixed one by now is refused other content',
          first: { fixed: false },
          later: { ...OTHER_CONTENT, fixed: true },
          expected: undefined,
        },
        {
          case: 'a free tag that would be a fixed one by now takes the same content, and is fixed from then on',
          first: { fixed: false },
          later: { digest: SECOND, fixed: true },
          expected: { digest: FIRST, identity: 'one', fixed: 1, pushedAt: 1 },
        },
        { case: 'a fixed tag is refused other content', later: OTHER_CONTENT, expected: undefined },
        {
          case: 'a fixed tag is refused other content also when it would be a free one by now',
          later: { ...OTHER_CONTENT, fixed: false },
          expected: undefined,
        },
        {
          case: 'a fixed tag is refused other content also where deleted ones may come back',
          later: { ...OTHER_CONTENT, republishDeleted: true },
          expected: undefined,
        },
        {
          case: 'a fixed tag takes the same content in another manifest, and stays on the first',
          later: { digest: SECOND },
          expected: { digest: FIRST, fixed: 1, pushedAt: 1, pushedBy: 'first' },
        },
        {
          case: 'a fixed tag stays fixed when the same content is pushed while it would be a free one',
          later: { fixed: false },
          expected: { digest: FIRST, fixed: 1, pushedAt: 1 },
        },
        {
          case: 'a signed fixed tag takes the same content with the same signature',
          first: { provenance: SIGNATURE },
          later: { digest: SECOND, provenance: SIGNATURE },
          expected: { digest: FIRST, provenance: SIGNATURE, pushedAt: 1 },
        },
        {
          case: 'a signed fixed tag takes the same content without a signature, and keeps its own',
          first: { provenance: SIGNATURE },
          later: { digest: SECOND, provenance: '' },
          expected: { digest: FIRST, provenance: SIGNATURE, pushedAt: 1 },
        },
        {
          case: 'a fixed tag without a signature is refused one',
          later: { digest: SECOND, provenance: SIGNATURE },
          expected: undefined,
        },
        {
          case: 'a signed fixed tag is refused another signature',
          first: { provenance: SIGNATURE },
          later: { digest: SECOND, provenance: THIRD },
          expected: undefined,
        },
      ];
      test.each(pushes.map((each) => [each.case, each] as const))(
        '%s',
        async (_case, { first = {}, later, expected }) => {
          await using opened = await openWithManifests();
          const { database } = opened;
          const before = await point(database, first);
          const after = await point(database, { pushedAt: 2, pushedBy: 'second', ...later });
          if (expected === undefined) {
            expect(after).toBeUndefined();
            expect(await findTag(database, WEB, V1)).toEqual(before);
          } else {
            expect(after).toMatchObject(expected);
            expect(await findTag(database, WEB, V1)).toEqual(after);
          }
        },
      );

      const returns: readonly Case[] = [
        { case: 'does not come back with other content', later: OTHER_CONTENT, expected: undefined },
        {
          case: 'comes back with the same content, also in another manifest',
          later: { digest: SECOND },
          expected: { digest: SECOND, identity: 'one', fixed: 1, pushedAt: 3, pushedBy: 'second' },
        },
        {
          case: 'comes back with the same content, and without the signature that it had',
          later: { provenance: '' },
          expected: { digest: FIRST, provenance: '', pushedAt: 3 },
        },
        { case: 'does not come back with another signature', later: { provenance: THIRD }, expected: undefined },
        {
          case: 'comes back with other content where that is allowed',
          later: { ...OTHER_CONTENT, republishDeleted: true },
          expected: { digest: SECOND, identity: 'two', fixed: 1, pushedAt: 3, pushedBy: 'second' },
        },
      ];
      test.each(returns.map((each) => [each.case, each] as const))(
        'a deleted fixed tag %s',
        async (_case, { later, expected }) => {
          await using opened = await openWithManifests();
          const { database } = opened;
          await point(database, { provenance: SIGNATURE });
          await database.transaction((tx) => deleteTag(tx, V1, { repository: WEB, at: 2, by: 'janitor' }));
          const remembered = await findTag(database, WEB, V1);
          expect(remembered).toMatchObject({ digest: null, identity: 'one', deletedAt: 2, deletedBy: 'janitor' });
          const after = await point(database, { provenance: SIGNATURE, pushedAt: 3, pushedBy: 'second', ...later });
          if (expected === undefined) {
            expect(after).toBeUndefined();
            expect(await findTag(database, WEB, V1)).toEqual(remembered);
          } else {
            expect(after).toMatchObject({ ...expected, deletedAt: null, deletedBy: null });
            expect(await findTag(database, WEB, V1)).toEqual(after);
          }
        },
      );

      test('what came back after its deletion is fixed to its new content', async () => {
        await using opened = await openWithManifests();
        const { database } = opened;
        await point(database, {});
        await database.transaction((tx) => deleteTag(tx, V1, { repository: WEB, at: 2, by: 'janitor' }));
        await point(database, { ...OTHER_CONTENT, republishDeleted: true });
        expect(await point(database, {})).toBeUndefined();
      });

      test('of 20 racing writers of different content to one fixed tag, one wins', async () => {
        await using opened = await openWithManifests();
        const { database } = opened;
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, index) => point(database, { identity: `content ${index}`, pushedAt: index })),
        );
        const winners = outcomes.filter((row) => row !== undefined);
        expect(winners).toHaveLength(1);
        expect(await findTag(database, WEB, V1)).toEqual(winners[0]);
      });

      test('deleting says what the tag pointed at; a free tag is forgotten, a fixed one remembered', async () => {
        await using opened = await openWithManifests();
        const { database } = opened;
        const [free, fixed, never] = ['free', 'fixed', 'never'] as [Tag, Tag, Tag];
        await point(database, { tag: free, fixed: false });
        await point(database, { tag: fixed, digest: SECOND });
        const remove = (tag: Tag, at: number) =>
          database.transaction((tx) => deleteTag(tx, tag, { repository: WEB, at, by: 'janitor' }));
        expect(await remove(free, 5)).toEqual([{ tag: free, digest: FIRST }]);
        expect(await remove(fixed, 5)).toEqual([{ tag: fixed, digest: SECOND }]);
        expect(await remove(never, 5)).toEqual([]);
        expect(await findTag(database, WEB, free)).toBeUndefined();
        expect(await findTag(database, WEB, fixed)).toMatchObject({ digest: null, deletedAt: 5 });
        expect(await remove(fixed, 6)).toEqual([]);
        expect(await findTag(database, WEB, fixed)).toMatchObject({ deletedAt: 5 });
      });

      test('they are listed in byte order and in pages, deleted ones left out', async () => {
        await using opened = await openWithManifests();
        const { database } = opened;
        for (const tag of [...IN_BYTE_ORDER.toReversed(), 'aa'] as Tag[]) await point(database, { tag });
        await database.transaction((tx) => deleteTag(tx, 'aa' as Tag, { repository: WEB, at: 2, by: 'x' }));
        expect(await listTags(database, WEB, '', 100)).toEqual(IN_BYTE_ORDER);
        expect(await pages((last) => listTags(database, WEB, last, 4))).toEqual([
          IN_BYTE_ORDER.slice(0, 4),
          IN_BYTE_ORDER.slice(4, 8),
          IN_BYTE_ORDER.slice(8),
        ]);
        expect(await listTags(database, WEB, 'a-zzz', 1)).toEqual(['a.b']);
        expect(await listTags(database, OTHER, '', 100)).toEqual([]);
      });

      test('all of one manifest are deleted together, and no others', async () => {
        await using opened = await openWithManifests();
        const { database } = opened;
        const [free, fixed, other] = ['free', 'fixed', 'other'] as [Tag, Tag, Tag];
        await point(database, { tag: free, fixed: false });
        await point(database, { tag: fixed });
        await point(database, { tag: other, digest: SECOND });
        const deleted = await database.transaction((tx) =>
          deleteTagsOf(tx, FIRST, { repository: WEB, at: 5, by: 'janitor' }),
        );
        expect(deleted).toEqual([
          { tag: free, digest: FIRST },
          { tag: fixed, digest: FIRST },
        ]);
        expect(await listTags(database, WEB, '', 100)).toEqual([other]);
        expect(await findTag(database, WEB, fixed)).toMatchObject({ digest: null, deletedAt: 5, deletedBy: 'janitor' });
      });
    });

    describe('charts', () => {
      test('an inspection is found by the digests of config and content, in whatever repository it was made', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          await push(tx, manifest(FIRST));
          await insertChart(tx, chart(FIRST));
        });
        expect(await findInspection(database, SECOND, THIRD)).toEqual({
          name: 'web',
          version: '1.0.0',
          metadata: '{"name":"web"}',
          findings: '[]',
        });
        expect(await findInspection(database, THIRD, SECOND)).toBeUndefined();
      });

      test('inserting again changes nothing, and a repository holds the chart while a version of it is published', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          await push(tx, manifest(FIRST));
          await insertChart(tx, chart(FIRST));
          await insertChart(tx, { ...chart(FIRST), version: '2.0.0' });
        });
        expect((await findInspection(database, SECOND, THIRD))?.version).toBe('1.0.0');
        expect(await holdsChart(database, WEB, 'web')).toBe(false);
        await point(database, {});
        expect(await holdsChart(database, WEB, 'web')).toBe(true);
        expect(await holdsChart(database, WEB, 'other')).toBe(false);
        expect(await holdsChart(database, OTHER, 'web')).toBe(false);
        await database.transaction((tx) => deleteTag(tx, V1, { repository: WEB, at: 2, by: 'janitor' }));
        expect(await holdsChart(database, WEB, 'web')).toBe(false);
        await database.transaction((tx) => deleteManifest(tx, WEB, FIRST));
        expect(await holdsChart(database, WEB, 'web')).toBe(false);
      });

      test('a chart belongs to a manifest', async () => {
        await using opened = await open();
        await expect(opened.database.transaction((tx) => insertChart(tx, chart(FIRST)))).rejects.toThrow(
          ConstraintViolation,
        );
      });
    });

    describe('users', () => {
      const user = { name: 'ci', passwordHash: 'hash', administrator: false };

      test('a name is given once', async () => {
        await using opened = await open();
        const { database } = opened;
        expect(await hasUsers(database)).toBe(false);
        const inserted = await database.transaction(async (tx) => [
          await insertUser(tx, user, 1),
          await insertUser(tx, { ...user, passwordHash: 'other', administrator: true }, 2),
        ]);
        expect(inserted).toEqual([true, false]);
        expect(await hasUsers(database)).toBe(true);
        expect(await findUser(database, 'ci')).toEqual({
          name: 'ci',
          passwordHash: 'hash',
          administrator: 0,
        });
        expect(await findUser(database, 'CI')).toBeUndefined();
      });

      test('they are listed in byte order', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          for (const name of ['b', 'a_b', 'a.b', 'a']) await insertUser(tx, { ...user, name, administrator: true }, 1);
        });
        const users = await listUsers(database);
        expect(users.map(({ name }) => name)).toEqual(['a', 'a.b', 'a_b', 'b']);
        expect(users[0]?.administrator).toBe(1);
      });

      test('a new password is that of the one user', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          await insertUser(tx, user, 1);
          await insertUser(tx, { ...user, name: 'other' }, 1);
        });
        const updated = await database.transaction(async (tx) => [
          await updatePassword(tx, 'ci', 'new', 2),
          await updatePassword(tx, 'nobody', 'new', 2),
        ]);
        expect(updated).toEqual([true, false]);
        expect(await findUser(database, 'ci')).toMatchObject({ passwordHash: 'new' });
        expect(await findUser(database, 'other')).toMatchObject({ passwordHash: 'hash' });
      });

      test('deleting says whether there was one', async () => {
        await using opened = await open();
        const { database } = opened;
        const deleted = await database.transaction(async (tx) => {
          await insertUser(tx, user, 1);
          return [await deleteUser(tx, 'ci'), await deleteUser(tx, 'ci')];
        });
        expect(deleted).toEqual([true, false]);
        expect(await listUsers(database)).toEqual([]);
      });
    });

    describe('grants and namespaces', () => {
      const grants = [
        { user: 'a', namespace: '', role: 'reader' },
        { user: 'a', namespace: 'team', role: 'writer' },
        { user: 'b', namespace: 'team', role: 'maintainer' },
      ];
      const openWithGrants = async () => {
        const opened = await open();
        await opened.database.transaction(async (tx) => {
          for (const grant of grants.toReversed()) await putGrant(tx, grant, 1);
        });
        return opened;
      };

      test('grants are listed in byte order, of all users or of one', async () => {
        await using opened = await openWithGrants();
        expect(await listGrants(opened.database)).toEqual(grants);
        expect(await listGrants(opened.database, 'a')).toEqual(grants.slice(0, 2));
        expect(await listGrants(opened.database, 'nobody')).toEqual([]);
      });

      test('a user has one role at a place: a later one takes its place', async () => {
        await using opened = await openWithGrants();
        await opened.database.transaction((tx) => putGrant(tx, { user: 'a', namespace: 'team', role: 'reader' }, 2));
        expect(await listGrants(opened.database, 'a')).toEqual([grants[0], { ...grants[1], role: 'reader' }]);
      });

      test('a grant is taken away once, or all of a user at once', async () => {
        await using opened = await openWithGrants();
        const { database } = opened;
        const deleted = await database.transaction(async (tx) => [
          await deleteGrant(tx, 'b', 'team'),
          await deleteGrant(tx, 'b', 'team'),
          await deleteGrant(tx, 'b', ''),
        ]);
        expect(deleted).toEqual([true, false, false]);
        expect(await listGrants(database)).toEqual(grants.slice(0, 2));
        await database.transaction((tx) => deleteGrantsOf(tx, 'a'));
        expect(await listGrants(database)).toEqual([]);
      });

      test('a path has one visibility, and only paths that were asked for are found', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          await putNamespace(tx, { path: 'team', visibility: 'public' }, 1);
          await putNamespace(tx, { path: '', visibility: 'private' }, 1);
          await putNamespace(tx, { path: 'team/web', visibility: 'public' }, 1);
          await putNamespace(tx, { path: 'team/web', visibility: 'private' }, 2);
        });
        expect(await listNamespaces(database)).toEqual([
          { path: '', visibility: 'private' },
          { path: 'team', visibility: 'public' },
          { path: 'team/web', visibility: 'private' },
        ]);
        const found = await findNamespaces(database, ['', 'team', 'team/other']);
        expect(found.map(({ path }) => path).toSorted()).toEqual(['', 'team']);
      });
    });

    describe('events', () => {
      test('an event is stored as it was, with numbers that only grow', async () => {
        await using opened = await open();
        const { database } = opened;
        const event = { at: 1_790_000_000_000, kind: 'tag.set', actor: 'ci', repository: WEB, tag: V1, digest: FIRST };
        await database.transaction(async (tx) => {
          await insertEvent(tx, { ...event, detail: { name: 'ä' } });
          await insertEvent(tx, { ...event, tag: undefined, digest: undefined, detail: {} });
        });
        const rows = await database.query<{ id: number }>('select * from events order by id');
        expect(rows).toEqual([
          { id: 1, ...event, detail: '{"name":"ä"}' },
          { id: 2, ...event, tag: null, digest: null, detail: '{}' },
        ]);
        // A feed must never give a number again that somebody has seen.
        await database.transaction(async (tx) => {
          await tx.query('delete from events');
          await insertEvent(tx, { ...event, detail: {} });
        });
        expect(await database.query('select id from events')).toEqual([{ id: 3 }]);
      });
    });
  });
}

type Change = Partial<TagWrite>;

/** What a second push to a tag leaves; undefined when it is refused. */
interface Case {
  readonly case: string;
  readonly first?: Change;
  readonly later: Change;
  readonly expected: Partial<TagRow> | undefined;
}

function write(digest: Digest, change: Change = {}): TagWrite {
  return {
    repository: WEB,
    tag: V1,
    digest,
    fixed: true,
    identity: 'one',
    provenance: '',
    pushId: 'first push',
    pushedAt: 1,
    pushedBy: 'first',
    republishDeleted: false,
    ...change,
  };
}

async function point(database: Database, change: Change): Promise<TagRow | undefined> {
  return await database.transaction((tx) => pointTag(tx, write(FIRST, change)));
}

function manifest(digest: Digest, change: Partial<NewManifest> = {}): NewManifest {
  return {
    repository: WEB,
    digest,
    mediaType: 'text/manifest',
    content: Buffer.from('{}'),
    artifactType: 'text/type',
    subject: undefined,
    annotations: {},
    blobs: [],
    children: [],
    pushedAt: 1,
    pushedBy: 'ci',
    ...change,
  };
}

async function push(tx: Transaction, pushed: NewManifest): Promise<boolean> {
  await createRepository(tx, pushed.repository, 1);
  return await insertManifest(tx, pushed);
}

function chart(digest: Digest): ChartRow {
  return {
    repository: WEB,
    digest,
    name: 'web',
    version: '1.0.0',
    metadata: '{"name":"web"}',
    findings: '[]',
    configDigest: SECOND,
    contentDigest: THIRD,
    provenanceDigest: undefined,
  };
}

/** Follows a listing to its end, each page beginning behind the last item of the one before. */
async function pages<Item extends string>(
  list: (last: string) => Promise<readonly Item[]>,
): Promise<(readonly Item[])[]> {
  const all: (readonly Item[])[] = [];
  for (let page = await list(''); page.length > 0; page = await list(page.at(-1) ?? '')) all.push(page);
  return all;
}
