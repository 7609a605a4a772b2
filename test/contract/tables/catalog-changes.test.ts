// What changed in the catalog since a revision: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import type { RepositoryName } from '../../../src/oci/repository-name.ts';
import type { Database } from '../../../src/ports/database.ts';
import {
  areVersionsEntered,
  countCatalogRevisionUp,
  noteVersionsEntered,
  setTagsRevision,
} from '../../../src/tables/catalog-revision.ts';
import { type ChangedVersionRow, listChangesAfter, readNewestChange } from '../../../src/tables/chart-index.ts';
import { applyNotices, withdrawChartVersion } from '../../../src/tables/chart-versions.ts';
import { createRepository, listRepositoriesBelow, readTagsRevision } from '../../../src/tables/repositories.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { OTHER, pages, pagesOf, V1, WEB } from './rows.ts';
import { digestsOf, notice, publish, tagOf, versionOf } from './version-rows.ts';

const START = { revision: 0, repository: '', tag: '' };

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    describe('the revision', () => {
      test('counts up with each change that is committed, also of 20 at once', async () => {
        await using opened = await open();
        const { database } = opened;
        const count = () => database.transaction(countCatalogRevisionUp);
        expect(await count()).toBe(2);
        const given = await Promise.all(Array.from({ length: 20 }, count));
        expect(given.toSorted((one, other) => one - other)).toEqual(
          Array.from({ length: 20 }, (_, index) => index + 3),
        );
        const undone = database.transaction(async (tx) => {
          await countCatalogRevisionUp(tx);
          throw new Error('undone');
        });
        await expect(undone).rejects.toThrow('undone');
        expect(await count()).toBe(23);
      });

      test('cannot be counted without its row', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction((tx) => tx.query('delete from catalog_revision'));
        await expect(database.transaction(countCatalogRevisionUp)).rejects.toThrow('lost its row');
      });

      test('of the tags of a repository is that of their last change, and of no other repository', async () => {
        await using opened = await open();
        const { database } = opened;
        await database.transaction(async (tx) => {
          for (const repository of [WEB, OTHER]) await createRepository(tx, repository, 1);
          await setTagsRevision(tx, WEB, 8);
        });
        expect(await readTagsRevision(database, WEB)).toBe(8);
        expect(await readTagsRevision(database, OTHER)).toBe(1);
        expect(await readTagsRevision(database, 'team/none' as RepositoryName)).toBeUndefined();
      });
    });

    test('that all versions are entered is known once it is noted, and nothing else of the revision changes', async () => {
      await using opened = await open();
      const { database } = opened;
      expect(await areVersionsEntered(database)).toBe(false);
      await database.transaction((tx) => noteVersionsEntered(tx));
      expect(await areVersionsEntered(database)).toBe(true);
      expect(await database.transaction(countCatalogRevisionUp)).toBe(2);
      expect(await areVersionsEntered(database)).toBe(true);
    });

    test('repositories below a path are listed in pages, with one of that very name', async () => {
      await using opened = await open();
      const { database } = opened;
      const names = ['a', 'team', 'team-x/web', 'team.x', 'team/a/web', 'team/web', 'team0', 'teams/web', 'z9'];
      await database.transaction(async (tx) => {
        for (const name of names.toReversed()) await createRepository(tx, name as RepositoryName, 1);
      });
      const below = async (path: string) =>
        (await pages((last) => listRepositoriesBelow(database, path, last, 2))).flat();
      expect(await below('')).toEqual(names);
      expect(await below('team')).toEqual(['team', 'team/a/web', 'team/web']);
      expect(await below('team/web')).toEqual(['team/web']);
      expect(await below('team/a')).toEqual(['team/a/web']);
      expect(await below('none')).toEqual([]);
    });

    describe('changes', () => {
      const changesAfter = (database: Database, position: typeof START, namespace?: string, limit = 100) =>
        listChangesAfter(database, namespace, position, limit);
      const named = (rows: readonly ChangedVersionRow[]) => rows.map(({ repository, tag }) => `${repository}:${tag}`);

      test('say what an index has to say of the version', async () => {
        await using opened = await open();
        const { database } = opened;
        const revision = await publish(database, WEB, versionOf(WEB, '1.2.0+b', { deprecated: true }));
        expect(await changesAfter(database, START)).toEqual([
          {
            ...{ repository: WEB, tag: '1.2.0_b', namespace: 'team', name: 'web', version: '1.2.0+b' },
            ...{ fileName: 'web-1.2.0+b.tgz', contentDigest: digestsOf(WEB, '1.2.0+b').content },
            ...{ sortKey: versionOf(WEB, '1.2.0+b').sortKey, publishedAt: 7, listed: 1, deprecated: 1 },
            ...{ metadata: '{"name":"web","version":"1.2.0+b"}', revision },
          },
        ]);
      });

      test('come in the order in which they were made: everywhere, or in one namespace', async () => {
        await using opened = await open();
        const { database } = opened;
        const deep = 'team/a/web' as RepositoryName;
        const root = 'web' as RepositoryName;
        for (const repository of [WEB, deep, root, OTHER]) await publish(database, repository, '1.1.0', '1.0.0');
        const all = ['team/web', 'team/a/web', 'web', 'team/other'].flatMap((name) => [
          `${name}:1.1.0`,
          `${name}:1.0.0`,
        ]);
        expect(named(await changesAfter(database, START))).toEqual(all);
        expect(named(await changesAfter(database, START, 'team'))).toEqual([...all.slice(0, 2), ...all.slice(6)]);
        expect(named(await changesAfter(database, START, ''))).toEqual(all.slice(4, 6));
        for (const limit of [1, 3, 8, 9]) {
          const read = await pagesOf<ChangedVersionRow>((last) =>
            changesAfter(database, last ?? START, undefined, limit),
          );
          expect(read.flat().map(({ tag }) => tag)).toHaveLength(8);
        }
      });

      test('of one revision are read in the order of their names, and none is left between two pages', async () => {
        await using opened = await open();
        const { database } = opened;
        await publish(database, WEB, '1.2.0', '1.0.0', '1.1.0');
        await publish(database, OTHER, '1.0.0');
        await notice(database, WEB, '', 'deprecated');
        await database.transaction((tx) => applyNotices(tx, WEB, '', 70));
        const known = { revision: 69, repository: '', tag: '' };
        const read = await pagesOf<ChangedVersionRow>((last) => changesAfter(database, last ?? known, 'team', 2));
        expect(read.map(named)).toEqual([['team/web:1.0.0', 'team/web:1.1.0'], ['team/web:1.2.0']]);
        expect(read.flat().map(({ deprecated, listed }) => [deprecated, listed])).toEqual([
          ...[1, 1, 1].map((deprecated) => [deprecated, 1]),
        ]);
      });

      test('show what was yanked or deleted as not listed, without what nobody needs of it', async () => {
        await using opened = await open();
        const { database } = opened;
        await publish(database, WEB, '1.0.0', '1.1.0', '1.2.0');
        await notice(database, WEB, V1, 'yanked');
        await database.transaction(async (tx) => {
          await applyNotices(tx, WEB, V1, 70);
          await withdrawChartVersion(tx, WEB, tagOf('1.1.0'), 71);
        });
        const rows = await changesAfter(database, { revision: 60, repository: '', tag: '' });
        expect(rows.map(({ tag, listed, metadata, revision }) => ({ tag, listed, metadata, revision }))).toEqual([
          { tag: '1.0.0', listed: 0, metadata: null, revision: 70 },
          { tag: '1.1.0', listed: 0, metadata: null, revision: 71 },
        ]);
      });

      test('have a newest one: anywhere, and in each namespace', async () => {
        await using opened = await open();
        const { database } = opened;
        expect([await readNewestChange(database, undefined), await readNewestChange(database, 'team')]).toEqual([0, 0]);
        const inTeam = await publish(database, WEB, '1.0.0', '1.1.0');
        const inRoot = await publish(database, 'web' as RepositoryName, '1.0.0');
        expect(inRoot).toBeGreaterThan(inTeam);
        expect(await readNewestChange(database, undefined)).toBe(inRoot);
        expect(await readNewestChange(database, 'team')).toBe(inTeam);
        expect(await readNewestChange(database, '')).toBe(inRoot);
        expect(await readNewestChange(database, 'team/web')).toBe(0);
        await database.transaction((tx) => withdrawChartVersion(tx, WEB, V1, 80));
        expect(await readNewestChange(database, 'team')).toBe(80);
      });
    });
  });
}
