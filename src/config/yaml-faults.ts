// What keeps a settings file from being lines of `key: value`, in words that help to mend it.
import { type Document, isAlias, isMap, isNode, visit, type YAMLError } from 'yaml';

const NOT_KEY_AND_VALUE = 'this is not of the form "key: value", with a space behind the colon';
const QUOTES_MISSING = 'a value that begins with "!", "*", "&", "@" or "`" must be in quotes';
/** What is wrong in a file that is not YAML. The parser's own messages are not shown: some quote values, so also secrets. */
const YAML_FAULTS: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  BAD_ALIAS: QUOTES_MISSING,
  BAD_INDENT: 'the line is not indented as it should be, or a bracket before it is not closed',
  BAD_SCALAR_START: QUOTES_MISSING,
  BLOCK_AS_IMPLICIT_KEY: 'a value with ": " in it must be in quotes, and the next setting must not be indented',
  MISSING_CHAR: 'a quote, a bracket, a comma or a colon is missing, here or further up',
  MULTILINE_IMPLICIT_KEY: NOT_KEY_AND_VALUE,
  MULTIPLE_DOCS: 'a second document starts here, but all settings must stand in one',
  TAB_AS_INDENT: 'a tab indents the line; use spaces',
  TAG_RESOLVE_FAILED: QUOTES_MISSING,
  UNEXPECTED_TOKEN: 'something stands here that does not belong to the value; put the whole value in quotes',
};

/** All that keeps a file from being `key: value` lines in plain YAML, in the file's order. */
export function yamlFaults(document: Document.Parsed): { readonly offset: number; readonly fault: string }[] {
  const faults = [...document.errors, ...document.warnings].map(({ code, pos }) => ({
    offset: pos[0],
    fault: YAML_FAULTS[code] ?? 'this is not valid YAML',
  }));
  // Aliases and anchors are legal, but in this file they are globs and passwords that lack their quotes.
  visit(document, (_key, node) => {
    if (isAlias(node) || (isNode(node) && 'anchor' in node && node.anchor !== undefined)) {
      faults.push({ offset: node.range?.[0] ?? 0, fault: QUOTES_MISSING });
    }
  });
  if (document.contents !== null && !isMap(document.contents)) {
    faults.push({ offset: document.contents.range[0], fault: NOT_KEY_AND_VALUE });
  }
  return faults.sort((one, other) => one.offset - other.offset);
}
