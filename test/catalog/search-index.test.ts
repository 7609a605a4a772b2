// The search index follows what is published, and shows nobody anything of what they may not read.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openSqliteChartSearch } from '../../src/adapters/sqlite-chart-search.ts';
import { SearchIndex, type SearchIndexOptions, type SearchResult } from '../../src/catalog/search-index.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import type { RepositoryName } from '../../src/oci/repository-name.ts';
import type { ChartSearch } from '../../src/ports/chart-search.ts';
import type { Database } from '../../src/ports/database.ts';
import { DATABASES, openMigrated } from '../contract/databases.ts';

interface Texts {
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly readme?: string;
}

interface Opened extends AsyncDisposable {
  readonly database: Database;
  readonly search: ChartSearch;
  readonly published: Published;
  readonly index: SearchIndex;
  /** What went wrong, with the repository where it did. */
  readonly failures: string[];
  /** Another index on the same tables, as that of another process. */
  readonly another: (change?: Partial<SearchIndexOptions>) => SearchIndex;
}

const ALL = { limit: 1000 };

/** What is published, in place of its tables: the newest version of each repository, and with which revision it changed. */
class Published {
  readonly #charts = new Map<RepositoryName, { texts: Texts | undefined; revision: number }>();
  readonly #readmes = new Map<Digest, string>();
  readonly readmesRead: string[] = [];
  #revision = 1;

  publish(...charts: (readonly [repository: string, texts?: Texts])[]): void {
    for (const chart of charts) this.publishAtOnce([chart]);
  }

  publishAtOnce(charts: readonly (readonly [repository: string, texts?: Texts])[]): void {
    this.#revision += 1;
    for (const [repository, texts = {}] of charts) this.#set(repository, texts);
  }

  withdraw(repository: string): void {
    this.#revision += 1;
    this.#set(repository, undefined);
  }

  readonly reading = {
    newestListedVersion: async (_database: unknown, repository: RepositoryName) => {
      const texts = this.#charts.get(repository)?.texts;
      if (!texts) return undefined;
      const name = repository.slice(repository.lastIndexOf('/') + 1);
      const contentDigest = digestOf(Buffer.from(texts.readme ?? ''));
      this.#readmes.set(contentDigest, texts.readme ?? '');
      const { description, keywords } = texts;
      return { metadata: JSON.stringify({ name, version: '1.0.0', description, keywords }), contentDigest };
    },
    repositoriesChangedAfter: async (_database: unknown, after: number, limit: number) =>
      [...this.#charts]
        .map(([repository, { revision }]) => ({ repository, revision }))
        .filter(({ revision }) => revision > after)
        .toSorted((one, other) => one.revision - other.revision)
        .slice(0, limit),
    readmeOf: async (digest: Digest) => {
      const readme = this.#readmes.get(digest) ?? '';
      this.readmesRead.push(readme);
      return readme;
    },
  };

  #set(repository: string, texts: Texts | undefined): void {
    this.#charts.set(repository as RepositoryName, { texts, revision: this.#revision });
  }
}

async function open(): Promise<Opened> {
  const kind = DATABASES.find(({ name }) => name === 'SQLite');
  if (!kind) throw new Error('there is no SQLite');
  const { database, [Symbol.asyncDispose]: close } = await openMigrated(kind);
  const search = await openSqliteChartSearch(database);
  const published = new Published();
  const failures: string[] = [];
  const onFailure = (error: unknown, repository?: string) => void failures.push(`${repository ?? 'all'}: ${error}`);
  const another = (change: Partial<SearchIndexOptions> = {}) =>
    new SearchIndex({ database, search, ...published.reading, onFailure, ...change });
  return { database, search, published, index: another(), failures, another, [Symbol.asyncDispose]: close };
}

async function find(index: SearchIndex, text: string, mayRead = everything): Promise<readonly string[]> {
  return namesOf(await index.find(text, ALL, mayRead));
}

function namesOf({ charts }: SearchResult): readonly string[] {
  return charts.map(({ repository }) => repository);
}

/** All pages, each with the names that are on it. */
async function pagesOf(index: SearchIndex, text: string, limit: number, mayRead = everything) {
  return (await resultsOf(index, text, limit, mayRead)).map(namesOf);
}

async function resultsOf(
  index: SearchIndex,
  text: string,
  limit: number,
  mayRead: (repository: RepositoryName) => boolean,
): Promise<readonly SearchResult[]> {
  const pages: SearchResult[] = [];
  let cursor: string | undefined;
  do {
    const page = await index.find(text, { cursor, limit }, mayRead);
    pages.push(page);
    cursor = page.next;
  } while (cursor !== undefined);
  return pages;
}

function everything(_repository: RepositoryName): boolean {
  return true;
}

