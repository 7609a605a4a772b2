// The two forms of index.yaml: JSON, which is YAML too and which helm reads faster, and YAML in block style.
import { jsonText, yamlItem, yamlText } from './block-yaml.ts';
import { PackedText } from './packed-text.ts';
import { BLANKS, RESTORE_OFFSETS, rawZstdBlock } from './zstd-frame.ts';

/**
 * An index is an opening, groups with the same text between any two of them, and a closing. Groups are the entries of one
 * chart, or of a part of its versions; the first one of a chart begins with the chart's opening, the last one ends with its closing.
 */
export interface IndexFormat {
  readonly opening: PackedText;
  /** when no group follows */
  readonly emptyOpening: PackedText;
  readonly betweenGroups: PackedText;
  /** @param generated RFC 3339 */
  closing(generated: string): PackedText;
  chartOpening(key: string): string;
  readonly chartClosing: string;
  readonly betweenEntries: string;
  entry(fields: Readonly<Record<string, unknown>>): string;
}

const JSON_OPENING = raw('{"apiVersion":"v1","entries":{\n');

export const INDEX_FORMATS: Readonly<Record<'json' | 'yaml', IndexFormat>> = {
  json: {
    opening: JSON_OPENING,
    emptyOpening: JSON_OPENING,
    betweenGroups: between(',\n', ''),
    closing: (generated) => raw(`\n},"generated":"${generated}"}\n`),
    chartOpening: (key) => `${jsonText(key)}:[\n`,
    chartClosing: '\n]',
    betweenEntries: ',\n',
    entry: jsonText,
  },
  yaml: {
    opening: raw('apiVersion: v1\nentries:\n'),
    emptyOpening: raw('apiVersion: v1\nentries: {}\n'),
    betweenGroups: between('', '\n'),
    closing: (generated) => raw(`generated: "${generated}"\n`),
    chartOpening: (key) => `  ${yamlText(key)}:\n`,
    chartClosing: '',
    betweenEntries: '',
    entry: (fields) => yamlItem(fields, '  '),
  },
};

function raw(text: string): PackedText {
  const bytes = Buffer.from(text);
  return new PackedText(bytes, rawZstdBlock(bytes));
}

/** The blanks are there for zstd, whose groups can follow one another only so. */
function between(before: string, behind: string): PackedText {
  const zstd = Buffer.concat([...rawBlocks(before), RESTORE_OFFSETS, ...rawBlocks(behind)]);
  return new PackedText(Buffer.from(`${before}${BLANKS}${behind}`), zstd);
}

function rawBlocks(text: string): readonly Buffer[] {
  return text === '' ? [] : [rawZstdBlock(Buffer.from(text))];
}
