// What lists of charts, and whoever looks at a version, read of published versions: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import type { RepositoryName } from '../../../src/oci/repository-name.ts';
import type { Tag } from '../../../src/oci/tag.ts';
import type { Database } from '../../../src/ports/database.ts';
import { countCatalogRevisionUp } from '../../../src/tables/catalog-revision.ts';
import { putDependencies } from '../../../src/tables/chart-dependencies.ts';
import {
  countListedVersions,
  findVersionKey,
  listChangedRepositories,
  listVersionKeys,
} from '../../../src/tables/chart-directory.ts';
import { applyNotices, withdrawChartVersion } from '../../../src/tables/chart-versions.ts';
import { listDependencies, listDependentRepositories } from '../../../src/tables/dependents.ts';
import { pointFloatingTags } from '../../../src/tables/floating-tags.ts';
import { addPulls } from '../../../src/tables/pulls.ts';
import {
  countPullsOfChart,
  countPullsOfVersion,
  findNotice,
  listFloatingTagsAt,
  listFloatingVersions,
  listMostPulled,
} from '../../../src/tables/version-facts.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { OTHER, pages, pagesOf, WEB } from './rows.ts';
import { digestsOf, notice, publish, tagOf, versionOf } from './version-rows.ts';

const SUB = 'team/web/sub' as RepositoryName;

afterAll(stopDatabases);

async function yank(database: Database, repository: RepositoryName, version: string): Promise<number> {
  await notice(database, repository, tagOf(version), 'yanked');
  return await database.transaction(async (tx) => {
    const revision = await countCatalogRevisionUp(tx);
    await applyNotices(tx, repository, tagOf(version), revision);
    return revision;
  });
}

async function withdraw(database: Database, repository: RepositoryName, version: string): Promise<number> {
  return await database.transaction(async (tx) => {
    const revision = await countCatalogRevisionUp(tx);
    await withdrawChartVersion(tx, repository, tagOf(version), revision);
    return revision;
  });
}

