// The comments of values.yaml: for each key the one that stands above it, beside it, or describes it by its path (`@param`).
import { isMap, isScalar, type ParsedNode, type YAMLMap } from 'yaml';
import { MAXIMUM_DEPTH } from '../yaml-values.ts';
import { isMergeKey, keyOf } from './yaml-data.ts';
import { lineAt, type YamlComment, type YamlDocuments } from './yaml-documents.ts';
import type { ScalarReader } from './yaml-scalar.ts';

/** A map of values.yaml and its keys, with what is said about each. */
export interface CommentedKey {
  comment: string | undefined;
  readonly children: Map<string, CommentedKey>;
  /** Where the value stands: lines from 0, and the column of its keys when it is a block map. */
  readonly firstLine: number;
  lastLine: number;
  column: number | undefined;
}

export interface ValuesComments {
  readonly root: CommentedKey;
  /** Whether the map `of` has `key` in a comment, as `# key: value`. */
  isCommentedOut(of: CommentedKey, key: string): boolean;
}

/** The form of the generator of README tables that Bitnami's charts use: `## @param image.tag [string] Tag of the image`. */
const PARAMETER = /^@param\s+(\S+)\s*(?:\[[^\]]*\]\s*)?(.*)$/;
const GENERATOR_LINE = /^@(?:param|section|skip|extra|descriptionStart|descriptionEnd)\b/;
/** The form of helm-docs: `# -- Tag of the image`, with more lines below it. */
const DESCRIPTION = /^--(?:\s|$)/;
const COMMENTED_KEY = /^#+ ?(["']?)([\w./-]+)\1:(?:\s|$)/;
/** places of one key among the comments that are remembered */
const MAXIMUM_PLACES = 50;

export function commentsOf(documents: YamlDocuments, scalars: ScalarReader): ValuesComments {
  const lines = new CommentLines(documents.comments);
  const root: CommentedKey = {
    comment: undefined,
    children: new Map(),
    firstLine: 0,
    lastLine: documents.lineStarts.length,
    column: 0,
  };
  const tree = new CommentTree(documents, lines, scalars);
  for (const node of documents.roots) tree.add(root, node, 0);
  describeParameters(root, documents.comments);
  return { root, isCommentedOut: (of, key) => lines.hasKey(key, of) };
}

/** Without the `#` of each line, and of helm-docs' form the description only. */
function textOfComment(lines: readonly string[]): string | undefined {
  const texts = lines.map((line) => line.replace(/^#+ ?/, '').trimEnd()).filter((line) => !GENERATOR_LINE.test(line));
  const begin = texts.findLastIndex((line) => DESCRIPTION.test(line));
  const described = begin === -1 ? texts : [texts[begin]?.replace(/^--\s*/, '') ?? '', ...texts.slice(begin + 1)];
  const text = described.join('\n').trim();
  return text === '' ? undefined : text;
}

/** Goes through the maps of a document; what aliases and merges bring in has its comments where it was written. */
class CommentTree {
  readonly #lineStarts: readonly number[];
  readonly #lines: CommentLines;
  readonly #scalars: ScalarReader;

  constructor(documents: YamlDocuments, lines: CommentLines, scalars: ScalarReader) {
    this.#lineStarts = documents.lineStarts;
    this.#lines = lines;
    this.#scalars = scalars;
  }

  add(parent: CommentedKey, node: ParsedNode | null, depth: number): void {
    if (!isMap(node) || depth > MAXIMUM_DEPTH) return;
    const entries = this.#entriesOf(node);
    entries.forEach(({ key, line, column, value }, index) => {
      const lastLine = (entries[index + 1]?.line ?? parent.lastLine + 1) - 1;
      if (!node.flow) parent.column = column;
      const entry: CommentedKey = {
        // A map in one line with its key has one comment, and that is the key's.
        comment: node.flow && line === parent.firstLine ? undefined : this.#lines.about(line),
        children: new Map(),
        firstLine: line,
        lastLine,
        column: undefined,
      };
      parent.children.set(key, entry);
      this.add(entry, value, depth + 1);
    });
  }

  #entriesOf(map: YAMLMap): readonly {
    readonly key: string;
    readonly line: number;
    readonly column: number;
    readonly value: ParsedNode | null;
  }[] {
    return map.items.flatMap(({ key: keyNode, value }) => {
      const key = isMergeKey(keyNode) ? undefined : keyOf(keyNode, this.#scalars);
      if (key === undefined || !isScalar(keyNode)) return [];
      const offset = keyNode.range?.[0] ?? 0;
      const line = lineAt(this.#lineStarts, offset);
      return [{ key, line, column: offset - (this.#lineStarts[line] ?? 0), value: value as ParsedNode | null }];
    });
  }
}

/** Comments by their lines. */
class CommentLines {
  readonly #alone = new Map<number, YamlComment>();
  readonly #beside = new Map<number, YamlComment>();
  readonly #keys = new Map<string, YamlComment[]>();

  constructor(comments: readonly YamlComment[]) {
    for (const comment of comments) {
      (comment.alone ? this.#alone : this.#beside).set(comment.line, comment);
      const key = comment.alone ? COMMENTED_KEY.exec(comment.text)?.[2] : undefined;
      if (key === undefined) continue;
      const places = this.#keys.get(key) ?? [];
      if (places.length < MAXIMUM_PLACES) places.push(comment);
      this.#keys.set(key, places);
    }
  }

  /** What stands right above `line`, without an empty line between, and behind its content. */
  about(line: number): string | undefined {
    const above: string[] = [];
    for (let number = line - 1; this.#alone.has(number); number -= 1) above.push(this.#alone.get(number)?.text ?? '');
    const parts = [textOfComment(above.reverse()), textOfComment([this.#beside.get(line)?.text ?? ''])];
    const text = parts.filter((part) => part !== undefined).join('\n');
    return text === '' ? undefined : text;
  }

  hasKey(key: string, { firstLine, lastLine, column }: CommentedKey): boolean {
    const places = this.#keys.get(key) ?? [];
    return places.some(
      (place) => place.line >= firstLine && place.line <= lastLine && (column === undefined || place.column === column),
    );
  }
}

function describeParameters(root: CommentedKey, comments: readonly YamlComment[]): void {
  for (const { text } of comments) {
    const [, path, description = ''] = PARAMETER.exec(text.replace(/^#+\s*/, '')) ?? [];
    if (path === undefined) continue;
    let key: CommentedKey | undefined = root;
    for (const step of path.split('.')) key = key?.children.get(step);
    if (key && key !== root) key.comment = description.trim() || undefined;
  }
}
