// Makes texts with custom resource definitions short: without their schemas, and without what only a template engine can read.
import { requireEffort } from './bounded-yaml.ts';
import type { Effort } from './compare/effort.ts';

/** What holds the schema of a version or of all versions, with nothing behind it in its line. */
const SCHEMA_KEY = /^(?:- )?(?:schema|validation|openAPIV3Schema):\s*$/;
/** characters, and lines, that are looked through for a unit of effort */
const CHARACTERS = 1000;
const LINES = 10;
/** characters; a longer line is not that of a schema's key */
const LONGEST_KEY_LINE = 200;
/** Deeper than any other line, so that an empty one ends nothing. */
const EMPTY_LINE = Number.MAX_SAFE_INTEGER;

/**
 * Leaves schemas empty, which are most of the text: what stands below their keys is indented further. In JSON, and in YAML
 * that looks like it, they stay.
 * @param effort units are about a microsecond
 * @throws UnreadableFile when there is no effort left
 */
export function withoutSchemas(text: string, effort: Effort): string {
  effort.spend(Math.ceil(text.length / CHARACTERS));
  const kept: string[] = [];
  let keptFrom = 0;
  let schemaIndent: number | undefined;
  let lines = 0;
  for (let start = 0; start < text.length; lines += 1) {
    spendOnLine(lines, effort);
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline + 1;
    const indent = indentOf(text, start, end);
    if (schemaIndent !== undefined && indent <= schemaIndent) {
      schemaIndent = undefined;
      keptFrom = start;
    }
    const isCandidate = schemaIndent === undefined && indent !== EMPTY_LINE && end - start <= LONGEST_KEY_LINE;
    const line = isCandidate ? text.slice(start + indent, end) : '';
    if (SCHEMA_KEY.test(line)) {
      kept.push(text.slice(keptFrom, end));
      schemaIndent = line.startsWith('-') ? indent + 2 : indent;
    }
    start = end;
  }
  if (schemaIndent === undefined) kept.push(text.slice(keptFrom));
  return kept.join('');
}

/**
 * Takes out the lines of a template in which something is to be filled in, or that lie between the braces.
 * @param effort as above
 * @throws UnreadableFile when there is no effort left
 */
export function withoutActions(text: string, effort: Effort): string {
  effort.spend(Math.ceil(text.length / CHARACTERS));
  const kept: string[] = [];
  let at = 0;
  for (let open = text.indexOf('{{'); open !== -1; open = text.indexOf('{{', at)) {
    spendOnLine(kept.length, effort);
    kept.push(text.slice(at, Math.max(at, text.lastIndexOf('\n', open) + 1)));
    const close = text.indexOf('}}', open);
    const end = close === -1 ? -1 : text.indexOf('\n', close);
    if (end === -1) return kept.join('');
    at = end + 1;
  }
  return [...kept, text.slice(at)].join('');
}

function spendOnLine(index: number, effort: Effort): void {
  if (index % LINES !== 0) return;
  effort.spend(1);
  requireEffort(effort);
}

/** Spaces before the first other character. */
function indentOf(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && text.charCodeAt(at) === 0x20) at += 1;
  const isEmpty = at === end || text.charCodeAt(at) === 0x0a || text.charCodeAt(at) === 0x0d;
  return isEmpty ? EMPTY_LINE : at - start;
}
