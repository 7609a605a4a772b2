// The piece of a document's text that shows why it was found.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSearch } from '../../src/catalog/search-query.ts';
import { snippetOf } from '../../src/catalog/search-snippet.ts';
import type { SearchDocument } from '../../src/ports/chart-search.ts';
import { documentOf } from '../contract/chart-search.contract.ts';

const FILLER = 'lorem ipsum dolor sit amet consectetur '.repeat(20);

const WEB = documentOf('web', {
  description: 'Serves pages',
  keywords: 'nginx, proxy',
  maintainers: 'Ann Müller',
  versions: '1.2.0, v7.1',
  readme: `${FILLER}with a password for pages ${FILLER}`,
});

function shown(text: string, document: SearchDocument = WEB): string | undefined {
  return snippetOf(document, parseSearch(text));
}

test.each([
  ['pages', 'Serves pages'],
  ['nginx', 'nginx, proxy'],
  ['muller', 'Ann Müller'],
  ['7.1', '1.2.0, v7.1'],
  ['serv nothing', 'Serves pages'],
  ['pages nothing', 'Serves pages'],
  ['"serv"', undefined],
])('%s is shown by a short text as a whole', (text, snippet) => {
  expect(shown(text)).toBe(snippet);
});

test('of a long text what stands around it is shown, in whole words', () => {
  const snippet = shown('password') ?? '';
  expect(snippet).toMatch(/^…(?:[a-z]+ )+with a password for pages (?:[a-z]+ )*[a-z]+…$/);
  for (const word of snippet.slice(1, -1).split(' ')) expect(` ${WEB.readme} `).toContain(` ${word} `);
  expect(snippet.length).toBeLessThanOrEqual(202);
  expect(snippet.length).toBeGreaterThan(150);
});

test('the end of another word is not what was found', () => {
  const snippet = shown('password', documentOf('web', { readme: `nopassword ${FILLER} password` }));
  expect(snippet).toMatch(/^….* password$/);
});

test('the text that has more of the words is shown', () => {
  expect(shown('pages password')).toContain('with a password');
  expect(shown('password pages')).toContain('with a password');
});

test('a phrase is shown where all of it stands', () => {
  const document = documentOf('web', { readme: `first aid ${FILLER} first one` });
  expect(shown('"first one"', document)).toMatch(/first one$/);
  expect(shown('first one', document)).toMatch(/^first aid/);
});

test('what stands for a misspelled word is shown, and the word in one for its parts', () => {
  const query = parseSearch('pasword');
  const terms = query.terms.map((term) => ({ ...term, similar: [{ word: 'password', edits: 1 as const }] }));
  expect(snippetOf(WEB, { ...query, terms })).toContain('password');
  expect(shown('pass-word')).toContain('with a password');
});

test('text without spaces is shown, cut between characters', () => {
  const readme = `${'高'.repeat(500)}数据库${'𠮷'.repeat(500)}`;
  const snippet = shown('数据库', documentOf('web', { readme }));
  expect(snippet?.isWellFormed()).toBe(true);
  expect(snippet?.length).toBeLessThanOrEqual(202);
});

test('what is written otherwise than it was typed is shown, also behind other places of its beginning', () => {
  const readme = `${'Über '.repeat(120)}größere Über-Prüfung ${FILLER}`;
  const document = documentOf('web', { readme });
  expect(shown('grossere', document)).toContain('größere');
  expect(shown('uber-prufung', document)).toContain('größere Über-Prüfung');
  expect(shown('"uber prufung"', document)).toContain('größere Über-Prüfung');
});

test('nothing is shown of what was found by its name', () => {
  expect(shown('web')).toBeUndefined();
});

test('of any text a piece is shown that is in it', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 600 }).map((each) => each.toWellFormed());
  fc.assert(
    fc.property(text, fc.string({ unit: 'grapheme', maxLength: 5 }), (readme, typed) => {
      const snippet = shown(typed, documentOf('web', { readme: `${readme} ${typed} ${readme}` }));
      if (snippet === undefined) return;
      expect(snippet.length).toBeLessThanOrEqual(202);
    }),
  );
});
