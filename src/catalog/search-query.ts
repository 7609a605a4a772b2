// The language of searches: words, "phrases" and words of one place (`keyword:database`). Whatever is typed means something.
import {
  type ChartSearch,
  compoundsOf,
  isUnspaced,
  type MayRead,
  type SearchPlace,
  type SearchQuery,
  type SearchTerm,
  toleratedEdits,
  wordsOf,
} from '../ports/chart-search.ts';

/** characters; what is typed beyond is left out, and so are words and terms beyond the numbers below */
export const MAXIMUM_SEARCH_TEXT = 256;
const MAXIMUM_TERMS = 8;
const MAXIMUM_WORDS = 24;

const PLACES: Readonly<Record<string, SearchPlace>> = {
  name: 'name',
  keyword: 'keywords',
  maintainer: 'maintainers',
  version: 'versions',
};
/** `place:"a phrase"`, `place:word`, and both without a place. */
const PART = new RegExp(`(?:(${Object.keys(PLACES).join('|')}):(?=[^\\s"]|"[^"]))?(?:"([^"]*)"?|([^\\s"]+))`, 'gi');
const NUMBER = /^\p{N}+$/u;

interface Part {
  readonly text: string;
  readonly place: SearchPlace | undefined;
  readonly isPhrase: boolean;
}

/**
 * What joins words, as in `web-app`, `team/web` and `1.2.0`, says that they follow one another. A text without words is a
 * query without terms.
 */
export function parseSearch(text: string): SearchQuery {
  const terms = termsOf(partsOf(text));
  const name = terms.flatMap((term) => term.words).join('');
  return { terms, name: terms.every(({ place }) => place === undefined) && name !== '' ? name : undefined };
}

/**
 * The same search, in which words that are near to those of it count, too, as far as they stand in what may be read. Phrases in
 * quotes stay as they are.
 */
export async function parseSearchWithTypos(text: string, search: ChartSearch, mayRead: MayRead): Promise<SearchQuery> {
  // With a typo in it, what is joined is found nowhere in one piece.
  const parts = partsOf(text).flatMap((part) =>
    part.isPhrase ? [part] : wordsOf(part.text).map((word) => ({ ...part, text: word })),
  );
  const terms = termsOf(parts).map(async (term) => {
    const [word = ''] = term.words;
    const edits = term.isBeginning ? toleratedEdits(word) : 0;
    return edits === 0 ? term : { ...term, similar: await search.similarWords(word, edits, mayRead) };
  });
  return { terms: await Promise.all(terms), name: undefined };
}

function partsOf(text: string): readonly Part[] {
  return [...text.slice(0, MAXIMUM_SEARCH_TEXT).matchAll(PART)].map(([, place = '', phrase, word = '']) => ({
    text: phrase ?? word,
    place: PLACES[place.toLowerCase()],
    isPhrase: phrase !== undefined,
  }));
}

function termsOf(parts: readonly Part[]): readonly SearchTerm[] {
  const terms: SearchTerm[] = [];
  let left = MAXIMUM_WORDS;
  for (const part of parts) {
    const words = wordsOf(part.text).slice(0, left);
    if (words.length > 0) terms.push(termOf(part, words));
    left -= words.length;
    if (terms.length === MAXIMUM_TERMS || left === 0) break;
  }
  return terms;
}

function termOf({ text, place, isPhrase }: Part, words: readonly string[]): SearchTerm {
  const [compound, ...others] = compoundsOf(text);
  const isJoined = !isPhrase && others.length === 0 && compound === words.join('');
  const last = words.at(-1) ?? '';
  return {
    words,
    joined: isJoined ? compound : undefined,
    // 1.2 is no beginning of 1.20, and what has no spaces is found by each of its characters.
    isBeginning: !isPhrase && !NUMBER.test(last) && !isUnspaced(last),
    place,
    similar: [],
  };
}
