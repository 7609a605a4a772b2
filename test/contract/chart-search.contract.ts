// What every ChartSearch must do, whatever it is made of.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSearch } from '../../src/catalog/search-query.ts';
import type { RepositoryName } from '../../src/oci/repository-name.ts';
import {
  type ChartSearch,
  MAXIMUM_SIMILAR_WORDS,
  type SearchDocument,
  type SearchHit,
  type SearchQuery,
  type SimilarWord,
  wordsOf,
} from '../../src/ports/chart-search.ts';
import type { Database } from '../../src/ports/database.ts';

export interface TestedChartSearch extends AsyncDisposable {
  readonly database: Database;
  readonly search: ChartSearch;
}

type Change = Partial<Omit<SearchDocument, 'repository'>>;

const ALL = { after: undefined, limit: 1000 };

export function documentOf(repository: string, change: Change = {}): SearchDocument {
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  const empty = { description: '', keywords: '', maintainers: '', versions: '', readme: '' };
  return { repository: repository as RepositoryName, name, ...empty, ...change };
}

export async function put({ database, search }: TestedChartSearch, ...documents: SearchDocument[]): Promise<void> {
  await database.transaction(async (tx) => {
    for (const document of documents) await search.put(tx, document);
  });
}

async function remove({ database, search }: TestedChartSearch, repository: string): Promise<void> {
  await database.transaction((tx) => search.remove(tx, repository as RepositoryName));
}

export async function found({ search }: TestedChartSearch, text: string): Promise<readonly string[]> {
  return (await search.find(parseSearch(text), ALL)).map(({ repository }) => repository);
}

/** @param open opens a search without any document */
export function chartSearchContract(open: () => Promise<TestedChartSearch>): void {
  findsWords(open);
  ranks(open);
  findsSimilarWords(open);
  keeps(open);
  takesAnything(open);
}

function findsWords(open: () => Promise<TestedChartSearch>): void {
  const cache = documentOf('team/in-memory-cache', {
    description: 'Remembers what was looked up',
    keywords: 'key-value store, redis',
    maintainers: 'Ann Müller, ann@example.com',
    versions: '4.1.0, v7.2.4-rc.1',
    readme: 'Start it with a password. 高性能数据库服务 ระบบฐานข้อมูล',
  });

  test.each([
    ['a word of the name', 'memory'],
    ['the name', 'in-memory-cache'],
    ['the name in one word', 'inmemorycache'],
    ['the name with spaces', 'in memory cache'],
    ['the beginning of a word of the name', 'mem'],
    ['one character', 'c'],
    ['the path', 'team'],
    ['the whole repository', 'team/in-memory-cache'],
    ['a keyword', 'redis'],
    ['a keyword in one word', 'keyvalue'],
    ['a word of the description', 'REMEMBERS'],
    ['a maintainer without diacritics', 'muller'],
    ['a maintainer whose diacritics are characters of their own', 'mu\u0308ller'],
    ['an address', 'ann@example.com'],
    ['a version', '4.1.0'],
    ['the beginning of a version', '4.1'],
    ['an appVersion without its v', '7.2.4'],
    ['a version with its pre-release', 'v7.2.4-rc.1'],
    ['a word of the README', 'password'],
    ['the beginning of a word of the README', 'passw'],
    ['words in Chinese', '数据库'],
    ['a single character', '库'],
    ['words in Thai', 'ฐานข้อมูล'],
    ['words of several places', 'password redis ann'],
    ['a phrase', '"looked up"'],
    ['a word of a place', 'keyword:redis'],
    ['a phrase of a place', 'maintainer:"ann muller"'],
    ['a name', 'name:memory'],
    ['a version alone', 'version:4.1'],
  ])('found by %s: %s', async (_what, text) => {
    await using opened = await open();
    await put(opened, documentOf('other/web', { readme: 'Serves pages.' }), cache);
    expect(await found(opened, text)).toEqual([cache.repository]);
  });

  test.each([
    ['a word that it has not', 'postgres'],
    ['one word that it has and one that it has not', 'redis postgres'],
    ['the end of a word', 'emory'],
    ['the beginning of a word in quotes', '"mem"'],
    ['words in another order', '"up looked"'],
    ['what is joined in another order', 'cache-memory'],
    ['words of two places as a phrase', '"redis ann"'],
    ['a number that begins with it', '4.10'],
    ['a number that begins it', '7.2.44'],
    ['a word of another place', 'maintainer:redis'],
    ['characters in another order', '库数'],
    ['no words', '"" -- *'],
    ['nothing', ''],
  ])('not found by %s: %s', async (_what, text) => {
    await using opened = await open();
    await put(opened, cache);
    expect(await found(opened, text)).toEqual([]);
  });
}

