// The names of charts in memory follow what is published, however it is asked for.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ChartDirectory } from '../../src/catalog/chart-directory.ts';
import { listChartNamespaces, listCharts } from '../../src/catalog/chart-list.ts';
import { ChartSummaries } from '../../src/catalog/chart-summaries.ts';
import type { RepositoryName } from '../../src/oci/repository-name.ts';
import type { Queryable } from '../../src/ports/database.ts';
import { countCatalogRevisionUp } from '../../src/tables/catalog-revision.ts';
import { applyNotices, withdrawChartVersion } from '../../src/tables/chart-versions.ts';
import { deleteNotice } from '../../src/tables/notices.ts';
import { addPulls } from '../../src/tables/pulls.ts';
import { DATABASES, openMigrated, type TestedDatabase } from '../contract/databases.ts';
import { digestsOf, notice, publish, tagOf, versionOf } from '../contract/tables/version-rows.ts';
import { TestClock } from '../support/clock.ts';

const everything = () => true;
let opened: TestedDatabase;

beforeEach(async () => {
  const [sqlite] = DATABASES;
  if (!sqlite) throw new Error('there is no database');
  opened = await openMigrated(sqlite);
});
afterEach(() => opened[Symbol.asyncDispose]());

function named(text: string): RepositoryName {
  return text as RepositoryName;
}

async function withdraw(repository: RepositoryName, version: string): Promise<void> {
  await opened.database.transaction(async (tx) => {
    await withdrawChartVersion(tx, repository, tagOf(version), await countCatalogRevisionUp(tx));
  });
}

test('charts come and go with their listed versions', async () => {
  const { database } = opened;
  const directory = new ChartDirectory(database);
  expect(await directory.names()).toEqual([]);
  await publish(database, named('team/web'), '1.0.0', '1.1.0');
  await publish(database, named('api'), '1.0.0');
  await publish(database, named('team-b/web'), '1.0.0');
  expect(await directory.names()).toEqual(['api', 'team-b/web', 'team/web']);
  await withdraw(named('team/web'), '1.0.0');
  expect(await directory.names()).toEqual(['api', 'team-b/web', 'team/web']);
  await withdraw(named('team/web'), '1.1.0');
  expect(await directory.names()).toEqual(['api', 'team-b/web']);
  expect(directory.revisionOf(named('team/web'))).toBeUndefined();
  await publish(database, named('team/web'), '2.0.0');
  expect(await directory.names()).toEqual(['api', 'team-b/web', 'team/web']);
});

test('a yanked version is none to show, until it is taken back', async () => {
  const { database } = opened;
  const directory = new ChartDirectory(database);
  const web = named('team/web');
  await publish(database, web, '1.0.0');
  await notice(database, web, tagOf('1.0.0'), 'yanked');
  const follow = () =>
    database.transaction(async (tx) => {
      await applyNotices(tx, web, tagOf('1.0.0'), await countCatalogRevisionUp(tx));
    });
  await follow();
  expect(await directory.names()).toEqual([]);
  await database.transaction((tx) => deleteNotice(tx, web, tagOf('1.0.0')));
  await follow();
  expect(await directory.names()).toEqual([web]);
});

test('an older state that is read late does not bring a chart back', async () => {
  const { database } = opened;
  const web = named('team/web');
  await publish(database, web, '1.0.0');
  let holdBack: Promise<void> | undefined;
  const query: Queryable['query'] = async (text, values) => {
    const rows = await database.query(text, values);
    await holdBack;
    return rows as never;
  };
  const directory = new ChartDirectory({ ...database, query });
  let release = () => {};
  holdBack = new Promise((resolve) => (release = resolve));
  const early = directory.names();
  await new Promise(setImmediate);
  await withdraw(web, '1.0.0');
  holdBack = undefined;
  expect(await directory.names()).toEqual([]);
  release();
  await early;
  expect(await directory.names()).toEqual([]);
});

test('very many charts are taken up in pieces', async () => {
  const { database } = opened;
  const names = Array.from({ length: 1_500 }, (_, index) => named(`n${index % 7}/c${index}`));
  for (const name of names) await publish(database, name, '1.0.0');
  expect(await new ChartDirectory(database).names()).toEqual([...names].sort());
});

