// What a word is, in charts and in what is searched for.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compoundsOf, isUnspaced, toleratedEdits, wordsOf } from '../../src/ports/chart-search.ts';

test.each<[string, readonly string[]]>([
  ['', []],
  [' -- "*" 🚀 ', []],
  ['Web-App', ['web', 'app']],
  ['team/web_app', ['team', 'web', 'app']],
  ['1.2.0-rc.1+build', ['1', '2', '0', 'rc', '1', 'build']],
  ['v1.2.0 V14.3 v8 ipv4.5 api.v1', ['1', '2', '0', '14', '3', 'v8', 'ipv4', '5', 'api', 'v1']],
  ['Café CAFE\u0301 Ångström', ['cafe', 'cafe', 'angstrom']],
  ['Straße STRASSE', ['strasse', 'strasse']],
  ['ΟΔΟΣ οδός', ['οδοσ', 'οδοσ']],
  ['İstanbul ISTANBUL', ['istanbul', 'istanbul']],
  ['Ёлка', ['елка']],
  ['ﬁle ＡＢＣ ①', ['file', 'abc', '1']],
  ['データベース', ['デ', 'ー', 'タ', 'ベ', 'ー', 'ス']],
  ['k8s集群', ['k8s', '集', '群']],
  ['ที่', ['ที่']],
  ['हिन्दी', ['हिन्दी']],
  ['한국어 데이터', ['한국어', '데이터']],
  ['a\0b\ud800c', ['a', 'b', 'c']],
])('the words of %j', (text, words) => {
  expect(wordsOf(text)).toEqual(words);
});

test.each<[string, readonly string[]]>([
  ['cert-manager', ['certmanager']],
  ['a kube_state-metrics b, Load-Balancer', ['kubestatemetrics', 'loadbalancer']],
  ['web -- app- _team/web_ 1.2.0', []],
  ['--a--b--', ['ab']],
  ['größen-ordnung', ['großenordnung'.replace('ß', 'ss')]],
])('what is joined in %j', (text, compounds) => {
  expect(compoundsOf(text)).toEqual(compounds);
});

test.each<[string, number]>([
  ['web', 0],
  ['helm', 1],
  ['neo4j', 1],
  ['ingress', 1],
  ['operator', 2],
  ['1234567', 0],
  ['a1b2c3d4', 0],
  ['1password', 0],
  ['数', 0],
])('in %s so many edits are tolerated: %i', (word, edits) => {
  expect(toleratedEdits(word)).toBe(edits);
});

test('words have letters, digits and marks only, are short, and are words of their own', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ unit: 'grapheme', maxLength: 200 }));
  fc.assert(
    fc.property(text, (written) => {
      for (const word of wordsOf(written)) {
        expect(word).toMatch(/^[\p{L}\p{N}\p{M}]+$/u);
        expect(word.length).toBeLessThanOrEqual(64);
        expect(wordsOf(word), JSON.stringify(written)).toEqual([word]);
      }
    }),
    { numRuns: 1000 },
  );
});

test('what a word is folded to stays as it is, for every character that there is', () => {
  const codes = Array.from({ length: 0x110000 }, (_, code) => code).filter((code) => code < 0xd800 || code > 0xdfff);
  const words = codes.flatMap((code) => wordsOf(String.fromCodePoint(code)));
  expect(words.filter((word) => wordsOf(word).join(' ') !== word)).toEqual([]);
  expect(wordsOf('ẞ')).toEqual(['ss']);
});

test('a word of many characters is cut, and no character of it is', () => {
  expect(wordsOf('x'.repeat(100))).toEqual(['x'.repeat(64)]);
  expect(wordsOf(`x${'𝒳𐐷'.repeat(40)}`)[0]).toMatch(/^[\p{L}\p{N}\p{M}]{1,64}$/u);
});

test('only characters of scripts without spaces are told to be so', () => {
  expect(['数', 'あ', 'ฐ', 'a', '한', 'д'].map(isUnspaced)).toEqual([true, true, true, false, false, false]);
});

test('a million characters are read once', () => {
  // Were each gone through from every one before it, this would take minutes.
  for (const part of ['v1', 'v1.', 'a-', '-', 'é', '数', '\u0301']) {
    const text = part.repeat(1_000_000 / part.length);
    expect(wordsOf(text).length).toBeLessThanOrEqual(text.length);
    expect(compoundsOf(text).length).toBeLessThanOrEqual(1);
  }
});