function ranks(open: () => Promise<TestedChartSearch>): void {
  test('the place of a word decides the order: name, keywords, description, others, README', async () => {
    await using opened = await open();
    await put(
      opened,
      documentOf('a/readme', { readme: 'redis redis redis redis' }),
      documentOf('b/versions', { versions: 'redis' }),
      documentOf('c/maintainers', { maintainers: 'redis' }),
      documentOf('redis/path'),
      documentOf('d/description', { description: 'redis' }),
      documentOf('e/keywords', { keywords: 'redis' }),
      documentOf('f/my-redis'),
      documentOf('g/redis-cluster'),
      documentOf('h/redis'),
    );
    const hits = await opened.search.find(parseSearch('redis'), ALL);
    expect(hits.map(({ repository }) => repository)).toEqual([
      'h/redis',
      'g/redis-cluster',
      'f/my-redis',
      'e/keywords',
      'd/description',
      'b/versions',
      'c/maintainers',
      'redis/path',
      'a/readme',
    ]);
    expect(new Set(hits.slice(5, 8).map(({ score }) => score)).size).toBe(1);
  });

  test('a whole word comes before the beginning of one, a shorter name before a longer one', async () => {
    await using opened = await open();
    await put(
      opened,
      documentOf('a', { keywords: 'database' }),
      documentOf('b', { keywords: 'data' }),
      documentOf('c', { description: 'database' }),
      documentOf('d', { description: 'data' }),
      documentOf('e', { readme: 'data' }),
      documentOf('cc', { readme: 'database' }),
      documentOf('database'),
      documentOf('data-warehouse'),
      documentOf('data-lake'),
      documentOf('big-data'),
    );
    expect(await found(opened, 'data')).toEqual([
      'data-lake',
      'data-warehouse',
      'database',
      'big-data',
      'b',
      'a',
      'd',
      'c',
      'e',
      'cc',
    ]);
  });

  test('a name is the same with and without what joins its words', async () => {
    await using opened = await open();
    await put(opened, ...['a/cert-manager-issuers', 'b/cert-manager', 'c/certmanager'].map((name) => documentOf(name)));
    for (const text of ['cert-manager', 'certmanager', 'Cert_Manager']) {
      expect(await found(opened, text), text).toEqual(['b/cert-manager', 'c/certmanager', 'a/cert-manager-issuers']);
    }
    expect(await found(opened, 'cert manager')).toEqual(['b/cert-manager', 'a/cert-manager-issuers']);
  });

  test('the whole path comes before the same as a name', async () => {
    await using opened = await open();
    await put(opened, documentOf('a/team-web'), documentOf('team/web'), documentOf('a/team'), documentOf('team'));
    expect(await found(opened, 'team/web')).toEqual(['team/web', 'a/team-web']);
    expect((await found(opened, 'team')).slice(0, 2)).toEqual(['team', 'a/team']);
  });

  test('the score of a document does not depend on what others there are', async () => {
    await using opened = await open();
    const few = [documentOf('a', { readme: 'redis store' }), documentOf('b', { keywords: 'redis', readme: 'store' })];
    await put(opened, ...few);
    const before = await opened.search.find(parseSearch('redis store'), ALL);
    await put(opened, ...range(50).map((number) => documentOf(`c/x${number}`, { readme: 'redis '.repeat(number) })));
    expect(await opened.search.find(parseSearch('redis store'), ALL)).toEqual(before);
    expect(before.map(({ repository }) => repository)).toEqual(['b', 'a']);
  });

  test('pages follow one another, equals in the order of their names', async () => {
    await using opened = await open();
    const names = range(25).map((number) => `team/web-${number}`);
    await put(opened, documentOf('team/other', { readme: 'web' }), ...names.map((name) => documentOf(name)));
    const pages = [];
    let after: SearchHit | undefined;
    do {
      const page = await opened.search.find(parseSearch('-web'), { after, limit: 10 });
      pages.push(page.map(({ repository }) => repository));
      after = page.at(-1);
    } while (after);
    const byLength = names.toSorted((one, other) => one.length - other.length || (one < other ? -1 : 1));
    const expected = [...byLength, 'team/other'];
    expect(pages).toEqual([expected.slice(0, 10), expected.slice(10, 20), expected.slice(20), []]);
  });
}

