// Reads the documents of a YAML text into syntax nodes and finds its comments, within limits on what that may cost.
import { Composer, type CST, Lexer, type ParsedNode, Parser } from 'yaml';
import type { Effort } from './effort.ts';
import { UnreadableFile } from './unreadable-file.ts';

export interface YamlDocuments {
  readonly roots: readonly (ParsedNode | null)[];
  readonly comments: readonly YamlComment[];
  /** where each line begins, in characters from the beginning of the text */
  readonly lineStarts: readonly number[];
}

export interface YamlComment {
  /** from 0 */
  readonly line: number;
  /** of the `#`, from 0 */
  readonly column: number;
  /** from the `#` to the end of the line */
  readonly text: string;
  /** whether nothing but white space stands before it in its line */
  readonly alone: boolean;
}

/** Names, values, signs and white space, counted apart; the largest values.yaml that are known have some 25,000. */
const MAXIMUM_LEXEMES = 150_000;
const MAXIMUM_LINES = 200_000;
/** units of effort for a text, however short it is */
const TEXT_EFFORT = 25;
/** What bad syntax costs more than good syntax: the package makes an error with its stack for each flaw. */
const FLAW_FACTOR = 10;

/**
 * @param effort lexemes and lines, together; a unit is about a microsecond
 * @throws UnreadableFile for bad syntax and for more text than may be read
 */
export function composeDocuments(text: string, effort: Effort): YamlDocuments {
  if (effort.left === 0) throw new UnreadableFile('is not read: this comparison has read as much YAML as it may');
  const lineStarts = lineStartsOf(text);
  const source = new CountedSource(text, lineStarts, Math.min(MAXIMUM_LEXEMES, effort.left));
  let isSound = false;
  try {
    const roots = compose(text, source.tokens());
    isSound = true;
    return { roots, comments: source.comments, lineStarts };
  } finally {
    effort.spend(TEXT_EFFORT + (lineStarts.length + source.lexemes) * (isSound ? 1 : FLAW_FACTOR));
  }
}

/** The line that `offset` lies in, from 0. */
export function lineAt(lineStarts: readonly number[], offset: number): number {
  let low = 0;
  let high = lineStarts.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low;
}

function lineStartsOf(text: string): readonly number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) {
    starts.push(end + 1);
    if (starts.length > MAXIMUM_LINES) throw new UnreadableFile(`has more than ${MAXIMUM_LINES} lines`);
  }
  return starts;
}

function compose(text: string, tokens: Iterable<CST.Token>): readonly (ParsedNode | null)[] {
  // The failsafe schema leaves scalars alone. The package's own search for equal keys takes quadratic time.
  const composer = new Composer({ schema: 'failsafe', uniqueKeys: false });
  const roots: (ParsedNode | null)[] = [];
  try {
    for (const { contents, errors } of composer.compose(tokens)) {
      const error = errors[0];
      if (error?.message.startsWith('Maximum call stack')) throw new UnreadableFile('is nested too deeply');
      if (error) {
        const line = text.slice(0, error.pos[0]).split('\n').length;
        throw new UnreadableFile(`is not YAML: ${error.message.slice(0, 200)} (line ${line})`);
      }
      roots.push(contents);
    }
    return roots;
  } catch (cause) {
    if (cause instanceof UnreadableFile) throw cause;
    // An overflow of the stack is reported above or, where the package does not look for it, thrown.
    throw new UnreadableFile('is nested too deeply', { cause });
  }
}

/** Gives the tokens of a text, one by one, and remembers the comments among them. */
class CountedSource {
  readonly #text: string;
  readonly #lineStarts: readonly number[];
  readonly #limit: number;
  readonly comments: YamlComment[] = [];
  lexemes = 0;

  constructor(text: string, lineStarts: readonly number[], limit: number) {
    this.#text = text;
    this.#lineStarts = lineStarts;
    this.#limit = limit;
  }

  *tokens(): Generator<CST.Token> {
    const parser = new Parser();
    for (const lexeme of new Lexer().lex(this.#text)) {
      this.lexemes += 1;
      if (this.lexemes > this.#limit) {
        throw new UnreadableFile(`is not read: it has more than ${this.#limit} names, values and signs`);
      }
      // No text of a scalar in a map begins so: that of a block begins with its indentation.
      if (lexeme.startsWith('#')) this.#note(lexeme, parser.offset);
      for (const token of parser.next(lexeme)) yield this.#sound(token);
    }
    for (const token of parser.end()) yield this.#sound(token);
  }

  /** Ends at the first token that is none, since there may be as many as there are characters. */
  #sound(token: CST.Token): CST.Token {
    if (token.type !== 'error') return token;
    const line = lineAt(this.#lineStarts, token.offset) + 1;
    throw new UnreadableFile(`is not YAML: ${token.message.slice(0, 200)} (line ${line})`);
  }

  #note(text: string, offset: number): void {
    const line = lineAt(this.#lineStarts, offset);
    const start = this.#lineStarts[line] ?? 0;
    const alone = this.#text.slice(start, offset).trim() === '';
    this.comments.push({ line, column: offset - start, text, alone });
  }
}
