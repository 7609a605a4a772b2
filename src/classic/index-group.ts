// A group: consecutive versions of an index, of one chart or of several, whose text is compressed once for all readers.
import type { RepositoryName } from '../oci/repository-name.ts';
import type { IndexFormat } from './index-format.ts';
import { PackedText, unpack } from './packed-text.ts';

/** A listed version. */
export interface IndexItem {
  readonly repository: RepositoryName;
  readonly sortKey: string;
  /** milliseconds since 1970 (UTC) */
  readonly publishedAt: number;
  /** bytes of its entry */
  readonly length: number;
  readonly endsGroup: boolean;
}

export interface WrittenItem {
  readonly item: IndexItem;
  readonly entry: Buffer;
}

export type Run = readonly WrittenItem[];

/** Whether the first version is the first of its chart, and the last one the last of its chart. */
interface ChartEnds {
  readonly opensChart: boolean;
  readonly closesChart: boolean;
}

export interface IndexGroup extends ChartEnds {
  /** Charts by repository, each one's newest version first; there is at least one. */
  readonly items: readonly IndexItem[];
  readonly repositories: readonly RepositoryName[];
  /** when the last one of these versions was published */
  readonly publishedAt: number;
  readonly text: PackedText;
  /** What it takes in memory: bytes, more or less. */
  readonly heldBytes: number;
}

/** How the groups of an index are written. */
export interface IndexStyle {
  readonly format: IndexFormat;
  readonly keyOf: (repository: RepositoryName) => string;
}

/** Bytes that objects take in memory beside what they hold. */
const GROUP_OVERHEAD = 800;
const ITEM_OVERHEAD = 160;

export function packGroup(run: Run, ends: ChartEnds, style: IndexStyle): IndexGroup {
  const { format } = style;
  const items = run.map(({ item }) => item);
  const between = Buffer.from(format.betweenEntries);
  const pieces = run.flatMap(({ item, entry }, index) => [
    ...(index === 0 ? [] : [between]),
    ...(opensChart(items, index, ends) ? [openingOf(item, style)] : []),
    entry,
    ...(closesChart(items, index, ends) ? [Buffer.from(format.chartClosing)] : []),
  ]);
  const text = new PackedText(Buffer.concat(pieces));
  return {
    items,
    repositories: [...new Set(items.map(({ repository }) => repository))],
    opensChart: ends.opensChart,
    closesChart: ends.closesChart,
    publishedAt: items.reduce((last, { publishedAt }) => Math.max(last, publishedAt), 0),
    text,
    heldBytes: items.reduce(
      (sum, { sortKey }) => sum + ITEM_OVERHEAD + sortKey.length,
      GROUP_OVERHEAD + text.heldBytes,
    ),
  };
}

export function unpackGroup(group: IndexGroup, style: IndexStyle): Run {
  const { items } = group;
  const { betweenEntries, chartClosing } = style.format;
  const bytes = unpack([group.text]);
  let next = 0;
  return items.map((item, index) => {
    if (index > 0) next += betweenEntries.length;
    if (opensChart(items, index, group)) next += openingOf(item, style).length;
    const entry = bytes.subarray(next, next + item.length);
    next += item.length;
    if (closesChart(items, index, group)) next += chartClosing.length;
    return { item, entry };
  });
}

function opensChart(items: readonly IndexItem[], index: number, ends: ChartEnds): boolean {
  return index === 0 ? ends.opensChart : items[index - 1]?.repository !== items[index]?.repository;
}

function closesChart(items: readonly IndexItem[], index: number, ends: ChartEnds): boolean {
  return index === items.length - 1 ? ends.closesChart : opensChart(items, index + 1, ends);
}

function openingOf({ repository }: IndexItem, { format, keyOf }: IndexStyle): Buffer {
  return Buffer.from(format.chartOpening(keyOf(repository)));
}
