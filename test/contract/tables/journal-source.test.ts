// What a journal is made of, and what a database is made of again: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import type { Tag } from '../../../src/oci/tag.ts';
import { findBlobSize, linkBlob } from '../../../src/tables/blobs.ts';
import { insertChart } from '../../../src/tables/charts.ts';
import { insertEvent } from '../../../src/tables/events.ts';
import { pointFloatingTags } from '../../../src/tables/floating-tags.ts';
import {
  findEventMark,
  findManifestSource,
  findNewestEvent,
  findNoticeSource,
  findTagSource,
  listEventsAfter,
  listManifestSources,
  listNoticeSources,
  listTagSources,
  type ManifestSource,
  measureManifestSource,
  type TagSource,
} from '../../../src/tables/journal-source.ts';
import { type NoticeRow, putNotice } from '../../../src/tables/notices.ts';
import { putStoredBlob, putTag } from '../../../src/tables/rebuilt-rows.ts';
import { deleteTag, pointTag } from '../../../src/tables/tags.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { chart, FIRST, manifest, OTHER, pagesOf, push, SECOND, V1, WEB, write } from './rows.ts';

const EVENT = { actor: 'ann', actorKind: 'user', credential: '', clientAddress: '', userAgent: '', detail: '{}' };
const TAG: TagSource = {
  ...{ repository: WEB, tag: V1, digest: null, fixed: 1, identity: 'one', provenance: '', pushId: 'p' },
  ...{ pushedAt: 1, pushedBy: 'ann', deletedAt: 2, deletedBy: 'bob' },
};

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    test('events are followed in order from any one on, and known by number and time', async () => {
      await using opened = await open();
      const { database } = opened;
      expect(await findNewestEvent(database)).toBeUndefined();
      await database.transaction(async (tx) => {
        await insertEvent(tx, {
          ...EVENT,
          at: 5,
          kind: 'tag.set',
          outcome: 'allowed',
          repository: WEB,
          tag: V1,
          digest: FIRST,
        });
        await insertEvent(tx, {
          ...EVENT,
          at: 6,
          kind: 'user.added',
          outcome: 'allowed',
          repository: '',
          tag: null,
          digest: null,
        });
      });
      const all = await listEventsAfter(database, 0, 10);
      expect(all).toEqual([
        { id: 1, at: 5, kind: 'tag.set', repository: WEB, tag: V1, digest: FIRST },
        { id: 2, at: 6, kind: 'user.added', repository: '', tag: null, digest: null },
      ]);
      expect(await listEventsAfter(database, 0, 1)).toEqual(all.slice(0, 1));
      expect(await listEventsAfter(database, 1, 10)).toEqual(all.slice(1));
      expect(await findNewestEvent(database)).toEqual({ id: 2, at: 6 });
      expect([await findEventMark(database, 1), await findEventMark(database, 3)]).toEqual([
        { id: 1, at: 5 },
        undefined,
      ]);
    });

    test('a manifest is read with its exact bytes and the chart that it is, alone or page by page', async () => {
      await using opened = await open();
      const { database } = opened;
      await database.transaction(async (tx) => {
        await push(tx, manifest(FIRST));
        await push(tx, manifest(SECOND));
        await push(tx, manifest(FIRST, { repository: OTHER }));
        await insertChart(tx, chart(FIRST));
      });
      const found = await findManifestSource(database, WEB, FIRST);
      expect(found).toMatchObject({ repository: WEB, digest: FIRST, mediaType: 'text/manifest', pushedBy: 'ci' });
      expect(found).toMatchObject({
        name: 'web',
        version: '1.0.0',
        metadata: '{"name":"web"}',
        provenanceDigest: null,
      });
      expect(Buffer.from(found?.content ?? []).toString()).toBe('{}');
      expect(await findManifestSource(database, OTHER, FIRST)).toMatchObject({ name: null, findings: null });
      expect(await findManifestSource(database, OTHER, SECOND)).toBeUndefined();
      expect(await measureManifestSource(database, WEB, FIRST)).toBe('{}{"name":"web"}[]'.length);
      expect(await measureManifestSource(database, OTHER, FIRST)).toBe('{}'.length);
      expect(await measureManifestSource(database, OTHER, SECOND)).toBe(0);
      const all = (await pagesOf<ManifestSource>((last) => listManifestSources(database, last, 2))).flat();
      expect(all.map(({ repository, digest }) => [repository, digest])).toEqual([
        [OTHER, FIRST],
        [WEB, FIRST],
        [WEB, SECOND],
      ]);
    });

    test('tags are read with all that they remember, but for floating ones', async () => {
      await using opened = await open();
      const { database } = opened;
      await database.transaction(async (tx) => {
        await push(tx, manifest(FIRST));
        for (const tag of [V1, '2.0.0' as Tag]) await pointTag(tx, write(FIRST, { tag }));
        await deleteTag(tx, V1, { repository: WEB, at: 9, by: 'bob' });
        await pointFloatingTags(tx, WEB, [['2' as Tag, FIRST]], { pushId: 'p', at: 1, by: 'server' });
      });
      const deleted = await findTagSource(database, WEB, V1);
      expect(deleted).toMatchObject({
        tag: V1,
        digest: null,
        fixed: 1,
        identity: 'one',
        deletedAt: 9,
        deletedBy: 'bob',
      });
      expect(await findTagSource(database, WEB, '2' as Tag)).toBeUndefined();
      const all = (await pagesOf<TagSource>((last) => listTagSources(database, last, 1))).flat();
      expect(all.map(({ tag }) => tag)).toEqual([V1, '2.0.0']);
    });

    test('notices are read alone or page by page', async () => {
      await using opened = await open();
      const { database } = opened;
      const notice: NoticeRow = {
        ...{
          repository: WEB,
          tag: '',
          kind: 'deprecated',
          reason: 'old',
          replacement: 'new',
          notedAt: 1,
          notedBy: 'ann',
        },
      };
      const yanked: NoticeRow = { ...notice, tag: V1, kind: 'yanked' };
      await database.transaction(async (tx) => {
        for (const each of [notice, yanked]) await putNotice(tx, each);
      });
      expect(await findNoticeSource(database, WEB, '')).toEqual(notice);
      expect(await findNoticeSource(database, OTHER, '')).toBeUndefined();
      expect(await pagesOf<NoticeRow>((last) => listNoticeSources(database, last, 1))).toEqual([[notice], [yanked]]);
    });

    test('a tag is put back with all that it remembers', async () => {
      await using opened = await open();
      const { database } = opened;
      await database.transaction(async (tx) => {
        await push(tx, manifest(FIRST));
        await putTag(tx, TAG);
        await putTag(tx, { ...TAG, tag: 'latest' as Tag, digest: FIRST, fixed: 0, deletedAt: null, deletedBy: null });
      });
      expect(await findTagSource(database, WEB, V1)).toEqual(TAG);
      expect(await findTagSource(database, WEB, 'latest' as Tag)).toMatchObject({ digest: FIRST, fixed: 0 });
    });

    test('a blob is put back once, sound or damaged', async () => {
      await using opened = await open();
      const { database } = opened;
      await database.transaction(async (tx) => {
        await putStoredBlob(tx, { digest: FIRST, size: 5, createdAt: 1, damagedAt: null });
        await putStoredBlob(tx, { digest: FIRST, size: 6, createdAt: 2, damagedAt: 2 });
        await putStoredBlob(tx, { digest: SECOND, size: 7, createdAt: 3, damagedAt: 3 });
        await linkBlob(tx, { repository: WEB, digest: FIRST, size: 5, now: 4 });
      });
      expect(await findBlobSize(database, WEB, FIRST)).toBe(5);
      const damaged = 'select digest, damaged_at as "at" from blobs where damaged_at is not null';
      expect(await database.query(damaged)).toEqual([{ digest: SECOND, at: 3 }]);
    });
  });
}
