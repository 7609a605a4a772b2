// Rows that must agree, walked by whoever verifies that they do: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import type { Tag } from '../../../src/oci/tag.ts';
import {
  listManifestsToVerify,
  listTagsOfManifest,
  listTagsToVerify,
  listVersionsToVerify,
  readManifestRows,
} from '../../../src/tables/agreement.ts';
import { linkBlob } from '../../../src/tables/blobs.ts';
import { putChartVersion } from '../../../src/tables/chart-versions.ts';
import { insertChart } from '../../../src/tables/charts.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { chart, FIRST, manifest, OTHER, pagesOf, point, push, SECOND, THIRD, V1, WEB } from './rows.ts';
import { versionOf } from './version-rows.ts';

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    test('manifests are walked with their bytes, in pages, over all repositories', async () => {
      await using opened = await openMigrated(kind);
      const { database } = opened;
      await database.transaction(async (tx) => {
        await push(tx, manifest(SECOND, { content: Buffer.from('second') }));
        await push(tx, manifest(FIRST));
        await push(tx, manifest(THIRD, { repository: OTHER }));
      });
      type Row = Awaited<ReturnType<typeof listManifestsToVerify>>[number];
      const walked = await pagesOf<Row>((last) => listManifestsToVerify(database, last, 2));
      expect(walked.map((page) => page.map(({ repository, digest }) => `${repository} ${digest}`))).toEqual([
        [`${OTHER} ${THIRD}`, `${WEB} ${FIRST}`],
        [`${WEB} ${SECOND}`],
      ]);
      expect(walked[1]?.[0]).toEqual({
        repository: WEB,
        digest: SECOND,
        mediaType: 'text/manifest',
        content: Buffer.from('second'),
      });
    });

    test('what the tables say of a manifest: its blobs, its children, its chart', async () => {
      await using opened = await openMigrated(kind);
      const { database } = opened;
      await database.transaction(async (tx) => {
        await linkBlob(tx, { repository: WEB, digest: SECOND, size: 5, now: 1 });
        await push(tx, manifest(FIRST, { blobs: [SECOND], children: [THIRD] }));
        await push(tx, manifest(SECOND));
        await insertChart(tx, chart(FIRST));
      });
      expect(await readManifestRows(database, WEB, FIRST)).toEqual({
        blobs: [SECOND],
        children: [THIRD],
        chart: { configDigest: SECOND, contentDigest: THIRD, provenanceDigest: null },
      });
      expect(await readManifestRows(database, WEB, SECOND)).toEqual({ blobs: [], children: [], chart: undefined });
    });

    test('tags are walked with the manifests that they lead to, and found by them', async () => {
      await using opened = await openMigrated(kind);
      const { database } = opened;
      await database.transaction((tx) => push(tx, manifest(FIRST)));
      await point(database, { digest: FIRST });
      await point(database, { digest: FIRST, tag: '2.0.0' as Tag });
      type Row = Awaited<ReturnType<typeof listTagsToVerify>>[number];
      const row = (tag: string) => ({ repository: WEB, tag, digest: FIRST, manifest: FIRST });
      expect(await pagesOf<Row>((last) => listTagsToVerify(database, last, 1))).toEqual([
        [row('1.0.0')],
        [row('2.0.0')],
      ]);
      expect(await listTagsOfManifest(database, WEB, FIRST, 10)).toEqual(['1.0.0', '2.0.0']);
      expect(await listTagsOfManifest(database, WEB, FIRST, 1)).toEqual(['1.0.0']);
      expect(await listTagsOfManifest(database, OTHER, FIRST, 10)).toEqual([]);
    });

    test('versions are walked with what their tags and their charts say', async () => {
      await using opened = await openMigrated(kind);
      const { database } = opened;
      await database.transaction(async (tx) => {
        await push(tx, manifest(FIRST));
        await insertChart(tx, chart(FIRST));
        await putChartVersion(tx, versionOf(WEB, '1.0.0', { digest: FIRST, contentDigest: SECOND }), 1);
        await putChartVersion(tx, versionOf(WEB, '2.0.0', { digest: THIRD }), 1);
      });
      await point(database, { digest: FIRST });
      type Row = Awaited<ReturnType<typeof listVersionsToVerify>>[number];
      expect((await pagesOf<Row>((last) => listVersionsToVerify(database, last, 1))).flat()).toMatchObject([
        { repository: WEB, tag: V1, digest: FIRST, tagDigest: FIRST, contentDigest: SECOND, chartContentDigest: THIRD },
        { tag: '2.0.0', digest: THIRD, tagDigest: null, chartContentDigest: null },
      ]);
    });
  });
}
