// A piece of a document's text, around what was searched for.
import { isUnspaced, type SearchDocument, type SearchQuery, type SearchTerm, wordsOf } from '../ports/chart-search.ts';

/** characters */
const LENGTH = 200;
/** How much of it may stand before what was found. */
const LEAD = 60;
/** In how many places the words of a term are looked for. */
const MAXIMUM_TRIES = 100;
const MAXIMUM_SIMILAR = 20;
/** How much of a text is folded word by word, where letters as they are written are not those of the term: characters. */
const MAXIMUM_FOLDED = 8 * 1024;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const ASCII = /^[\0-\x7f]*$/;
const IN_WORD = /[\p{L}\p{N}\p{M}]/u;

/**
 * Of the text that has most of the terms, before others the description; plain text, at most some 200 characters. Undefined
 * when none has any: then it was found by its name.
 */
export function snippetOf(document: SearchDocument, { terms }: SearchQuery): string | undefined {
  const texts = [document.description, document.readme, document.keywords, document.maintainers, document.versions];
  let best = { text: '', start: 0, count: 0 };
  for (const text of texts) {
    const found = foundIn(text, terms);
    if (found.count > best.count) best = { text, ...found };
    if (best.count === terms.length) break;
  }
  return best.count === 0 ? undefined : excerpt(best.text, best.start);
}

/** How many of the terms are in the text, and where the first of them is. */
function foundIn(text: string, terms: readonly SearchTerm[]): { readonly start: number; readonly count: number } {
  const lower = text.toLowerCase();
  const places = terms.flatMap((term) => placeOf(term, lower) ?? foldedPlaceOf(term, text) ?? []);
  return { start: Math.min(...places), count: places.length };
}

/** Where the term is, written as it is folded, as most are. */
function placeOf(term: SearchTerm, text: string): number | undefined {
  const places = beginningsOf(term).flatMap((beginning) => {
    let tries = MAXIMUM_TRIES;
    for (let at = text.indexOf(beginning); at !== -1 && tries > 0; at = text.indexOf(beginning, at + 1)) {
      if (!isBeginningOfWord(text, at)) continue;
      if (isAtBeginning(term, wordsOf(text.slice(at, at + LENGTH)))) return [at];
      tries -= 1;
    }
    return [];
  });
  return places.length === 0 ? undefined : Math.min(...places);
}

function foldedPlaceOf(term: SearchTerm, text: string): number | undefined {
  if (ASCII.test(text)) return undefined;
  const beginnings = beginningsOf(term);
  for (const { 0: written, index } of text.slice(0, MAXIMUM_FOLDED).matchAll(WORD)) {
    const [first = ''] = wordsOf(written);
    if (!beginnings.some((beginning) => first.startsWith(beginning))) continue;
    if (isAtBeginning(term, wordsOf(text.slice(index, index + LENGTH)))) return index;
  }
  return undefined;
}

function beginningsOf({ words: [first = ''], joined, similar }: SearchTerm): readonly string[] {
  return [
    first,
    ...(joined === undefined ? [] : [joined]),
    ...similar.slice(0, MAXIMUM_SIMILAR).map(({ word }) => word),
  ];
}

function isBeginningOfWord(text: string, at: number): boolean {
  const before = text.charAt(at - 1);
  // Of v1.2 the "v" is no part of a word.
  return !IN_WORD.test(before) || before === 'v' || isUnspaced(before) || isUnspaced(text.slice(at, at + 2));
}

function isAtBeginning({ words, joined, isBeginning, similar }: SearchTerm, text: readonly string[]): boolean {
  const last = words.length - 1;
  const isPhrase = words.every(
    (word, number) => text[number] === word || (isBeginning && number === last && text[number]?.startsWith(word)),
  );
  const [here] = text;
  return isPhrase || here === joined || similar.some(({ word }) => word === here);
}

function excerpt(text: string, found: number): string {
  const earliest = Math.max(0, found - LEAD);
  const space = earliest === 0 ? -1 : text.indexOf(' ', earliest);
  const start = space === -1 || space >= found ? earliest : space + 1;
  const rest = text.slice(start, start + LENGTH);
  const isEnd = start + rest.length >= text.length;
  const end = isEnd ? rest.length : rest.lastIndexOf(' ');
  const shown = end > LENGTH - LEAD || isEnd ? rest.slice(0, end) : rest;
  return `${start > 0 ? '…' : ''}${shown.toWellFormed()}${isEnd ? '' : '…'}`;
}
