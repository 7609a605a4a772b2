// What is typed to search, as a query.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSearch, parseSearchWithTypos } from '../../src/catalog/search-query.ts';
import type { ChartSearch, SearchTerm } from '../../src/ports/chart-search.ts';

const TERM: SearchTerm = { words: [], joined: undefined, isBeginning: true, place: undefined, similar: [] };

test.each<[string, readonly Partial<SearchTerm>[]]>([
  ['', []],
  ['  "" * -- ', []],
  ['Redis', [{ words: ['redis'] }]],
  ['redis  cache\tstore', [{ words: ['redis'] }, { words: ['cache'] }, { words: ['store'] }]],
  ['cert-manager', [{ words: ['cert', 'manager'], joined: 'certmanager' }]],
  ['team/web-app', [{ words: ['team', 'web', 'app'] }]],
  ['"cert-manager"', [{ words: ['cert', 'manager'], isBeginning: false }]],
  ['"looked up', [{ words: ['looked', 'up'], isBeginning: false }]],
  ['a"b c"d', [{ words: ['a'] }, { words: ['b', 'c'], isBeginning: false }, { words: ['d'] }]],
  ['v1.2.0', [{ words: ['1', '2', '0'], isBeginning: false }]],
  ['1.2.0-rc', [{ words: ['1', '2', '0', 'rc'] }]],
  ['数据', [{ words: ['数', '据'], isBeginning: false }]],
  ['keyword:db', [{ words: ['db'], place: 'keywords' }]],
  ['MAINTAINER:"Ann M"', [{ words: ['ann', 'm'], place: 'maintainers', isBeginning: false }]],
  [
    'name:web version:1.2',
    [
      { words: ['web'], place: 'name' },
      { words: ['1', '2'], place: 'versions', isBeginning: false },
    ],
  ],
  ['keyword: db', [{ words: ['keyword'] }, { words: ['db'] }]],
  ['keyword:"" db', [{ words: ['keyword'] }, { words: ['db'] }]],
  ['constructor:db', [{ words: ['constructor', 'db'] }]],
  ['surname:db', [{ words: ['surname', 'db'] }]],
  ['NOT (a OR b)', [{ words: ['not'] }, { words: ['a'] }, { words: ['or'] }, { words: ['b'] }]],
])('%j', (text, terms) => {
  expect(parseSearch(text).terms).toEqual(terms.map((term) => ({ ...TERM, ...term })));
});

test.each<[string, string | undefined]>([
  ['Cert-Manager', 'certmanager'],
  ['ingress nginx', 'ingressnginx'],
  ['team/web', 'teamweb'],
  ['keyword:web', undefined],
  ['web keyword:web', undefined],
  ['--', undefined],
])('%j could be the name %s', (text, name) => {
  expect(parseSearch(text).name).toBe(name);
});

test('of a long text the beginning counts: 256 characters, 8 terms, 24 words', () => {
  expect(parseSearch(`${' '.repeat(250)}abcdefghij`).terms.map(({ words }) => words)).toEqual([['abcdef']]);
  expect(parseSearch('a '.repeat(100)).terms).toHaveLength(8);
  const { terms } = parseSearch(`${'a.'.repeat(20)} ${'b.'.repeat(20)} c`);
  expect(terms.map(({ words }) => words.length)).toEqual([20, 4]);
});

test('whatever is typed is a query of words', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      const { terms } = parseSearch(text);
      expect(terms.flatMap(({ words }) => words).length).toBeLessThanOrEqual(24);
      for (const { words } of terms) expect(words.length).toBeGreaterThan(0);
    }),
    { numRuns: 1000 },
  );
});

test('with typos each word has those that are near to it, as far as it is long enough and not in quotes', async () => {
  const asked: string[] = [];
  const similarWords: ChartSearch['similarWords'] = async (word, edits, mayRead) => {
    asked.push(`${word} ${edits} ${mayRead === everything}`);
    return [{ word: `${word}x`, edits: 1 }];
  };
  const everything = () => true;
  const search = { similarWords } as ChartSearch;
  const typed = 'web cert-manager-1.2 keyword:reids "looked postgers" 数据';
  const query = await parseSearchWithTypos(typed, search, everything);
  expect(asked).toEqual(['cert 1 true', 'manager 1 true', 'reids 1 true']);
  expect(query.terms.map(({ words, similar }) => [...words, ...similar.map(({ word }) => word)].join(' '))).toEqual([
    'web',
    'cert certx',
    'manager managerx',
    '1',
    '2',
    'reids reidsx',
    'looked postgers',
    '数',
  ]);
  expect(query.terms[5]?.place).toBe('keywords');
  expect(query.terms.map(({ joined }) => joined)).toEqual(Array(8).fill(undefined));
  expect(query.name).toBeUndefined();
});
