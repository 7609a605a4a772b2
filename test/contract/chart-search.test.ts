// The port ChartSearch, on every adapter; and what SQLite alone must do.
import { describe, expect, test } from 'vitest';
import { openSqliteChartSearch } from '../../src/adapters/sqlite-chart-search.ts';
import { parseSearch } from '../../src/catalog/search-query.ts';
import { chartSearchContract, documentOf, found, put, type TestedChartSearch } from './chart-search.contract.ts';
import { DATABASES, type DatabaseKind, openMigrated } from './databases.ts';

describe('SQLite', () => {
  chartSearchContract(openOnSqlite);

  test('what was indexed is found after another start, and by another process that starts at once', async () => {
    await using opened = await openOnSqlite();
    await put(opened, documentOf('web'));
    await opened.database.transaction((tx) => opened.search.advance(tx, 0, 5));
    const again = await Promise.all([1, 2].map(() => openSqliteChartSearch(opened.database)));
    for (const search of again) {
      expect(await search.position()).toBe(5);
      expect(await found({ ...opened, search }, 'web')).toEqual(['web']);
    }
  });

  test('of two that start at once on a new database, the later one leaves what the other has indexed', async () => {
    await using opened = await openMigrated(sqlite());
    const { database } = opened;
    const looked = Promise.withResolvers<void>();
    const indexed = Promise.withResolvers<void>();
    const later = openSqliteChartSearch({
      ...database,
      query: async (text, values) => {
        const rows = await database.query<never>(text, values);
        looked.resolve();
        await indexed.promise;
        return rows;
      },
    });
    await looked.promise;
    const search = await openSqliteChartSearch(database);
    await put({ ...opened, search }, documentOf('web'));
    indexed.resolve();
    expect(await found({ ...opened, search: await later }, 'web')).toEqual(['web']);
  });

  test.each(['search_documents', 'search_entries', 'search_heads', 'search_readmes', 'search_vocabulary'])(
    'of what is removed nothing stays in %s',
    async (table) => {
      await using opened = await openOnSqlite();
      const { database, search } = opened;
      const count = async () => (await database.query(`select 1 from ${table}`)).length;
      const web = documentOf('web', { description: 'Serves pages', readme: 'nginx' });
      await put(opened, web);
      expect(await count()).toBeGreaterThan(0);
      await database.transaction((tx) => search.remove(tx, web.repository));
      expect(await count()).toBe(0);
    },
  );

  test('an index that another version of the program made is thrown away, to be filled again', async () => {
    await using opened = await openOnSqlite();
    await put(opened, documentOf('web', { readme: 'nginx' }));
    await opened.database.transaction(async (tx) => {
      await opened.search.advance(tx, 0, 5);
      await tx.query('update search_index set revision = 0');
    });
    const again = { ...opened, search: await openSqliteChartSearch(opened.database) };
    expect(await again.search.position()).toBe(0);
    expect(await again.search.documents([documentOf('web').repository])).toEqual([]);
    expect(await found(again, 'web')).toEqual([]);
    expect(await again.search.similarWords('ngimx', 1, () => true)).toEqual([]);
    await put(again, documentOf('web', { readme: 'nginx' }));
    expect(await found(again, 'nginx')).toEqual(['web']);
  });

  test('the longest search that can be typed is answered', async () => {
    await using opened = await openOnSqlite();
    await put(opened, documentOf('web', { readme: 'a b c d e f g h' }));
    const { terms, name } = parseSearch('a b c d e f g h');
    const similar = Array.from({ length: 200 }, (_, number) => ({ word: `word${number}`, edits: 1 as const }));
    const query = { terms: terms.map((term) => ({ ...term, similar })), name };
    expect(await opened.search.find(query, { after: undefined, limit: 1 })).toHaveLength(1);
  });
});

async function openOnSqlite(): Promise<TestedChartSearch> {
  const { database, [Symbol.asyncDispose]: close } = await openMigrated(sqlite());
  return { database, search: await openSqliteChartSearch(database), [Symbol.asyncDispose]: close };
}

function sqlite(): DatabaseKind {
  const kind = DATABASES.find(({ name }) => name === 'SQLite');
  if (!kind) throw new Error('there is no SQLite');
  return kind;
}