function isPublic(repository: string): boolean {
  return !repository.startsWith('secret/');
}

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, number) => number);
}

describe('follows what is published', () => {
  test('a chart is found at once, by what its newest version says, and no more once it is withdrawn', async () => {
    await using opened = await open();
    const { published, index } = opened;
    published.publish(['team/web', { description: 'Serves pages', readme: '# Web\nWith *nginx*.' }]);
    expect(await find(index, 'nginx')).toEqual(['team/web']);
    published.publish(['team/web', { description: 'Serves pages', readme: '# Web\nWith *caddy*.' }], ['team/api']);
    expect(await find(index, 'nginx')).toEqual([]);
    expect(await find(index, 'caddy')).toEqual(['team/web']);
    expect(await find(index, 'team')).toEqual(['team/api', 'team/web']);
    published.withdraw('team/web');
    expect(await find(index, 'team')).toEqual(['team/api']);
    published.publish(['team/web']);
    expect(await find(index, 'team')).toEqual(['team/api', 'team/web']);
  });

  test.each([5, 6, 35, 250])('all of %i charts are indexed, those that changed at once as well', async (count) => {
    await using opened = await open();
    const { published, index, search } = opened;
    const names = range(count).map((number) => `team/web${number}`);
    published.publish(['first'], ...names.map((name) => [name] as const), ['last']);
    published.publishAtOnce(names.map((name) => [`at-once/${name}`]));
    published.publish(['end']);
    await index.catchUp();
    const indexed = await search.documents(names.flatMap((name) => [name, `at-once/${name}`]) as RepositoryName[]);
    expect(indexed).toHaveLength(2 * count);
    expect(await search.documents(['first', 'last', 'end'] as RepositoryName[])).toHaveLength(3);
    expect(published.readmesRead).toHaveLength(2 * count + 3);
    expect(await search.position()).toBe(1 + count + 4);
  });

  test('a search of an index that is far behind does not wait for all of it', async () => {
    await using opened = await open();
    const { published, index, search } = opened;
    published.publishAtOnce(range(200).map((number) => [`team/web${number}`]));
    expect(await find(index, 'team')).toHaveLength(50);
    expect(await search.position()).toBe(0);
    expect(await find(index, 'team')).toHaveLength(100);
    await index.catchUp();
    expect(await find(index, 'team')).toHaveLength(200);
  });

  test('searches at once index a chart once', async () => {
    await using opened = await open();
    const { published, index } = opened;
    published.publish(['team/web', { readme: 'nginx' }]);
    const found = await Promise.all(range(10).map(() => find(index, 'nginx')));
    expect(found).toEqual(Array(10).fill(['team/web']));
    expect(published.readmesRead).toEqual(['nginx']);
  });

  test('a chart that is published while others are being indexed is found by the next search', async () => {
    await using opened = await open();
    const { published, another } = opened;
    const reading = Promise.withResolvers<void>();
    const finished = Promise.withResolvers<void>();
    const index = another({
      readmeOf: async (digest) => {
        reading.resolve();
        await finished.promise;
        return await published.reading.readmeOf(digest);
      },
    });
    published.publish(['team/web']);
    const early = find(index, 'team');
    await reading.promise;
    published.publish(['team/api']);
    const late = find(index, 'team');
    finished.resolve();
    await early;
    expect(await late).toEqual(['team/api', 'team/web']);
    expect(published.readmesRead).toHaveLength(2);
  });

  test('what another process has indexed is not overwritten by what was read before', async () => {
    await using opened = await open();
    const { published, another, index } = opened;
    const read = Promise.withResolvers<void>();
    const finished = Promise.withResolvers<void>();
    const slow = another({
      readmeOf: async (digest) => {
        const readme = await published.reading.readmeOf(digest);
        read.resolve();
        await finished.promise;
        return readme;
      },
    });
    published.publish(['team/web', { readme: 'old' }]);
    const catchingUp = slow.catchUp();
    await read.promise;
    published.publish(['team/web', { readme: 'new' }]);
    await index.catchUp();
    finished.resolve();
    await catchingUp;
    expect(await find(index, 'new')).toEqual(['team/web']);
    expect(await find(index, 'old')).toEqual([]);
  });

  test('a README that cannot be read stops nothing, and somebody is told', async () => {
    await using opened = await open();
    const { published, failures, another } = opened;
    const index = another({
      readmeOf: async (digest) => {
        if (digest === digestOf(Buffer.from('damaged'))) throw new Error('not a gzip');
        return await published.reading.readmeOf(digest);
      },
    });
    published.publish(['team/web', { readme: 'damaged', keywords: ['nginx'] }], ['team/api', { readme: 'nginx' }]);
    expect(await find(index, 'nginx')).toEqual(['team/web', 'team/api']);
    expect(failures).toEqual(['team/web: Error: not a gzip']);
  });

  test('while nothing can be indexed, what was indexed before is found; then it goes on', async () => {
    await using opened = await open();
    const { published, failures, another } = opened;
    let isBroken = false;
    const index = another({
      newestListedVersion: async (database, repository) => {
        if (isBroken) throw new Error('the disk is full');
        return await published.reading.newestListedVersion(database, repository);
      },
    });
    published.publish(['team/web']);
    await index.catchUp();
    published.publish(['team/api']);
    isBroken = true;
    expect(await find(index, 'team')).toEqual(['team/web']);
    await expect(index.catchUp()).rejects.toThrow('the disk is full');
    expect(failures).toEqual(['all: Error: the disk is full']);
    isBroken = false;
    expect(await find(index, 'team')).toEqual(['team/api', 'team/web']);
  });
});

