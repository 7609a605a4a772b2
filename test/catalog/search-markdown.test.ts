// Readable text of Markdown, and that it takes no longer for a hostile one.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainTextOf } from '../../src/catalog/search-markdown.ts';

test.each([
  ['a heading', '# Redis\n\nA *fast* store.', 'Redis A fast store.'],
  ['an underlined heading', 'Redis\n=====\nA store\n---\n', 'Redis A store'],
  ['badges', '[![CI](https://ci/x.svg)](https://ci) ![logo](a.png) ![x][y] Redis', 'Redis'],
  [
    'links',
    'See [the docs](https://a/b), [here][1] and <b>there</b>.\n\n[1]: https://c',
    'See the docs, here and there.',
  ],
  ['code', 'Run\n```sh\nhelm install\n```\nand `helm test`.', 'Run and helm test.'],
  ['code in tildes with a fence in it', 'a\n~~~~\n```\nb\n~~~\nc\n~~~~\nd', 'a d'],
  ['code without an end', 'a\n```\nb', 'a'],
  ['a table', '| Name | Value |\n|---|:-:|\n| `port` | 80 |', 'Name Value port 80'],
  ['lists and quotations', '> - [x] one\n  * two\n1. three\n> four', 'one two three four'],
  ['comments', 'a <!-- b\nc --> d <!-- e', 'a d'],
  ['names with underscores and stars', '__bold__ *it* _em_ snake_case 2 * 3 ~~old~~', 'bold it em snake_case 2 3 old'],
  ['tags', '<p align="center">Web<br/>App</p><img src="a>b', 'Web App b'],
  ['entities', 'a &amp; b &lt;c&gt; &copy;', 'a & b <c> &copy;'],
  ['lines that end otherwise', '# a\r\nb\rc', 'a b c'],
  ['no text', '', ''],
])('%s', (_what, markdown, text) => {
  expect(plainTextOf(markdown)).toBe(text);
});

test.each([
  '[',
  '![',
  '[![](',
  '<!--',
  '<a ',
  '</',
  '](',
  '_',
  '*',
  '`',
  '> ',
  '| ',
  '[a]:',
  '<',
  '&',
  '&amp',
  '#',
  '- [',
  '1',
  ' ',
])('a million characters of %j are read once', (part) => {
  // Were each gone through from every one before it, this would take minutes.
  const text = part.repeat(1_000_000 / part.length);
  expect(plainTextOf(text).length).toBeLessThanOrEqual(text.length);
  expect(plainTextOf(`a${text}\n${text}b`).length).toBeLessThanOrEqual(2 * text.length + 3);
});

test('any text has some', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(plainTextOf(text)).not.toMatch(/^\s|\s\s|\s$/);
    }),
  );
});
