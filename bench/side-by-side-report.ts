// Puts what was measured side by side into a table and a picture: medians, and ratios of what stood in the same round.
import { median, rounded, table } from './report.ts';

/** The server that does no more than it must. */
export const BARE = 'bare Fastify';
const OURS = 'Chartroom';
const MEBIBYTE = 1024 * 1024;

export interface Measured {
  readonly workload: string;
  readonly unit: string;
  readonly contender: string;
  readonly round: number;
  /** in the unit */
  readonly rate: number;
}

interface Comparison {
  readonly workload: string;
  readonly unit: string;
  readonly rates: ReadonlyMap<string, readonly number[]>;
  /** Ours to each other's, by round. */
  readonly ratios: ReadonlyMap<string, readonly number[]>;
}

/** Markdown */
export function workloadTable(measured: readonly Measured[]): string {
  const names = others(measured);
  const head = ['workload', OURS, ...names, ...names.map((name) => `ratio to ${name}`)];
  const rows = comparisons(measured).map(({ workload, unit, rates, ratios }) => [
    workload,
    ...[OURS, ...names].map((name) => shown(rates.get(name), unit === 'per second' ? '/s' : ' MB/s')),
    ...names.map((name) => shown(ratios.get(name), '')),
  ]);
  return table(head, rows);
}

/** Markdown. @param memory bytes, by registry */
export function memoryTable(memory: {
  readonly names: readonly string[];
  readonly idle: readonly (number | undefined)[];
  readonly after: readonly (number | undefined)[];
}): string {
  const mebibytes = (bytes: number | undefined) => (bytes === undefined ? '' : `${rounded(bytes / MEBIBYTE)} MiB`);
  const rows = memory.names.map((name, index) => [name, mebibytes(memory.idle[index]), mebibytes(memory.after[index])]);
  return table(['memory', 'idle', 'after all of it'], rows);
}

const WIDTH = 900;
const LABELS = 400;
const LINE = 30;
const TOP = 50;

/** SVG: a bar for each workload, as long as the logarithm of how many times as fast we are. */
export function ratioPicture(measured: readonly Measured[]): string {
  const [other = ''] = others(measured).filter((name) => name !== BARE);
  const bars = comparisons(measured).flatMap(({ workload, ratios }) => {
    const those = ratios.get(other);
    return those ? [{ workload, ratio: median(those) }] : [];
  });
  const most = Math.max(2, ...bars.map(({ ratio }) => ratio), ...bars.map(({ ratio }) => 1 / ratio));
  const least = Math.min(1, ...bars.map(({ ratio }) => ratio));
  const at = (ratio: number): number =>
    LABELS + ((WIDTH - LABELS - 70) * Math.log(ratio / least)) / Math.log(most / least);
  const height = TOP + bars.length * LINE + 20;
  const lines = bars.map(({ workload, ratio }, index) => {
    const y = TOP + index * LINE;
    const [from, to] = [Math.min(at(1), at(ratio)), Math.max(at(1), at(ratio))];
    return `  <text x="${LABELS - 10}" y="${y + 18}" text-anchor="end">${escaped(workload)}</text>
  <rect x="${from.toFixed(1)}" y="${y + 4}" width="${Math.max(to - from, 1).toFixed(1)}" height="20" rx="3" class="${ratio < 1 ? 'slower' : 'faster'}"/>
  <text x="${(to + 8).toFixed(1)}" y="${y + 18}">${rounded(ratio)} ×</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">
  <title>How many times as fast as ${escaped(other)} Chartroom is</title>
  <style>svg { background: #fff; color: #222 } text { fill: currentColor } .faster { fill: #2f7d5b } .slower { fill: #b4552d } @media (prefers-color-scheme: dark) { svg { background: #15181c; color: #ddd } }</style>
  <text x="${LABELS - 10}" y="26" text-anchor="end" font-weight="bold">times as fast as ${escaped(other)} (logarithmic)</text>
  <line x1="${at(1).toFixed(1)}" y1="${TOP - 8}" x2="${at(1).toFixed(1)}" y2="${height - 12}" stroke="currentColor" stroke-width="1"/>
${lines.join('\n')}
</svg>
`;
}

function comparisons(measured: readonly Measured[]): readonly Comparison[] {
  const byWorkload = Map.groupBy(measured, ({ workload }) => workload);
  return [...byWorkload].map(([workload, those]) => {
    const byContender = Map.groupBy(those, ({ contender }) => contender);
    const ours = byContender.get(OURS) ?? [];
    const ratios = [...byContender].flatMap(([name, theirs]) =>
      name === OURS ? [] : [[name, ratiosOf(ours, theirs)] as const],
    );
    const rates = [...byContender].map(([name, each]) => [name, each.map(({ rate }) => rate)] as const);
    return { workload, unit: those[0]?.unit ?? '', rates: new Map(rates), ratios: new Map(ratios) };
  });
}

function ratiosOf(ours: readonly Measured[], theirs: readonly Measured[]): readonly number[] {
  return ours.flatMap(({ round, rate }) => {
    const other = theirs.find((each) => each.round === round);
    return other ? [rate / other.rate] : [];
  });
}

function others(measured: readonly Measured[]): readonly string[] {
  return [...new Set(measured.map(({ contender }) => contender))].filter((name) => name !== OURS);
}

function shown(numbers: readonly number[] | undefined, unit: string): string {
  if (!numbers) return '';
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return `${rounded(median(numbers))}${unit} (${rounded(least)}–${rounded(most)})`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
