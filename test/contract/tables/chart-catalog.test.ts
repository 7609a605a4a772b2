// Published versions as whoever looks for charts reads them: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import type { RepositoryName } from '../../../src/oci/repository-name.ts';
import type { Database } from '../../../src/ports/database.ts';
import {
  findNewestVersion,
  findVersion,
  findVersionByFileName,
  listChartRepositories,
  listChartsWithoutVersion,
  listVersions,
  type UnenteredChart,
  type VersionRow,
} from '../../../src/tables/chart-catalog.ts';
import { applyNotices, withdrawChartVersion } from '../../../src/tables/chart-versions.ts';
import { pointFloatingTags } from '../../../src/tables/floating-tags.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { OTHER, pages, pagesOf, V1, WEB } from './rows.ts';
import { digestsOf, notice, publish, tagOf, versionOf } from './version-rows.ts';

afterAll(stopDatabases);

async function yank(database: Database, repository: RepositoryName, version: string): Promise<void> {
  await notice(database, repository, tagOf(version), 'yanked');
  await database.transaction((tx) => applyNotices(tx, repository, tagOf(version), 90));
}

async function remove(database: Database, repository: RepositoryName, version: string): Promise<void> {
  await database.transaction((tx) => withdrawChartVersion(tx, repository, tagOf(version), 91));
}

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    test('a version is found by its tag and by its file name, with the size of its archive', async () => {
      await using opened = await open();
      const { database } = opened;
      await publish(database, WEB, '1.2.0+b.7');
      const { digest, content } = digestsOf(WEB, '1.2.0+b.7');
      const expected: VersionRow = {
        ...{ repository: WEB, tag: tagOf('1.2.0+b.7'), namespace: 'team', name: 'web', version: '1.2.0+b.7' },
        ...{ fileName: 'web-1.2.0+b.7.tgz', digest, contentDigest: content, provenanceDigest: null },
        ...{ sortKey: versionOf(WEB, '1.2.0+b.7').sortKey, stable: 1, listed: 1, deprecated: 0 },
        ...{ publishedAt: 7, publishedBy: 'ci', metadata: '{"name":"web","version":"1.2.0+b.7"}', size: 1009 },
      };
      expect(await findVersion(database, WEB, tagOf('1.2.0+b.7'))).toEqual(expected);
      expect(await findVersionByFileName(database, 'team', 'web-1.2.0+b.7.tgz')).toEqual(expected);
      expect(await findVersion(database, OTHER, tagOf('1.2.0+b.7'))).toBeUndefined();
      expect(await findVersionByFileName(database, '', 'web-1.2.0+b.7.tgz')).toBeUndefined();
    });

    test('a yanked version is found, a deleted one is not', async () => {
      await using opened = await open();
      const { database } = opened;
      await publish(database, WEB, '1.0.0', '1.1.0');
      await yank(database, WEB, '1.0.0');
      await remove(database, WEB, '1.1.0');
      expect(await findVersion(database, WEB, V1)).toMatchObject({ listed: 0 });
      expect(await findVersionByFileName(database, 'team', 'web-1.0.0.tgz')).toMatchObject({ listed: 0 });
      expect(await findVersion(database, WEB, tagOf('1.1.0'))).toBeUndefined();
      expect(await findVersionByFileName(database, 'team', 'web-1.1.0.tgz')).toBeUndefined();
    });

    test('a version is deprecated by Chart.yaml, by its own notice, or by that of its chart', async () => {
      await using opened = await open();
      const { database } = opened;
      await publish(database, WEB, versionOf(WEB, '1.0.0', { deprecated: true }), '1.1.0', '1.2.0');
      await notice(database, WEB, tagOf('1.1.0'), 'deprecated');
      await notice(database, WEB, tagOf('1.2.0'), 'yanked');
      await publish(database, OTHER, '1.0.0');
      await notice(database, OTHER, '', 'deprecated');
      const isDeprecated = async (repository: RepositoryName, version: string) =>
        (await findVersion(database, repository, tagOf(version)))?.deprecated;
      expect([
        await isDeprecated(WEB, '1.0.0'),
        await isDeprecated(WEB, '1.1.0'),
        await isDeprecated(WEB, '1.2.0'),
        await isDeprecated(OTHER, '1.0.0'),
      ]).toEqual([1, 1, 0, 1]);
    });

    describe('versions of a chart', () => {
      const ORDER = ['2.0.0-rc.1', '1.10.0', '1.9.0', 'v1.2', '1.0.0+b', '1.0.0'];
      const openFilled = async () => {
        const opened = await open();
        const { database } = opened;
        await publish(database, WEB, ...ORDER.toSorted(), '0.9.0');
        await publish(database, OTHER, '3.0.0');
        await yank(database, WEB, '1.9.0');
        await remove(database, WEB, '0.9.0');
        return opened;
      };

      test.each([
        [false, ORDER],
        [true, ORDER.filter((version) => version !== '1.9.0')],
      ])('come newest first, in pages of every length; only listed ones: %s', async (onlyListed, expected) => {
        await using opened = await openFilled();
        for (const limit of [1, 2, 3, 6, 7]) {
          const listed = await pagesOf<VersionRow>((last) =>
            listVersions(opened.database, WEB, { before: last?.sortKey, limit, onlyListed }),
          );
          expect(listed.flat().map(({ version }) => version)).toEqual(expected);
        }
      });

      test('have a newest one, which is stable if there is any', async () => {
        await using opened = await openFilled();
        const { database } = opened;
        const newest = async () => (await findNewestVersion(database, WEB))?.version;
        const found = [await newest()];
        for (const version of ['1.10.0', '1.0.0+b', '1.0.0', '2.0.0-rc.1', 'v1.2']) {
          await yank(database, WEB, version);
          found.push(await newest());
        }
        expect(found).toEqual(['1.10.0', '1.0.0+b', '1.0.0', '2.0.0-rc.1', 'v1.2', undefined]);
      });
    });

    describe('repositories with charts', () => {
      test('are listed in byte order: all, or those right in one namespace', async () => {
        await using opened = await open();
        const { database } = opened;
        const names = ['team/web', 'team-x/web', 'team/a/web', 'team/b', 'web', 'team.y/web', 'team/gone', 'team'];
        for (const name of names as RepositoryName[]) await publish(database, name, '1.0.0', '1.1.0');
        await publish(database, 'team/yanked' as RepositoryName, '1.0.0');
        await yank(database, 'team/yanked' as RepositoryName, '1.0.0');
        await remove(database, 'team/gone' as RepositoryName, '1.0.0');
        await remove(database, 'team/gone' as RepositoryName, '1.1.0');
        const listed = async (namespace: string | undefined) =>
          (await pages((last) => listChartRepositories(database, namespace, last, 2))).flat();
        expect(await listed(undefined)).toEqual([
          ...['team', 'team-x/web', 'team.y/web', 'team/a/web', 'team/b', 'team/web', 'web'],
        ]);
        expect(await listed('team')).toEqual(['team/b', 'team/web']);
        expect(await listed('')).toEqual(['team', 'web']);
        expect(await listed('team/a')).toEqual(['team/a/web']);
        expect(await listed('nowhere')).toEqual([]);
      });
    });

    test('charts that an older version took are told, until they are entered', async () => {
      await using opened = await open();
      const { database } = opened;
      await publish(database, WEB, '1.0.0', '1.1.0', '1.2.0');
      await publish(database, OTHER, '1.0.0');
      await database.transaction(async (tx) => {
        await pointFloatingTags(tx, WEB, [['1' as never, digestsOf(WEB, '1.2.0').digest]], {
          pushId: 'x',
          at: 1,
          by: '',
        });
        // As a migration finds it.
        await tx.query(`delete from chart_versions where tag <> '1.1.0'`);
      });
      const listed = await pagesOf<UnenteredChart>((last) => listChartsWithoutVersion(database, last, 2));
      expect(listed.flat().map(({ repository, tag }) => `${repository}:${tag}`)).toEqual([
        ...['team/other:1.0.0', 'team/web:1.0.0', 'team/web:1.2.0'],
      ]);
      expect(listed[0]?.[1]).toEqual({
        ...{ repository: WEB, tag: '1.0.0', digest: digestsOf(WEB, '1.0.0').digest },
        ...{ contentDigest: digestsOf(WEB, '1.0.0').content, provenanceDigest: null },
        metadata: '{"name":"web","version":"1.0.0"}',
      });
    });
  });
}
