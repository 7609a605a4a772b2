// What index documents read at first: all listed versions, in pages; the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import type { IndexScope, IndexSource } from '../../../src/classic/index-source.ts';
import { PublishedVersions } from '../../../src/classic/published-versions.ts';
import type { RepositoryName } from '../../../src/oci/repository-name.ts';
import type { Database } from '../../../src/ports/database.ts';
import { countCatalogRevisionUp } from '../../../src/tables/catalog-revision.ts';
import { listListedBelow, listListedOf } from '../../../src/tables/chart-index.ts';
import { applyNotices, withdrawChartVersion } from '../../../src/tables/chart-versions.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { pagesOf } from './rows.ts';
import { notice, publish, tagOf, versionOf } from './version-rows.ts';

const [API, WEB, DEEP, BESIDE, ROOT] = ['team/api', 'team/web', 'team/mid/web', 'team-b/web', 'web'] as [
  RepositoryName,
  RepositoryName,
  RepositoryName,
  RepositoryName,
  RepositoryName,
];
const TEAM: IndexScope = { kind: 'namespace', namespace: 'team' };

afterAll(stopDatabases);

/** Charts of five repositories; of team/web one version is yanked and one deleted, of team/mid/web all are. */
async function fill(database: Database): Promise<void> {
  await publish(database, API, '1.0.0', '10.0.0', '2.0.0');
  await publish(database, WEB, '1.0.0', versionOf(WEB, '1.1.0', { deprecated: true }), '1.2.0', '1.3.0');
  await publish(database, DEEP, '1.0.0');
  await publish(database, BESIDE, '1.0.0');
  await publish(database, ROOT, '3.0.0-rc.1', '3.0.0');
  await notice(database, WEB, tagOf('1.2.0'), 'yanked');
  await database.transaction(async (tx) => {
    const revision = await countCatalogRevisionUp(tx);
    await applyNotices(tx, WEB, tagOf('1.2.0'), revision);
    await withdrawChartVersion(tx, WEB, tagOf('1.3.0'), revision);
    await withdrawChartVersion(tx, DEEP, tagOf('1.0.0'), revision);
  });
}

async function listed(source: IndexSource, scope: IndexScope, limit: number): Promise<readonly string[]> {
  const pages = await pagesOf((last: Awaited<ReturnType<IndexSource['listedVersions']>>[number] | undefined) =>
    source.listedVersions(scope, last, limit),
  );
  for (const page of pages.slice(0, -1)) expect(page).toHaveLength(limit);
  return pages.flat().map(({ repository, tag }) => `${repository}:${tag}`);
}

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    test.each([1, 2, 3, 100])('come chart by chart, the newest first, in pages of %i', async (limit) => {
      await using opened = await open();
      const { database } = opened;
      await fill(database);
      const source = new PublishedVersions(database);
      const team = ['team/api:10.0.0', 'team/api:2.0.0', 'team/api:1.0.0', 'team/web:1.1.0', 'team/web:1.0.0'];
      const root = ['web:3.0.0', 'web:3.0.0-rc.1'];
      expect(await listed(source, TEAM, limit)).toEqual(team);
      expect(await listed(source, { kind: 'namespace', namespace: '' }, limit)).toEqual(root);
      expect(await listed(source, { kind: 'all' }, limit)).toEqual(['team-b/web:1.0.0', ...team, ...root]);
      expect(await listed(source, { kind: 'namespace', namespace: 'none' }, limit)).toEqual([]);
      expect(await listed(source, { kind: 'namespace', namespace: 'team/mid' }, limit)).toEqual([]);
    });

    test('come with all that an entry of an index has', async () => {
      await using opened = await open();
      const { database } = opened;
      await fill(database);
      const [version] = await new PublishedVersions(database).listedVersions(
        TEAM,
        { repository: 'team/api', sortKey: '' },
        1,
      );
      const { namespace, fileName, sortKey, contentDigest } = versionOf(WEB, '1.1.0');
      expect(version).toMatchObject({ repository: WEB, namespace, fileName, sortKey, contentDigest });
      expect(version).toMatchObject({ listed: true, deprecated: true, publishedAt: 7 });
      expect(JSON.parse(version?.metadata ?? '')).toEqual({ name: 'web', version: '1.1.0' });
    });

    test('of one repository begin below a sort key, and of several where the first one does', async () => {
      await using opened = await open();
      const { database } = opened;
      await fill(database);
      const below = await listListedBelow(database, API, versionOf(API, '10.0.0').sortKey, 1);
      expect(below.map(({ tag }) => tag)).toEqual(['2.0.0']);
      const all = { first: API, last: WEB, namespace: undefined };
      const tags = async (repositories: Parameters<typeof listListedOf>[1], limit: number) =>
        (await listListedOf(database, repositories, limit)).map(({ repository, tag }) => `${repository}:${tag}`);
      expect(await tags(all, 4)).toEqual(['team/api:10.0.0', 'team/api:2.0.0', 'team/api:1.0.0', 'team/web:1.1.0']);
      expect(await tags({ first: BESIDE, last: ROOT, namespace: 'team-b' }, 100)).toEqual(['team-b/web:1.0.0']);
    });

    test('and what changed since then follows', async () => {
      await using opened = await open();
      const { database } = opened;
      await fill(database);
      const source = new PublishedVersions(database);
      const revision = await source.newestRevision({ kind: 'all' });
      expect(await source.newestRevision(TEAM)).toBe(revision);
      await publish(database, API, '11.0.0');
      const changes = await source.changesAfter(TEAM, { revision: revision + 1, repository: '', tag: '' }, 100);
      expect(changes.map(({ repository, tag }) => `${repository}:${tag}`)).toEqual(['team/api:11.0.0']);
      expect(await source.newestRevision({ kind: 'namespace', namespace: 'none' })).toBe(0);
      const [deleted] = (await source.changesAfter(TEAM, { revision: 0, repository: '', tag: '' }, 100)).filter(
        ({ tag, repository }) => tag === '1.3.0' && repository === WEB,
      );
      expect(deleted).toMatchObject({ listed: false, metadata: null });
    });
  });
}