async function pull(database: Database, version: string, day: number, count: number): Promise<void> {
  const { content } = digestsOf(WEB, version);
  await database.transaction((tx) => addPulls(tx, { repository: WEB, contentDigest: content, day, count }));
}

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    test('a repository changes with each of its versions, and is listed as long as one is', async () => {
      await using opened = await open();
      const { database } = opened;
      const first = await publish(database, WEB, '1.0.0', '1.1.0');
      const second = await publish(database, OTHER, '1.0.0');
      expect(await listChangedRepositories(database, 0, 10)).toEqual([
        { repository: WEB, revision: first, listed: 1 },
        { repository: OTHER, revision: second, listed: 1 },
      ]);
      const third = await yank(database, WEB, '1.0.0');
      expect(await listChangedRepositories(database, second, 10)).toEqual([
        { repository: WEB, revision: third, listed: 1 },
      ]);
      const fourth = await withdraw(database, WEB, '1.1.0');
      expect(await listChangedRepositories(database, third, 10)).toEqual([
        { repository: WEB, revision: fourth, listed: 0 },
      ]);
      expect(await listChangedRepositories(database, fourth, 10)).toEqual([]);
    });

    test.each([1, 2, 3, 100])('changes come to an end, some %i at a time, and none is left out', async (limit) => {
      await using opened = await open();
      const { database } = opened;
      for (const repository of [WEB, OTHER, SUB]) await publish(database, repository, '1.0.0', '2.0.0', '3.0.0');
      const found = await pagesOf<{ readonly repository: RepositoryName; readonly revision: number }>((last) =>
        listChangedRepositories(database, last?.revision ?? 0, limit),
      );
      const newest = new Map(found.flat().map(({ repository, revision }) => [repository, revision]));
      const all = await listChangedRepositories(database, 0, 1000);
      expect([...newest]).toEqual(all.map(({ repository, revision }) => [repository, revision]));
    });

    test('listed versions are counted, with the time of the last one', async () => {
      await using opened = await open();
      const { database } = opened;
      await publish(
        database,
        WEB,
        versionOf(WEB, '1.0.0', { publishedAt: 10 }),
        versionOf(WEB, '2.0.0', { publishedAt: 30 }),
        versionOf(WEB, '1.0.1', { publishedAt: 20 }),
      );
      expect(await countListedVersions(database, WEB)).toEqual({ versions: 3, publishedAt: 30 });
      await yank(database, WEB, '2.0.0');
      expect(await countListedVersions(database, WEB)).toEqual({ versions: 2, publishedAt: 20 });
      expect(await countListedVersions(database, OTHER)).toEqual({ versions: 0, publishedAt: 0 });
    });

    test('the names of versions come the newest first, without those that were deleted', async () => {
      await using opened = await open();
      const { database } = opened;
      await publish(database, WEB, '1.9.0', '1.10.0', '1.10.0-rc.1', '1.2.0+7', '0.1.0');
      await publish(database, OTHER, '5.0.0');
      await yank(database, WEB, '1.9.0');
      await withdraw(database, WEB, '0.1.0');
      const keys = await listVersionKeys(database, WEB, undefined, 10);
      expect(keys.map(({ version, listed }) => [version, listed])).toEqual([
        ['1.10.0', 1],
        ['1.10.0-rc.1', 1],
        ['1.9.0', 0],
        ['1.2.0+7', 1],
      ]);
      expect(await listVersionKeys(database, WEB, keys[0]?.sortKey, 2)).toEqual(keys.slice(1, 3));
      expect(await findVersionKey(database, WEB, '1.2.0_7' as Tag)).toEqual(keys[3]);
      expect(await findVersionKey(database, WEB, '1.9.0' as Tag)).toEqual(keys[2]);
      expect(await findVersionKey(database, WEB, '0.1.0' as Tag)).toBeUndefined();
    });

    test('a notice is found of the version that it is about, or of the whole chart', async () => {
      await using opened = await open();
      const { database } = opened;
      await notice(database, WEB, '', 'deprecated');
      await notice(database, WEB, tagOf('1.0.0'), 'yanked');
      const said = { reason: 'a reason', replacement: '', notedAt: 3, notedBy: 'ann' };
      expect(await findNotice(database, WEB, '')).toEqual({ repository: WEB, tag: '', kind: 'deprecated', ...said });
      expect(await findNotice(database, WEB, tagOf('1.0.0'))).toEqual({
        ...{ repository: WEB, tag: '1.0.0', kind: 'yanked' },
        ...said,
      });
      expect(await findNotice(database, WEB, tagOf('2.0.0'))).toBeUndefined();
      expect(await findNotice(database, WEB, tagOf('0.1.0'))).toBeUndefined();
      expect(await findNotice(database, OTHER, '')).toBeUndefined();
    });

    test('floating tags are found by the version that they stand on', async () => {
      await using opened = await open();
      const { database } = opened;
      await publish(database, WEB, '1.2.0', '1.1.0');
      const [newer, older] = ['1.2.0', '1.1.0'].map((version) => digestsOf(WEB, version).digest) as [
        ReturnType<typeof digestsOf>['digest'],
        ReturnType<typeof digestsOf>['digest'],
      ];
      const pointers = [
        ['1', newer],
        ['1.2', newer],
        ['1.1', older],
      ] as [Tag, typeof newer][];
      await database.transaction((tx) => pointFloatingTags(tx, WEB, pointers, { pushId: 'x', at: 1, by: 'chartroom' }));
      expect(await listFloatingTagsAt(database, WEB, newer, ['1', '1.2'])).toEqual(['1', '1.2']);
      expect(await listFloatingTagsAt(database, WEB, older, ['1', '1.1'])).toEqual(['1.1']);
      expect(await listFloatingTagsAt(database, OTHER, newer, ['1', '1.2'])).toEqual([]);
      // Somebody's own tag is none.
      expect(await listFloatingTagsAt(database, WEB, newer, ['1.2.0', '1.1.0'])).toEqual([]);
      expect(await listFloatingVersions(database, WEB, 10)).toEqual([
        { tag: '1', version: '1.2.0' },
        { tag: '1.1', version: '1.1.0' },
        { tag: '1.2', version: '1.2.0' },
      ]);
      expect(await listFloatingVersions(database, WEB, 1)).toHaveLength(1);
    });

    test('pulls are counted by version, by chart, and within days', async () => {
      await using opened = await open();
      const { database } = opened;
      await publish(database, WEB, '1.0.0', '1.1.0', '1.2.0');
      await pull(database, '1.0.0', 1, 5);
      await pull(database, '1.0.0', 3, 2);
      await pull(database, '1.1.0', 3, 4);
      expect(await countPullsOfVersion(database, WEB, tagOf('1.0.0'))).toBe(7);
      expect(await countPullsOfVersion(database, WEB, tagOf('1.2.0'))).toBe(0);
      expect(await countPullsOfChart(database, WEB)).toBe(11);
      expect(await countPullsOfChart(database, OTHER)).toBe(0);
      expect(await listMostPulled(database, WEB, { from: 1, to: 3 }, 10)).toEqual([
        { version: '1.0.0', pulls: 7 },
        { version: '1.1.0', pulls: 4 },
      ]);
      expect(await listMostPulled(database, WEB, { from: 2, to: 3 }, 1)).toEqual([{ version: '1.1.0', pulls: 4 }]);
      await withdraw(database, WEB, '1.1.0');
      expect(await listMostPulled(database, WEB, { from: 2, to: 3 }, 10)).toEqual([{ version: '1.0.0', pulls: 2 }]);
    });

    test('the dependencies of a version keep their order', async () => {
      await using opened = await open();
      const { database } = opened;
      await publish(database, WEB, '1.0.0');
      const dependencies = ['zlib', 'common', 'common'].map((name, index) => ({
        ...{ name, versionRange: `^${index}`, location: 'oci://x/y' },
      }));
      await database.transaction((tx) => putDependencies(tx, WEB, tagOf('1.0.0'), dependencies));
      expect(await listDependencies(database, WEB, tagOf('1.0.0'))).toEqual(dependencies);
      expect(await listDependencies(database, WEB, tagOf('2.0.0'))).toEqual([]);
    });

    test('dependents are met one after the other, however many versions each has', async () => {
      await using opened = await open();
      const { database } = opened;
      const common = [{ name: 'common', versionRange: '^1', location: '' }];
      for (const repository of [WEB, OTHER, SUB]) {
        await publish(database, repository, '1.0.0', '2.0.0');
        for (const version of ['1.0.0', '2.0.0']) {
          await database.transaction((tx) => putDependencies(tx, repository, tagOf(version), [...common, ...common]));
        }
      }
      const found = async (name: string, limit: number) =>
        await pages((last) => listDependentRepositories(database, name, last, limit));
      expect(await found('common', 2)).toEqual([[OTHER, WEB], [SUB]]);
      expect(await found('common', 10)).toEqual([[OTHER, WEB, SUB]]);
      expect(await found('commons', 10)).toEqual([]);
      expect(await found('commo', 10)).toEqual([]);
    });
  });
}
