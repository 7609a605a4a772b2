// Published versions as pushes, deletions and notices change them: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import { sortPrefixOf } from '../../../src/charts/version-order.ts';
import type { RepositoryName } from '../../../src/oci/repository-name.ts';
import { ConstraintViolation } from '../../../src/ports/database.ts';
import { findVersion } from '../../../src/tables/chart-catalog.ts';
import {
  applyNotices,
  findFileNameOwner,
  findNewestStable,
  hasVersions,
  listStableVersions,
  putChartVersion,
  withdrawChartVersion,
} from '../../../src/tables/chart-versions.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { OTHER, pagesOf, SIGNATURE, THIRD, V1, WEB } from './rows.ts';
import { digestsOf, notice, publish, tagOf, versionOf } from './version-rows.ts';

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    describe('a version', () => {
      test('is written down as it was published', async () => {
        await using opened = await open();
        const { database } = opened;
        const published = versionOf(WEB, '1.2.0+b.7', { deprecated: true, provenanceDigest: SIGNATURE });
        const revision = await publish(database, WEB, published);
        const [row] = await database.query('select * from chart_versions');
        expect(row).toEqual({
          ...{ repository: WEB, tag: '1.2.0_b.7', namespace: 'team', name: 'web', version: '1.2.0+b.7' },
          ...{ file_name: 'web-1.2.0+b.7.tgz', digest: published.digest, content_digest: published.contentDigest },
          ...{ provenance_digest: SIGNATURE, sort_key: published.sortKey, stable: 1, listed: 1, deprecated: 1 },
          ...{ published_at: 7, published_by: 'ci', revision },
        });
      });

      test('that is published again takes the place of what was there', async () => {
        await using opened = await open();
        const { database } = opened;
        await publish(database, WEB, '1.0.0');
        const changed = versionOf(WEB, '1.0.0', {
          ...{ contentDigest: THIRD, provenanceDigest: SIGNATURE, deprecated: true },
          ...{ publishedAt: 9, publishedBy: 'ann' },
        });
        await database.transaction((tx) => putChartVersion(tx, changed, 50));
        expect(await database.query('select * from chart_versions')).toEqual([
          expect.objectContaining({
            ...{ content_digest: THIRD, provenance_digest: SIGNATURE, deprecated: 1, listed: 1 },
            ...{ published_at: 9, published_by: 'ann', revision: 50 },
          }),
        ]);
      });

      test('says when it comes back yanked', async () => {
        await using opened = await open();
        const { database } = opened;
        const put = (version: string) => database.transaction((tx) => putChartVersion(tx, versionOf(WEB, version), 50));
        await publish(database, WEB, '1.0.0', '1.1.0');
        await notice(database, WEB, V1, 'yanked');
        await notice(database, WEB, tagOf('1.1.0'), 'deprecated');
        await notice(database, WEB, '', 'deprecated');
        expect([await put('1.0.0'), await put('1.1.0')]).toEqual([{ isListed: false }, { isListed: true }]);
        expect(await database.query('select tag, listed from chart_versions order by tag')).toEqual([
          { tag: '1.0.0', listed: 0 },
          { tag: '1.1.0', listed: 1 },
        ]);
      });

      test('is taken back once, and keeps its row', async () => {
        await using opened = await open();
        const { database } = opened;
        await publish(database, WEB, '1.0.0', '1.1.0');
        const withdraw = (repository: RepositoryName, tag: string, revision: number) =>
          database.transaction((tx) => withdrawChartVersion(tx, repository, tagOf(tag), revision));
        expect([
          await withdraw(WEB, '1.0.0', 50),
          await withdraw(WEB, '1.0.0', 51),
          await withdraw(WEB, 'latest', 52),
          await withdraw(OTHER, '1.1.0', 53),
        ]).toEqual([true, false, false, false]);
        expect(await database.query('select tag, digest, listed, revision from chart_versions order by tag')).toEqual([
          { tag: '1.0.0', digest: null, listed: 0, revision: 50 },
          { tag: '1.1.0', digest: digestsOf(WEB, '1.1.0').digest, listed: 1, revision: expect.any(Number) },
        ]);
        expect(await findVersion(database, WEB, V1)).toBeUndefined();
      });

      test('of a repository that is not there cannot be', async () => {
        await using opened = await open();
        const putting = opened.database.transaction((tx) => putChartVersion(tx, versionOf(WEB, '1.0.0'), 2));
        await expect(putting).rejects.toThrow(ConstraintViolation);
      });

      test('is known of a repository also when it was deleted', async () => {
        await using opened = await open();
        const { database } = opened;
        await publish(database, WEB, '1.0.0');
        await database.transaction((tx) => withdrawChartVersion(tx, WEB, V1, 50));
        expect([await hasVersions(database, WEB), await hasVersions(database, OTHER)]).toEqual([true, false]);
      });
    });

    describe('a file name', () => {
      const LONG = 'team/web-1.0.0' as RepositoryName;

      test('is of one chart in a namespace, and of others elsewhere', async () => {
        await using opened = await open();
        const { database } = opened;
        await publish(database, WEB, '1.0.0-2.0.0');
        await expect(publish(database, LONG, '2.0.0')).rejects.toThrow(ConstraintViolation);
        await publish(database, 'web-1.0.0' as RepositoryName, '2.0.0');
        await publish(database, 'team/a/web-1.0.0' as RepositoryName, '2.0.0');
      });

      test('tells whose it is, also when that version was deleted', async () => {
        await using opened = await open();
        const { database } = opened;
        await publish(database, WEB, '1.0.0-2.0.0');
        const owner = (namespace: string, repository: RepositoryName) =>
          findFileNameOwner(database, namespace, 'web-1.0.0-2.0.0.tgz', repository);
        const found = { repository: WEB, name: 'web', version: '1.0.0-2.0.0' };
        expect(await owner('team', LONG)).toEqual({ ...found, digest: digestsOf(WEB, '1.0.0-2.0.0').digest });
        expect([await owner('team', WEB), await owner('', LONG), await owner('team/web', LONG)]).toEqual([
          undefined,
          undefined,
          undefined,
        ]);
        await database.transaction((tx) => withdrawChartVersion(tx, WEB, tagOf('1.0.0-2.0.0'), 50));
        expect(await owner('team', LONG)).toEqual({ ...found, digest: null });
      });
    });

    describe('notices', () => {
      const apply = async (tag: string) => {
        const opened = await open();
        const { database } = opened;
        await publish(database, WEB, '1.0.0', '1.1.0', '1.2.0', '1.3.0');
        await publish(database, OTHER, '1.0.0');
        await notice(database, WEB, V1, 'yanked');
        await notice(database, WEB, tagOf('1.1.0'), 'deprecated');
        await notice(database, WEB, tagOf('1.3.0'), 'yanked');
        await notice(database, OTHER, V1, 'yanked');
        await database.transaction((tx) => withdrawChartVersion(tx, WEB, tagOf('1.3.0'), 50));
        const applied = await database.transaction((tx) => applyNotices(tx, WEB, tagOf(tag), 60));
        return { opened, applied: applied.toSorted((one, other) => (one.tag < other.tag ? -1 : 1)) };
      };

      test('take the yanked version out of lists, and touch no other one', async () => {
        const { opened, applied } = await apply('1.0.0');
        await using database = opened;
        expect(applied).toEqual([{ tag: '1.0.0', listed: 0 }]);
        const touched = 'select repository, tag, listed from chart_versions where revision = 60';
        expect(await database.database.query(touched)).toEqual([{ repository: WEB, tag: '1.0.0', listed: 0 }]);
        expect(await opened.database.query('select listed from chart_versions where repository = $1', [OTHER])).toEqual(
          [{ listed: 1 }],
        );
      });

      test('let a deprecated version stay in lists', async () => {
        const { opened, applied } = await apply('1.1.0');
        await using _ = opened;
        expect(applied).toEqual([{ tag: '1.1.0', listed: 1 }]);
      });

      test('of the whole chart concern every version that is there', async () => {
        const { opened, applied } = await apply('');
        await using _ = opened;
        expect(applied).toEqual([
          { tag: '1.0.0', listed: 0 },
          { tag: '1.1.0', listed: 1 },
          { tag: '1.2.0', listed: 1 },
        ]);
      });

      test('find nothing where the version was deleted, or never was', async () => {
        for (const tag of ['1.3.0', '9.9.9']) {
          const { opened, applied } = await apply(tag);
          await using _ = opened;
          expect(applied).toEqual([]);
        }
      });
    });

    describe('the newest stable version of a line', () => {
      const newest = async (database: Parameters<typeof findNewestStable>[0], ...numbers: readonly bigint[]) => {
        const prefix = sortPrefixOf(...numbers);
        return (await findNewestStable(database, WEB, { prefix, end: `${prefix}~~` }))?.tag;
      };

      test('is neither a pre-release, nor lenient, nor yanked, nor deleted, nor of another line or repository', async () => {
        await using opened = await open();
        const { database } = opened;
        await publish(
          database,
          WEB,
          '1.2.9',
          '1.2.10',
          '1.2.11-rc.1',
          'v1.2.12',
          '1.2.13',
          '1.2.14',
          '1.20.0',
          '12.0.0',
        );
        await publish(database, OTHER, '1.2.99', '1.99.0');
        await notice(database, WEB, tagOf('1.2.13'), 'yanked');
        await database.transaction(async (tx) => {
          await applyNotices(tx, WEB, tagOf('1.2.13'), 60);
          await withdrawChartVersion(tx, WEB, tagOf('1.2.14'), 61);
        });
        expect(await newest(database, 1n, 2n)).toBe('1.2.10');
        expect(await newest(database, 1n)).toBe('1.20.0');
        expect(await newest(database, 12n)).toBe('12.0.0');
        expect(await newest(database, 2n)).toBeUndefined();
        expect(await newest(database, 1n, 3n)).toBeUndefined();
      });

      test('of all lines comes last of its line in the order of versions, in pages of every length', async () => {
        await using opened = await open();
        const { database } = opened;
        await publish(database, WEB, '1.10.0', '1.9.0', '2.0.0-rc.1', '1.9.1', 'v3.0.0', '0.1.0', '1.9.1+build');
        await publish(database, OTHER, '9.0.0');
        for (const limit of [1, 2, 4, 5, 100]) {
          const pages = await pagesOf<{ readonly tag: string; readonly sortKey: string }>((last) =>
            listStableVersions(database, WEB, last?.sortKey ?? '', limit),
          );
          expect(pages.flat().map(({ tag }) => tag)).toEqual(['0.1.0', '1.9.0', '1.9.1', '1.9.1_build', '1.10.0']);
        }
        const [first] = await listStableVersions(database, WEB, '', 1);
        expect(first).toEqual({
          ...{ tag: '0.1.0', digest: digestsOf(WEB, '0.1.0').digest, sortKey: versionOf(WEB, '0.1.0').sortKey },
        });
      });
    });
  });
}
