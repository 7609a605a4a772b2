// The versions of a chart from the newest on, as ranges are matched with them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRange } from '../../src/catalog/ranges.ts';
import { VersionsInOrder } from '../../src/catalog/versions-in-order.ts';
import type { Database, Queryable } from '../../src/ports/database.ts';
import { countCatalogRevisionUp } from '../../src/tables/catalog-revision.ts';
import { applyNotices } from '../../src/tables/chart-versions.ts';
import { DATABASES, openMigrated, type TestedDatabase } from '../contract/databases.ts';
import { WEB } from '../contract/tables/rows.ts';
import { notice, publish, tagOf } from '../contract/tables/version-rows.ts';

const MANY = 250;
let opened: TestedDatabase;
let database: Database;

beforeAll(async () => {
  const [sqlite] = DATABASES;
  if (!sqlite) throw new Error('there is no database');
  opened = await openMigrated(sqlite);
  database = opened.database;
  const lines = Array.from({ length: MANY }, (_, index) => `1.${index}.0`);
  await publish(database, WEB, ...lines, '2.0.0', '2.1.0-rc.1', 'v3.0.0', '0.1.0+one', '0.1.0+two');
  await notice(database, WEB, tagOf('2.0.0'), 'yanked');
  await database.transaction(async (tx) => {
    await applyNotices(tx, WEB, tagOf('2.0.0'), await countCatalogRevisionUp(tx));
  });
});
afterAll(() => opened[Symbol.asyncDispose]());

async function chosen(text: string): Promise<string | undefined> {
  return (await new VersionsInOrder(database, WEB).chosenFor(text))?.version.text;
}

test.each([
  ['^1', '1.249.0'],
  ['~1.0', '1.0.0'],
  ['>=1.100 <1.200', '1.199.0'],
  ['*', '1.249.0'],
  ['>0.0.0-0', '2.1.0-rc.1'],
  ['~2.0', undefined],
  ['^3', undefined],
  ['>9', undefined],
  ['nonsense', undefined],
  ['', undefined],
])('for the range %j the newest is taken that is listed and strict SemVer: %s', async (range, version) => {
  expect(await chosen(range)).toBe(version);
});

test.each([
  ['2.0.0', '2.0.0'],
  ['v3.0.0', 'v3.0.0'],
  ['2.1.0-rc.1', '2.1.0-rc.1'],
  ['0.1.0+one', '0.1.0+one'],
  ['0.1.0_one', '0.1.0+one'],
  // Which of two builds, Helm leaves to chance; here it is always the same one.
  ['0.1.0', '0.1.0+two'],
])('a version is found by its own name, be it yanked or lenient: %s', async (text, version) => {
  expect(await chosen(text)).toBe(version);
});

test('the newest is a stable one, unless there is none', async () => {
  expect((await new VersionsInOrder(database, WEB).newest())?.version.text).toBe('1.249.0');
  const name = 'team/next' as typeof WEB;
  await publish(database, name, '1.0.0-a', '1.0.0-b');
  expect((await new VersionsInOrder(database, name).newest())?.version.text).toBe('1.0.0-b');
  expect(await new VersionsInOrder(database, 'team/none' as typeof WEB).newest()).toBeUndefined();
});

test('all are met once, in order, and those below a place alone when one is given', async () => {
  const all = await collected(new VersionsInOrder(database, WEB));
  expect(all).toHaveLength(MANY + 5);
  expect(all.slice(0, 4)).toEqual(['v3.0.0', '2.1.0-rc.1', '2.0.0', '1.249.0']);
  const keys = new Map<string, string>();
  for await (const batch of new VersionsInOrder(database, WEB).batches()) {
    for (const { version, sortKey } of batch) keys.set(version.text, sortKey);
  }
  expect(await collected(new VersionsInOrder(database, WEB, keys.get('1.200.0')))).toEqual(
    all.slice(all.indexOf('1.200.0') + 1),
  );
});

test('no more is read than is asked for, and nothing twice', async () => {
  const statements: string[] = [];
  const query: Queryable['query'] = async (text, values) => {
    statements.push(text);
    return await database.query(text, values);
  };
  const versions = new VersionsInOrder({ ...database, query }, WEB);
  await versions.newest();
  expect(statements).toHaveLength(1);
  await versions.newestIn(readRange('^1'));
  expect(statements).toHaveLength(1);
  await versions.newestIn(readRange('~1.0'));
  const read = statements.length;
  await versions.newestIn(readRange('~1.1'));
  await versions.newestIn(readRange('>9'));
  expect(statements.length - read).toBeLessThanOrEqual(1);
  await versions.chosenFor('^1');
  await versions.chosenFor('^1');
  expect(statements.filter((text) => text.includes('tag = $2'))).toHaveLength(1);
});

async function collected(versions: VersionsInOrder): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const batch of versions.batches()) texts.push(...batch.map(({ version }) => version.text));
  return texts;
}
