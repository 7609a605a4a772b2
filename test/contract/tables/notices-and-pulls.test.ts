// Notices, dependencies, pulls and descriptions of published versions: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import type { RepositoryName } from '../../../src/oci/repository-name.ts';
import type { Tag } from '../../../src/oci/tag.ts';
import { ConstraintViolation, type Database } from '../../../src/ports/database.ts';
import { type DependentRow, listDependents, putDependencies } from '../../../src/tables/chart-dependencies.ts';
import { withdrawChartVersion } from '../../../src/tables/chart-versions.ts';
import { findDescription, forgetDescription, putDescription } from '../../../src/tables/contents.ts';
import { deleteNotice, type NoticeRow, putNotice } from '../../../src/tables/notices.ts';
import { addPulls, listPullDays } from '../../../src/tables/pulls.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { FIRST, OTHER, pagesOf, SECOND, V1, WEB } from './rows.ts';
import { digestsOf, publish, tagOf } from './version-rows.ts';

const NOTICE: NoticeRow = {
  ...{ repository: WEB, tag: V1, kind: 'yanked', reason: 'loses data', replacement: '1.0.1' },
  ...{ notedAt: 5, notedBy: 'ann' },
};

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    describe('a notice', () => {
      const notices = async (database: Database) =>
        await database.query(
          'select repository, tag, kind, reason, noted_at as at from notices order by repository, tag',
        );

      test('takes the place of the one that was there, and of no other', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          await putNotice(tx, { ...NOTICE, tag: '', kind: 'deprecated' });
          await putNotice(tx, NOTICE);
          await putNotice(tx, { ...NOTICE, repository: OTHER });
          await putNotice(tx, {
            ...NOTICE,
            kind: 'deprecated',
            reason: 'old',
            replacement: '',
            notedAt: 6,
            notedBy: 'bob',
          });
        });
        expect(await notices(database)).toEqual([
          { repository: OTHER, tag: '1.0.0', kind: 'yanked', reason: 'loses data', at: 5 },
          { repository: WEB, tag: '', kind: 'deprecated', reason: 'loses data', at: 5 },
          { repository: WEB, tag: '1.0.0', kind: 'deprecated', reason: 'old', at: 6 },
        ]);
      });

      test('is taken away once, and says what it was', async () => {
        await using opened = await open();
        const { database } = opened;
        const chart: NoticeRow = { ...NOTICE, tag: '', kind: 'deprecated' };
        const taken = await database.transaction(async (tx) => {
          await putNotice(tx, NOTICE);
          await putNotice(tx, chart);
          return [
            await deleteNotice(tx, WEB, V1),
            await deleteNotice(tx, WEB, V1),
            await deleteNotice(tx, OTHER, ''),
            await deleteNotice(tx, WEB, ''),
          ];
        });
        expect(taken).toEqual([NOTICE, undefined, undefined, chart]);
        expect(await notices(database)).toEqual([]);
      });

      test('is of a known kind', async () => {
        await using opened = await open();
        const putting = opened.database.transaction((tx) => putNotice(tx, { ...NOTICE, kind: 'burned' as 'yanked' }));
        await expect(putting).rejects.toThrow(ConstraintViolation);
      });
    });

    describe('dependencies', () => {
      const common = (versionRange: string) => ({ name: 'common', versionRange, location: 'oci://host/library' });
      const put = (
        database: Database,
        repository: RepositoryName,
        version: string,
        ...rows: ReturnType<typeof common>[]
      ) => database.transaction((tx) => putDependencies(tx, repository, tagOf(version), rows));

      test('take the place of those that were there, the same name more than once', async () => {
        await using opened = await open();
        const { database } = opened;
        await publish(database, WEB, '1.0.0');
        await put(database, WEB, '1.0.0', common('1.x'), { ...common('*'), name: 'redis' }, common('2.x'));
        await put(database, WEB, '1.0.0', common('3.x'), common('4.x'));
        expect(await listDependents(database, 'common', { repository: '', tag: '' }, 10)).toEqual(
          ['3.x', '4.x'].map((versionRange) => ({
            ...{ repository: WEB, tag: V1, name: 'common', versionRange, location: 'oci://host/library' },
            ...{ version: '1.0.0', sortKey: expect.any(String) },
          })),
        );
        expect(await listDependents(database, 'redis', { repository: '', tag: '' }, 10)).toEqual([]);
        await put(database, WEB, '1.0.0');
        expect(await listDependents(database, 'common', { repository: '', tag: '' }, 10)).toEqual([]);
      });

      test('are told of listed versions, in pages', async () => {
        await using opened = await open();
        const { database } = opened;
        await publish(database, WEB, '1.0.0', '1.1.0', '1.2.0');
        await publish(database, OTHER, '1.0.0');
        for (const version of ['1.0.0', '1.1.0', '1.2.0']) await put(database, WEB, version, common('1.x'));
        await put(database, OTHER, '1.0.0', common('1.x'));
        await database.transaction((tx) => withdrawChartVersion(tx, WEB, tagOf('1.1.0'), 50));
        const found = await pagesOf<DependentRow>((last) =>
          listDependents(database, 'common', last ?? { repository: '', tag: '' }, 2),
        );
        expect(found.map((page) => page.map(({ repository, tag }) => `${repository}:${tag}`))).toEqual([
          ['team/other:1.0.0', 'team/web:1.0.0'],
          ['team/web:1.2.0'],
        ]);
      });

      test('are those of a version that is there', async () => {
        await using opened = await open();
        await expect(put(opened.database, WEB, '1.0.0', common('1.x'))).rejects.toThrow(ConstraintViolation);
      });
    });

    describe('pulls', () => {
      const pull = (database: Database, version: string, day: number, count: number, repository = WEB) =>
        database.transaction((tx) =>
          addPulls(tx, { repository, contentDigest: digestsOf(repository, version).content, day, count }),
        );
      const openPulled = async () => {
        const opened = await open();
        const { database } = opened;
        await publish(database, WEB, '1.0.0', '1.1.0');
        await publish(database, OTHER, '1.0.0');
        await pull(database, '1.0.0', 20_000, 3);
        await pull(database, '1.0.0', 20_000, 2);
        await pull(database, '1.0.0', 20_002, 1);
        await pull(database, '1.1.0', 20_002, 7);
        await pull(database, '1.0.0', 20_001, 9, OTHER);
        return opened;
      };

      test('add up by version and day', async () => {
        await using opened = await openPulled();
        const { database } = opened;
        const days = (tag: Tag | '', from = 0, to = 99_999) => listPullDays(database, WEB, tag, { from, to });
        expect(await days(V1)).toEqual([
          { day: 20_000, pulls: 5 },
          { day: 20_002, pulls: 1 },
        ]);
        expect(await days('')).toEqual([
          { day: 20_000, pulls: 5 },
          { day: 20_002, pulls: 8 },
        ]);
        expect(await days('', 20_001, 20_002)).toEqual([{ day: 20_002, pulls: 8 }]);
        expect(await days('', 20_000, 20_001)).toEqual([{ day: 20_000, pulls: 5 }]);
        expect(await days(tagOf('9.9.9'))).toEqual([]);
      });

      test('count what is, or was, the archive of a version, and nothing else', async () => {
        await using opened = await openPulled();
        const { database } = opened;
        await database.transaction(async (tx) => {
          await withdrawChartVersion(tx, WEB, V1, 50);
          await addPulls(tx, { repository: WEB, contentDigest: FIRST, day: 20_005, count: 4 });
        });
        await pull(database, '1.0.0', 20_005, 1);
        await pull(database, '1.0.0', 20_005, 1, 'team/none' as RepositoryName);
        expect(await database.query('select repository, tag, pulls from pulls where day = 20005')).toEqual([
          { repository: WEB, tag: V1, pulls: 1 },
        ]);
      });
    });

    test('what was found in an archive is kept for the inspection that found it', async () => {
      await using opened = await open();
      const { database } = opened;
      const put = (digest: typeof FIRST, revision: number, description: string, at: number) =>
        database.transaction((tx) => putDescription(tx, digest, { revision, description, at }));
      await put(FIRST, 1, '{"readme":"one"}', 1);
      await put(SECOND, 1, '{"readme":"two"}', 1);
      expect(await findDescription(database, FIRST, 1)).toBe('{"readme":"one"}');
      expect(await findDescription(database, FIRST, 2)).toBeUndefined();
      await put(FIRST, 2, '{"readme":"better"}', 2);
      expect([
        await findDescription(database, FIRST, 1),
        await findDescription(database, FIRST, 2),
        await findDescription(database, SECOND, 1),
      ]).toEqual([undefined, '{"readme":"better"}', '{"readme":"two"}']);
      await database.transaction((tx) => forgetDescription(tx, FIRST));
      expect(await findDescription(database, FIRST, 2)).toBeUndefined();
      expect(await findDescription(database, SECOND, 1)).toBe('{"readme":"two"}');
    });
  });
}
