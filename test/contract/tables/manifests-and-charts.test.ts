// Manifests, their referrers and the charts found in them: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { ConstraintViolation } from '../../../src/ports/database.ts';
import { linkBlob } from '../../../src/tables/blobs.ts';
import { findInspection, holdsChart, insertChart } from '../../../src/tables/charts.ts';
import {
  countManifests,
  deleteManifest,
  findManifest,
  findManifestSize,
  isChartOrHasSubject,
  listChildren,
  listReferrers,
  measureReferrers,
} from '../../../src/tables/manifests.ts';
import { deleteTag, pointTag } from '../../../src/tables/tags.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { chart, FIRST, manifest, OTHER, point, push, SECOND, SIGNATURE, THIRD, V1, WEB, write } from './rows.ts';

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    describe('manifests', () => {
      test('a manifest comes back byte for byte, by digest and by tag, from its own repository only', async () => {
        await using opened = await open();
        const { database } = opened;
        const bytes = Buffer.from('{"ä":"\\u0000"}\n\0\xff', 'latin1');
        await database.transaction(async (tx) => {
          await push(tx, manifest(FIRST, { content: bytes, mediaType: 'text/x' }));
          await pointTag(tx, write(FIRST));
        });
        const stored = { digest: FIRST, mediaType: 'text/x', content: bytes, noticed: 0 };
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

      test('manifests are counted in one repository, and no further than asked', async () => {
        await using opened = await open();
        const counts = await opened.database.transaction(async (tx) => {
          for (const digest of [FIRST, SECOND, THIRD]) await push(tx, manifest(digest));
          return [
            await countManifests(tx, WEB, 9),
            await countManifests(tx, WEB, 2),
            await countManifests(tx, OTHER, 9),
          ];
        });
        expect(counts).toEqual([3, 2, 0]);
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

      test('it is known what is a chart or has a subject, and what an index lists', async () => {
        await using opened = await open();
        const { database } = opened;
        const [plain, index, referrer] = ['plain', 'index', 'referrer'].map((text) => digestOf(Buffer.from(text))) as [
          Digest,
          Digest,
          Digest,
        ];
        await database.transaction(async (tx) => {
          for (const digest of [FIRST, plain]) await push(tx, manifest(digest));
          await insertChart(tx, chart(FIRST));
          await push(tx, manifest(index, { children: [plain, FIRST] }));
          await push(tx, manifest(referrer, { subject: SECOND }));
        });
        const digests = [FIRST, plain, index, referrer];
        const found = await Promise.all(digests.map((digest) => isChartOrHasSubject(database, WEB, digest)));
        expect(found).toEqual([true, false, false, true]);
        expect(await isChartOrHasSubject(database, OTHER, FIRST)).toBe(false);
        expect(await listChildren(database, WEB, index)).toEqual([plain, FIRST].toSorted());
        expect(await listChildren(database, WEB, FIRST)).toEqual([]);
        expect(await listChildren(database, OTHER, index)).toEqual([]);
      });

      test('a chart belongs to a manifest', async () => {
        await using opened = await open();
        await expect(opened.database.transaction((tx) => insertChart(tx, chart(FIRST)))).rejects.toThrow(
          ConstraintViolation,
        );
      });
    });
  });
}