function findsSimilarWords(open: () => Promise<TestedChartSearch>): void {
  test.each<[string, 1 | 2, readonly string[]]>([
    ['reids', 1, ['redis']],
    ['rediss', 1, ['redis']],
    ['rdis', 1, ['redis']],
    ['tedis', 1, ['redis']],
    ['redix', 1, ['redis']],
    ['redis', 1, []],
    ['etcx', 1, ['etcd']],
    ['neo5j', 1, ['neo4j']],
    ['certmanger', 1, ['certmanager']],
    ['muler', 1, ['muller']],
    ['postgersql', 1, ['postgresql']],
    ['pstgersql', 1, []],
    ['pstgersql', 2, ['postgresql']],
    ['kubrenetess', 2, ['kubernetes']],
    ['kubernets', 2, ['kubernetes']],
    ['kubenets', 2, ['kubernetes']],
    ['kubnets', 2, []],
    ['clutser', 1, ['cluster']],
    ['kubernxtis', 1, []],
    ['kubernxtis', 2, ['kubernetes']],
    ['a1b2c4', 1, []],
    ['1230', 1, []],
  ])('%s, %i edits away: %j', async (word, edits, expected) => {
    await using opened = await open();
    await put(
      opened,
      documentOf('redis', { description: 'etcd', readme: 'A Kubernetes cluster. 1230a 1231 a1b2c3' }),
      documentOf('cert-manager', { maintainers: 'Müller', keywords: 'postgresql, neo4j' }),
    );
    const similar = await opened.search.similarWords(word, edits, everything);
    expect(similar.map((each) => each.word)).toEqual(expected);
  });

  test('nearer words come first, and each says how near it is', async () => {
    await using opened = await open();
    await put(opened, documentOf('a', { readme: 'monitors monitoring monitored monitorings' }));
    expect(await opened.search.similarWords('monitorin', 2, everything)).toEqual([
      { word: 'monitoring', edits: 1 },
      { word: 'monitored', edits: 2 },
      { word: 'monitorings', edits: 2 },
      { word: 'monitors', edits: 2 },
    ]);
  });

  test('only words of documents that may be read are similar, wherever else they stand', async () => {
    await using opened = await open();
    const texts = ['description', 'keywords', 'maintainers', 'readme'].map((place) => ({ [place]: 'monitoring' }));
    const similar = async (readable: string) => {
      const found = await opened.search.similarWords('monitorimg', 2, (repository) => repository === readable);
      return found.map(({ word }) => word);
    };
    await put(opened, ...texts.map((text, number) => documentOf(`some/chart${number}`, text)));
    await put(opened, documentOf('some/monitoring'), documentOf('some/moni-toring'));
    await put(opened, documentOf('monitoring/web', { versions: 'monitoring', readme: 'monitoring2' }));
    for (const number of range(4)) expect(await similar(`some/chart${number}`)).toEqual(['monitoring']);
    expect(await similar('some/monitoring')).toEqual(['monitoring']);
    expect(await similar('some/moni-toring')).toEqual(['monitoring']);
    expect(await similar('monitoring/web')).toEqual(['monitoring2']);
    expect(await similar('none')).toEqual([]);
  });

  test('a word is similar when one document of very many with it may be read', async () => {
    await using opened = await open();
    const names = range(1501).map((number) => `t${number}/web`);
    await put(opened, ...names.map((name) => documentOf(name, { readme: 'nginx' })));
    for (const readable of ['t0/web', 't1000/web', 't1500/web']) {
      const similar = await opened.search.similarWords('ngimx', 1, (repository) => repository === readable);
      expect(similar, readable).toEqual([{ word: 'nginx', edits: 1 }]);
    }
  });

  test('however many words there are that may not be read, near ones or not, those that may be are similar', async () => {
    await using opened = await open();
    const letters = range(26).map((number) => String.fromCharCode(97 + number));
    const near = letters.flatMap((one) => letters.map((other) => `mer${one}uria${other}`));
    const far = range(21_000).map((number) => `mera${number.toString(26).padStart(5, '0').replace(/\d/g, lettered)}`);
    const texts = [...near, 'mercurial', ...far].join(' ');
    await put(opened, documentOf('secret/web', { readme: texts }), documentOf('web', { readme: 'merzuriaz' }));
    const isPublic = (repository: string) => repository === 'web';
    expect(await opened.search.similarWords('merqurial', 2, isPublic)).toEqual([{ word: 'merzuriaz', edits: 2 }]);
    const all = await opened.search.similarWords('merqurial', 2, everything);
    expect(all).toHaveLength(MAXIMUM_SIMILAR_WORDS);
    expect(all.map(({ edits }) => edits)).toEqual(all.map((_, number) => (number < 50 ? 1 : 2)));
  });

  test('any single edit of a word of four letters or more leads back to it', async () => {
    await using opened = await open();
    const words = ['helm', 'chart', 'valuee', 'ingress', 'operator', 'kubernetes', 'größe'];
    await put(opened, documentOf('a', { readme: words.join(' ') }));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...words.flatMap(wordsOf)), fc.nat(), fc.nat(), async (word, which, letter) => {
        const edited = edit(word, which, String.fromCharCode(97 + (letter % 26)));
        fc.pre(edited !== word);
        const similar = await opened.search.similarWords(edited, 1, everything);
        expect(similar, edited).toContainEqual({ word, edits: 1 });
      }),
      { numRuns: 500 },
    );
  });

  test('documents with a similar word come behind those with the word, nearer ones first', async () => {
    await using opened = await open();
    await put(
      opened,
      documentOf('monitored'),
      documentOf('a', { readme: 'monitored' }),
      documentOf('b', { readme: 'monitoring' }),
      documentOf('c', { readme: 'monitorimg' }),
      documentOf('d', { readme: 'monitorimgs' }),
      documentOf('e', { keywords: 'monitoring' }),
    );
    const similar: readonly SimilarWord[] = [
      { word: 'monitoring', edits: 1 },
      { word: 'monitored', edits: 2 },
    ];
    const [term] = parseSearch('monitorimg').terms;
    if (!term) throw new Error('there is no term');
    const query: SearchQuery = { terms: [{ ...term, similar }], name: undefined };
    const hits = await opened.search.find(query, ALL);
    expect(hits.map(({ repository }) => repository)).toEqual(['c', 'd', 'e', 'b', 'monitored', 'a']);
  });
}