describe('finds', () => {
  test('the text in which something was found is shown, not that of its name', async () => {
    await using opened = await open();
    const { published, index } = opened;
    published.publish(['web', { description: 'Serves pages' }], ['api', { readme: '**Calls** `web`, [fast](x).' }]);
    expect((await index.find('web', ALL, everything)).charts).toEqual([
      { repository: 'web', snippet: undefined },
      { repository: 'api', snippet: 'Calls web, fast.' },
    ]);
    const corrected = await index.find('pagse', ALL, everything);
    expect(corrected.charts).toEqual([{ repository: 'web', snippet: 'Serves pages' }]);
  });

  test('only when nothing has the words as they are typed, those near to them count', async () => {
    await using opened = await open();
    const { published, index } = opened;
    published.publish(['cert-manager', { readme: 'kubernetes' }], ['web', { keywords: ['manger'] }]);
    const find = async (text: string) => {
      const result = await index.find(text, ALL, everything);
      return [...namesOf(result), result.isCorrected];
    };
    expect(await find('manger')).toEqual(['web', false]);
    expect(await find('cert-manger')).toEqual(['cert-manager', true]);
    expect(await find('certmanger')).toEqual(['cert-manager', true]);
    expect(await find('kubrenetess')).toEqual(['cert-manager', true]);
    expect(await find('mangerr')).toEqual(['web', true]);
    expect(await find('"mangerr"')).toEqual([false]);
    expect(await find('nothing-like-it')).toEqual([false]);
    expect(await find('" "')).toEqual([false]);
  });

  test.each(['web', 'wbeserver'])('pages of %s follow one another to the end', async (text) => {
    await using opened = await open();
    const { published, index } = opened;
    published.publishAtOnce(range(25).map((number) => [`team${number}/web`, { keywords: ['webserver'] }]));
    await index.catchUp();
    const expected = await find(index, 'web');
    expect(expected).toHaveLength(25);
    expect(await pagesOf(index, text, 10)).toEqual([expected.slice(0, 10), expected.slice(10, 20), expected.slice(20)]);
    expect(await pagesOf(index, text, 25)).toEqual([expected]);
  });

  test('behind the last page nothing is corrected', async () => {
    await using opened = await open();
    const { published, index } = opened;
    published.publish(['a/redis'], ['b/redis'], ['c/reids']);
    const { next } = await index.find('redis', { limit: 1 }, everything);
    published.withdraw('b/redis');
    const result = await index.find('redis', { limit: 1, cursor: next }, everything);
    expect(result).toEqual({ charts: [], isCorrected: false, next: undefined });
  });

  test.each([
    '',
    '!',
    'bm8',
    Buffer.from('["a",1,"b"]').toString('base64url'),
    Buffer.from('[true,1,"\\u0000"]').toString('base64url'),
  ])('the cursor %j is none', async (cursor) => {
    await using opened = await open();
    const finding = opened.index.find('web', { cursor, limit: 1 }, everything);
    await expect(finding).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });
});