test('pages have as many charts as asked for, of those that may be read', async () => {
  const { database } = opened;
  for (const name of ['a/b', 'a/b/c', 'a/b/d', 'a-b', 'a/c', 'b']) await publish(database, named(name), '1.0.0');
  const directory = new ChartDirectory(database);
  const summaries = new ChartSummaries(database, new TestClock('2026-11-23T00:00:00Z'), directory);
  const list = async (namespace: string | undefined, after: string, limit: number, mayRead = (_: string) => true) =>
    (await listCharts({ directory, summaries }, { namespace, after, limit }, mayRead)).map(
      ({ repository }) => repository,
    );
  expect(await list(undefined, '', 100)).toEqual(['a-b', 'a/b', 'a/b/c', 'a/b/d', 'a/c', 'b']);
  expect(await list(undefined, 'a/b', 2)).toEqual(['a/b/c', 'a/b/d']);
  expect(await list(undefined, 'a/bb', 2)).toEqual(['a/c', 'b']);
  expect(await list('', '', 100)).toEqual(['a-b', 'b']);
  expect(await list('a', '', 100)).toEqual(['a/b', 'a/c']);
  expect(await list('a', 'a/b', 100)).toEqual(['a/c']);
  expect(await list('a/b', '', 1)).toEqual(['a/b/c']);
  expect(await list('a/b', 'z', 1)).toEqual([]);
  expect(await list('none', '', 100)).toEqual([]);
  expect(await list(undefined, '', 2, (name) => name.startsWith('a/b/'))).toEqual(['a/b/c', 'a/b/d']);
  expect(await list(undefined, '', 2, () => false)).toEqual([]);
});

test('namespaces are those with charts that may be read, each with how many', async () => {
  const { database } = opened;
  for (const name of ['a/b', 'a/b/c', 'a/b/d', 'a-b', 'a/c']) await publish(database, named(name), '1.0.0');
  const directory = new ChartDirectory(database);
  const list = (after: string | undefined, limit: number, mayRead: (name: string) => boolean = everything) =>
    listChartNamespaces(directory, { after, limit }, mayRead);
  expect(await list(undefined, 100)).toEqual([
    { path: '', charts: 1 },
    { path: 'a', charts: 2 },
    { path: 'a/b', charts: 2 },
  ]);
  expect(await list('', 1)).toEqual([{ path: 'a', charts: 2 }]);
  expect(await list('a', 100, (name) => name !== 'a/b/d')).toEqual([{ path: 'a/b', charts: 1 }]);
  expect(await list(undefined, 100, () => false)).toEqual([]);
});

test('a summary is read once for each change of its chart, and pulls once in a minute', async () => {
  const { database } = opened;
  const web = named('team/web');
  const clock = new TestClock('2026-11-23T00:00:00Z');
  await publish(database, web, versionOf(web, '1.0.0', { publishedAt: 10 }));
  let statements = 0;
  const query: Queryable['query'] = async (text, values) => {
    statements += 1;
    return await database.query(text, values);
  };
  const directory = new ChartDirectory(database);
  const summaries = new ChartSummaries({ ...database, query }, clock, directory);
  const summary = async () => {
    await directory.names();
    return await summaries.of(web);
  };
  expect(await summary()).toMatchObject({
    version: '1.0.0',
    versions: 1,
    updatedAt: 10,
    pulls: 0,
    isDeprecated: false,
  });
  statements = 0;
  await summary();
  expect(statements).toBe(0);
  await publish(database, web, versionOf(web, '0.9.0', { publishedAt: 20 }));
  const { content } = digestsOf(web, '1.0.0');
  await database.transaction((tx) => addPulls(tx, { repository: web, contentDigest: content, day: 1, count: 3 }));
  expect(await summary()).toMatchObject({ version: '1.0.0', versions: 2, updatedAt: 20, publishedAt: 10, pulls: 0 });
  clock.advance(60_000);
  expect(await summary()).toMatchObject({ pulls: 3 });
});