function keeps(open: () => Promise<TestedChartSearch>): void {
  test('a document takes the place of the one before; one that is removed is found by nothing', async () => {
    await using opened = await open();
    await put(opened, documentOf('web', { keywords: 'nginx', readme: 'proxy' }));
    await put(
      opened,
      documentOf('web', { keywords: 'caddy', readme: 'server' }),
      documentOf('api', { readme: 'nginx' }),
    );
    expect(await found(opened, 'nginx')).toEqual(['api']);
    expect(await found(opened, 'proxy')).toEqual([]);
    expect(await found(opened, 'caddy server')).toEqual(['web']);
    await remove(opened, 'web');
    expect(await found(opened, 'caddy')).toEqual([]);
    expect(await found(opened, 'web')).toEqual([]);
    await put(opened, documentOf('web'));
    expect(await found(opened, 'web')).toEqual(['web']);
    expect(await found(opened, 'caddy')).toEqual([]);
  });

  test('to remove what is not there changes nothing', async () => {
    await using opened = await open();
    await put(opened, documentOf('web'));
    await remove(opened, 'other');
    expect(await found(opened, 'web')).toEqual(['web']);
  });

  test('a word that no document has any more is similar to nothing', async () => {
    await using opened = await open();
    const similar = async () => (await opened.search.similarWords('ngimx', 1, everything)).map(({ word }) => word);
    await put(opened, documentOf('web', { readme: 'nginx nginx' }), documentOf('api', { keywords: 'nginx' }));
    await put(opened, documentOf('web', { readme: 'nginx', description: 'nginx' }));
    expect(await similar()).toEqual(['nginx']);
    await put(opened, documentOf('web', { readme: 'caddy' }));
    expect(await similar()).toEqual(['nginx']);
    await remove(opened, 'api');
    expect(await similar()).toEqual([]);
  });

  test('documents are given back as they are, those that are there', async () => {
    await using opened = await open();
    const web = documentOf('team/web', { description: 'Ü "x" \'y\'', readme: 'a\nb', versions: '1.0.0' });
    await put(opened, web, documentOf('api'));
    expect(await opened.search.documents(['none', 'team/web'] as RepositoryName[])).toEqual([web]);
    expect(await opened.search.documents([])).toEqual([]);
  });

  test('the position is that of an empty index first, and goes on from where it is only', async () => {
    await using opened = await open();
    const { database, search } = opened;
    expect(await search.position()).toBe(0);
    expect(await database.transaction((tx) => search.advance(tx, 0, 5))).toBe(true);
    expect(await database.transaction((tx) => search.advance(tx, 0, 7))).toBe(false);
    expect(await search.position()).toBe(5);
    expect(await database.transaction((tx) => search.advance(tx, 5, 5))).toBe(true);
  });

  test('what is not committed is not found', async () => {
    await using opened = await open();
    const { database, search } = opened;
    const failing = database.transaction(async (tx) => {
      await search.put(tx, documentOf('web'));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await found(opened, 'web')).toEqual([]);
    expect(await search.similarWords('wbe', 1, everything)).toEqual([]);
  });
}

function takesAnything(open: () => Promise<TestedChartSearch>): void {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc
      .array(
        fc.constantFrom(
          '"',
          "'",
          '*',
          '(',
          ')',
          '{',
          '}',
          ':',
          '^',
          '-',
          '+',
          'AND',
          'OR',
          'NOT',
          'NEAR',
          'name',
          ' ',
          'a',
          '\\',
          '%',
          ';--',
        ),
      )
      .map((parts) => parts.join('')),
  );

  test('nothing that can be typed fails', async () => {
    await using opened = await open();
    await put(opened, documentOf('web', { readme: 'a name AND b' }));
    await fc.assert(
      fc.asyncProperty(text, async (typed) => {
        const hits = await opened.search.find(parseSearch(typed), ALL);
        expect(hits.length).toBeLessThan(2);
      }),
      { numRuns: 500 },
    );
  });

  test('whatever stands in a document, it is found by each word of it', async () => {
    await using opened = await open();
    // Texts are printable: some databases keep no NUL.
    const printable = text.map((each) => each.toWellFormed().replace(/\p{Cc}/gu, ' '));
    await fc.assert(
      fc.asyncProperty(printable, printable, async (description, readme) => {
        await put(opened, documentOf('web', { description, keywords: description, maintainers: description, readme }));
        for (const word of [...wordsOf(description), ...wordsOf(readme)].slice(0, 5)) {
          expect(await found(opened, `"${word}"`), word).toEqual(['web']);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('long words are found, also by more than is kept of them', async () => {
    await using opened = await open();
    const long = 'x'.repeat(200);
    await put(opened, documentOf('web', { readme: long }));
    expect(await found(opened, long)).toEqual(['web']);
    expect(await found(opened, long.slice(0, 30))).toEqual(['web']);
  });
}

/** A letter from q on for a digit, so that with those from a to p there are 26. */
function lettered(digit: string): string {
  return String.fromCharCode(113 + Number(digit));
}

function everything(): boolean {
  return true;
}

/** A letter changed, put in, left out, or exchanged with its neighbour. */
function edit(word: string, which: number, letter: string): string {
  const at = which % word.length;
  const [before, here, behind] = [word.slice(0, at), word.charAt(at), word.slice(at + 1)];
  switch (Math.floor(which / word.length) % 4) {
    case 0:
      return `${before}${letter}${behind}`;
    case 1:
      return `${before}${letter}${here}${behind}`;
    case 2:
      return `${before}${behind}`;
    default:
      return `${before}${behind.charAt(0)}${here}${behind.slice(1)}`;
  }
}

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, number) => number);
}