describe('shows nobody anything of what they may not read', () => {
  test('many private charts before a public one do not hide it', async () => {
    await using opened = await open();
    const { published, index } = opened;
    published.publishAtOnce(range(150).map((number) => [`secret/web${number}`]));
    published.publish(['web-of-all', { description: 'web' }], ['readme', { readme: 'web' }]);
    await index.catchUp();
    expect(await find(index, 'web')).toHaveLength(152);
    expect(await pagesOf(index, 'web', 1, isPublic)).toEqual([['web-of-all'], ['readme']]);
  });

  test('a page is filled with those that may be read, each once', async () => {
    await using opened = await open();
    const { published, index } = opened;
    const names = range(300).map((number) => `t${number}/web`);
    published.publishAtOnce(names.map((name) => [name]));
    await index.catchUp();
    const mayRead = (repository: RepositoryName) => /[02468]\//.test(repository);
    const pages = await pagesOf(index, 'web', 60, mayRead);
    expect(pages.map(({ length }) => length)).toEqual([60, 60, 30]);
    expect(pages.flat()).toEqual(names.filter((name) => mayRead(name as RepositoryName)).toSorted());
  });

  test('a word that only private charts have corrects nothing', async () => {
    await using opened = await open();
    const { published, index } = opened;
    published.publish(['secret/acquisition', { readme: 'acquisition' }], ['web', { readme: 'pages' }]);
    expect(await find(index, 'aquisition')).toEqual(['secret/acquisition']);
    const result = await index.find('aquisition', ALL, isPublic);
    expect(result).toEqual({ charts: [], isCorrected: false, next: undefined });
  });

  test('a word that only private charts have is corrected, as if there were none', async () => {
    await using opened = await open();
    const { published, index } = opened;
    published.publish(['secret/postgers'], ['postgres']);
    expect(await index.find('postgers', ALL, everything)).toMatchObject({ isCorrected: false });
    expect(await find(index, 'postgers', isPublic)).toEqual(['postgres']);
  });

  test('with however many words near to a private one nobody finds out whether it is there', async () => {
    const letters = [...'bcdefghjklmnopq'];
    const near = letters.flatMap((one) => letters.map((other) => `merqur${one}${other}l`)).slice(0, 200);
    const charts: [string, Texts][] = [
      ['hostile/filler', { readme: near.slice(0, 199).join(' ') }],
      ['hostile/canary', { readme: near.at(-1) ?? '' }],
    ];
    await using opened = await open();
    const { published, index } = opened;
    published.publish(...charts);
    const search = async () => await index.find('merqurial', ALL, isPublic);
    const without = await search();
    expect(namesOf(without)).toEqual(['hostile/canary', 'hostile/filler']);
    published.publish(['secret/chart', { readme: 'mercurial' }]);
    expect(await search()).toEqual(without);
  });

  test('a word of a private chart does not correct one to what a public chart has only as its path', async () => {
    await using opened = await open();
    const { published, index } = opened;
    published.publish(['acquisition/web']);
    expect(await find(index, 'aquisition', isPublic)).toEqual([]);
    published.publish(['secret/plan', { readme: 'acquisition' }]);
    expect(await find(index, 'aquisition', isPublic)).toEqual([]);
  });

  test('a cursor says nothing but what was shown', async () => {
    await using opened = await open();
    const { published, index } = opened;
    published.publish(['secret/web'], ['secret/web1'], ['team/web'], ['secret/web2'], ['team/web-2']);
    const { next = '' } = await index.find('web', { limit: 1 }, isPublic);
    expect(JSON.parse(Buffer.from(next, 'base64url').toString())).toEqual([false, 200_600, 'team/web']);
  });

  test('with any private charts the answer is that of a registry without them', async () => {
    const word = fc.constantFrom('redis', 'reids', 'rediss', 'cache', 'cahce', 'operator', 'operater', 'web', 'stable');
    const words = fc.array(word, { maxLength: 3 }).map((those) => those.join(' '));
    const namespace = fc.constantFrom('stable', 'stabel', 'team');
    const chart = fc.record({ namespace, name: word, description: words, readme: words });
    const charts = fc.array(chart, { maxLength: 5 });
    const texts = fc.array(words, { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(charts, charts, texts, async (publicCharts, privateCharts, typed) => {
        await using all = await open();
        await using some = await open();
        const shown = publicCharts.map(({ namespace, name, ...rest }, number) => {
          return [`${namespace}/${number}/${name}`, rest] as const;
        });
        const hidden = privateCharts.map(
          ({ namespace: _, name, ...rest }, number) => [`secret/${number}/${name}`, rest] as const,
        );
        all.published.publish(...hidden, ...shown);
        some.published.publish(...shown);
        for (const text of typed) {
          const pages = await resultsOf(all.index, text, 2, isPublic);
          expect(pages, text).toEqual(await resultsOf(some.index, text, 2, everything));
        }
      }),
      { numRuns: 25 },
    );
  });
});

test('a chart of which many versions have come is indexed once for all of them', async () => {
  await using opened = await open();
  const { published, another, search } = opened;
  published.publish(['team/web']);
  const newest = 700;
  let indexed = 0;
  const index = another({
    // As the table has it: of so many versions, the repositories and the last revision of each.
    repositoriesChangedAfter: async (_database, after, limit) =>
      after === newest
        ? []
        : [{ repository: 'team/web' as RepositoryName, revision: Math.min(after + limit + 1, newest) }],
    newestListedVersion: async (database, repository) => {
      indexed += 1;
      return await published.reading.newestListedVersion(database, repository);
    },
  });
  await index.catchUp();
  expect([await search.position(), indexed]).toEqual([newest, 1]);
});
