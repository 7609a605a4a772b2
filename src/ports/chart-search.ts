// The port to the full text search over charts, and what a word is in it, so that every adapter finds the same.
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Transaction } from './database.ts';

/** What a chart can be found by: of each repository that of one version. Texts as a person reads them, of any length. */
export interface SearchDocument {
  readonly repository: RepositoryName;
  readonly name: string;
  readonly description: string;
  readonly keywords: string;
  readonly maintainers: string;
  /** of the chart, and of what it installs */
  readonly versions: string;
  readonly readme: string;
}

/** Where in a document something is found; the path is the name of the repository. */
export type SearchPlace = 'name' | 'keywords' | 'description' | 'path' | 'maintainers' | 'versions' | 'readme';

/** A word, or several that must follow one another. */
export interface SearchTerm {
  /** as `wordsOf` makes them, at least one */
  readonly words: readonly string[];
  /** The words in one, as some write them: `certmanager`. Undefined where nobody does. */
  readonly joined: string | undefined;
  /** Whether the last word may be the beginning of one. */
  readonly isBeginning: boolean;
  /** The only place where it counts. Undefined for any. */
  readonly place: SearchPlace | undefined;
  /** What may stand in place of the word, and is then worth less than any place of the word itself. */
  readonly similar: readonly SimilarWord[];
}

export interface SimilarWord {
  readonly word: string;
  readonly edits: 1 | 2;
}

export interface SearchQuery {
  /** A document must have all of them. */
  readonly terms: readonly SearchTerm[];
  /**
   * All that was typed in one word: a chart of that path comes first, then those of that name, then those whose names begin
   * so. Undefined when it is no name.
   */
  readonly name: string | undefined;
}

export interface SearchHit {
  readonly repository: RepositoryName;
  /** What the place of each word is worth. Says nothing about other documents, which the reader may not know. */
  readonly score: number;
}

export type MayRead = (repository: RepositoryName) => boolean;

/**
 * Ranks by where the words are found: as the whole path or name, at the name's beginning, in the name, keywords, description, path,
 * maintainers and versions, README; a whole word before the beginning of one. Not by how often a word is in all documents,
 * as BM25 does: then what is private would change the order of what is public.
 */
export interface ChartSearch {
  /** The revision of the catalog up to which it has been brought; 0 when it is empty, and must be filled. */
  position(): Promise<number>;
  /** False when the position is another one than `from`: another process was faster, and nothing may be written. */
  advance(tx: Transaction, from: number, to: number): Promise<boolean>;
  /** Instead of the document that the repository had. */
  put(tx: Transaction, document: SearchDocument): Promise<void>;
  remove(tx: Transaction, repository: RepositoryName): Promise<void>;
  /** Best first, equals by name, behind `after`, at most `limit`. Nothing is found by no terms. */
  find(
    query: SearchQuery,
    page: { readonly after: SearchHit | undefined; readonly limit: number },
  ): Promise<readonly SearchHit[]>;
  /**
   * The words that `vocabularyOf` gives of the documents that may be read, so many edits away from this one or fewer: nearest
   * first, then in a fixed order, at most `MAXIMUM_SIMILAR_WORDS`. Other documents change nothing of it, however many words
   * they have, but the time that it takes.
   */
  similarWords(word: string, edits: 1 | 2, mayRead: MayRead): Promise<readonly SimilarWord[]>;
  /** Those of the repositories that have one. */
  documents(repositories: readonly RepositoryName[]): Promise<readonly SearchDocument[]>;
}

export const MAXIMUM_SIMILAR_WORDS = 200;

/** characters; what a longer word has beyond is left out, in documents as in queries */
const MAXIMUM_WORD = 64;

const ASCII = /^[\0-\x7f]*$/;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;
/** Of scripts that put no space between words, each character is a word, with its marks. */
const UNSPACED = '[\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Thai}\\p{scx=Laoo}\\p{scx=Khmr}\\p{scx=Mymr}]';
const PIECE = new RegExp(`${UNSPACED}\\p{M}*|(?:(?!${UNSPACED})[\\p{L}\\p{N}\\p{M}])+`, 'gu');
const UNSPACED_WORD = new RegExp(`^${UNSPACED}`, 'u');
/** Of 1.2.0 and v1.2.0 either is found by the other. */
const VERSION_PREFIX = /(?<![\p{L}\p{N}\p{M}])v(?=\d+\.)/gu;
const COMPOUND = /[\p{L}\p{N}\p{M}_-]+/gu;
/** Has a letter first and one digit at the most, as neo4j does: what else has digits is a version or a digest. */
const CORRECTABLE = /^\p{L}[\p{L}\p{M}]*\p{N}?[\p{L}\p{M}]*$/u;

/** The words of a text in their order, without case and diacritics; only letters, digits and their marks are in them. */
export function wordsOf(text: string): readonly string[] {
  const folded = fold(text).replace(VERSION_PREFIX, '');
  if (ASCII.test(folded)) return (folded.match(/[a-z0-9]+/g) ?? []).map(cut);
  return (folded.match(WORD) ?? []).flatMap((word) => word.match(PIECE) ?? []).map(cut);
}

/** What is joined by "-" or "_" in a text, in one word: `certmanager` of cert-manager. */
export function compoundsOf(text: string): readonly string[] {
  return (fold(text).match(COMPOUND) ?? []).flatMap((compound) => {
    const words = compound.split(/[-_]+/).filter((word) => word !== '');
    return words.length > 1 ? [cut(words.join(''))] : [];
  });
}

/** Whether a word is one character of a script that does not part words. */
export function isUnspaced(word: string): boolean {
  return UNSPACED_WORD.test(word);
}

/** How many edits may have made the word out of another: letters put in, left out, exchanged, or changed. */
export function toleratedEdits(word: string): 0 | 1 | 2 {
  const length = [...word].length;
  if (length < 4 || !isCorrectable(word)) return 0;
  return length < 8 ? 1 : 2;
}

/** Whether another word may have been meant by, or instead of, this one. */
function isCorrectable(word: string): boolean {
  return CORRECTABLE.test(word) && !isUnspaced(word);
}

/** The words of a document in place of which others may be typed. What is no text, its path and versions, has none. */
export function vocabularyOf({
  name,
  description,
  keywords,
  maintainers,
  readme,
}: SearchDocument): ReadonlySet<string> {
  const texts = [name, description, keywords, maintainers, readme];
  const words = [...texts.flatMap(wordsOf), ...[name, keywords].flatMap(compoundsOf)];
  return new Set(words.filter((word) => word.length > 2 && isCorrectable(word)));
}

/** Those of the candidates that are so many edits away from the word or fewer, without the word itself. */
export function similarTo(word: string, edits: 1 | 2, candidates: readonly string[]): readonly SimilarWord[] {
  const letters = [...word];
  return candidates.flatMap((candidate) => {
    const distance = candidate === word ? 0 : editsBetween(letters, [...candidate]);
    return (distance === 1 || distance === 2) && distance <= edits ? [{ word: candidate, edits: distance }] : [];
  });
}

/** For sorting: nearer words, then by their UTF-16 code units. */
export function nearestFirst(one: SimilarWord, other: SimilarWord): number {
  return one.edits - other.edits || (one.word < other.word ? -1 : 1);
}

/** Letters put in, left out, changed, or exchanged with their neighbour ("optimal string alignment"), infinite when beyond 2. */
function editsBetween(one: readonly string[], other: readonly string[]): number {
  let older: number[] = [];
  let above = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (const [row, letter] of one.entries()) {
    const line = [row + 1];
    for (const [column, against] of other.entries()) {
      const changed = (above[column] ?? 0) + (letter === against ? 0 : 1);
      const least = Math.min(changed, (above[column + 1] ?? 0) + 1, (line[column] ?? 0) + 1);
      const isExchanged = letter === other[column - 1] && one[row - 1] === against;
      line.push(isExchanged ? Math.min(least, (older[column - 1] ?? 0) + 1) : least);
    }
    if (Math.min(...line) > 2) return Number.POSITIVE_INFINITY;
    [older, above] = [above, line];
  }
  return above[other.length] ?? 0;
}

/** By upper case, so that ß and ss, ς and σ are the same. Only the marks of alphabets go: in other scripts they are letters. */
function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  const lower = text.normalize('NFKD').toLowerCase().toUpperCase().toLowerCase().normalize('NFKD');
  return lower
    .replace(/[\u0300-\u036f]+/g, '')
    .replaceAll('ς', 'σ')
    .normalize('NFC');
}

function cut(word: string): string {
  return word.length > MAXIMUM_WORD ? word.slice(0, MAXIMUM_WORD).toWellFormed() : word;
}
