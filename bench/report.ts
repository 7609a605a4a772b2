// Puts what was measured into tables: medians, the span between the least and the most, and ratios of what stood side by side.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Subject } from './subjects.ts';

const DOCUMENT = join(import.meta.dirname, '../docs/performance.md');

/** One measurement of one subject. */
export interface Run {
  readonly round: number;
  readonly connections: number;
  readonly perSecond: number;
  /** The median of the time to an answer: milliseconds. */
  readonly median: number;
  /** What the server has used of all processors, for one request: seconds. Undefined where that cannot be known. */
  readonly processorTime: number | undefined;
}

export type Measured = Pick<Subject, 'request' | 'registry' | 'credential'> & { readonly runs: readonly Run[] };

/** The name of a subject in `COMPARED`. */
type Name = `${Subject['request']}, ${Subject['registry']}, ${string}`;

const COMPARED: readonly (readonly [Name, Name])[] = [
  ['manifest, Chartroom, none, public', 'manifest, distribution, none, open'],
  ['manifest, Chartroom, bearer token', 'manifest, distribution, Basic, bcrypt cost 5'],
  ['manifest, Chartroom, bearer token', 'manifest, distribution, Basic, bcrypt cost 10'],
  ['manifest, Chartroom, bearer token, new each time', 'manifest, distribution, Basic, bcrypt cost 5'],
  ['manifest, Chartroom, Basic, robot', 'manifest, distribution, Basic, bcrypt cost 5'],
  ['manifest, Chartroom, Basic, robot', 'manifest, distribution, Basic, bcrypt cost 10'],
  ['manifest, Chartroom, Basic, cached password', 'manifest, distribution, Basic, bcrypt cost 5'],
  ['manifest, Chartroom, Basic, cached password', 'manifest, distribution, Basic, bcrypt cost 10'],
  ['manifest, Chartroom, bearer token', 'manifest, Chartroom, none, public'],
  ['manifest, Chartroom, bearer token', 'manifest, Chartroom, bearer token, new each time'],
  ['token, Chartroom, cached password', 'token, Chartroom, new password each time'],
];

/** Markdown */
export function tables(measured: readonly Measured[], connections: readonly number[]): string {
  const columns = connections.flatMap((count) => [`per second, ${count} at once`, 'ms']);
  const subjects = measured.map(({ request, registry, credential, runs }) => [
    ...[request, registry, credential],
    ...connections.flatMap((count) => {
      const those = runs.filter((run) => run.connections === count);
      return [span(those.map(({ perSecond }) => perSecond)), median(those.map((run) => run.median)).toFixed(1)];
    }),
    processorTime(runs),
  ]);
  const named = new Map(measured.map((each) => [`${each.request}, ${each.registry}, ${each.credential}`, each.runs]));
  const ratios = COMPARED.map(([one, other]) => [
    one,
    other,
    ...connections.map((count) =>
      ratio(runsOf(named, one, count), runsOf(named, other, count), ({ perSecond }) => perSecond),
    ),
    ratio(runsOf(named, one), runsOf(named, other), perProcessorSecond),
  ]);
  return [
    table(['request', 'registry', 'credential', ...columns, 'processor µs'], subjects),
    table(['this', 'to that', ...connections.map((count) => `ratio, ${count} at once`), 'by processor time'], ratios),
  ].join('\n\n');
}

/** Puts what one of the measurements found into the document, in place of what stood there. */
export async function writeDocument(measurement: string, text: string): Promise<void> {
  const before = await readFile(DOCUMENT, 'utf8');
  const [begin, end] = [`<!-- measured: ${measurement} -->\n`, `\n<!-- /measured: ${measurement} -->`];
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from === -1 || to === -1) throw new Error(`${DOCUMENT} does not say where the tables of ${measurement} belong`);
  await writeFile(DOCUMENT, `${before.slice(0, from + begin.length)}${text}${before.slice(to)}`);
}

function runsOf(named: ReadonlyMap<string, readonly Run[]>, name: Name, connections?: number): readonly Run[] {
  const runs = named.get(name);
  if (!runs) throw new Error(`nothing is named ${name}`);
  return connections === undefined ? runs : runs.filter((run) => run.connections === connections);
}

/** Of each round by itself, so that what slows down a whole round does not show. */
function ratio(runs: readonly Run[], others: readonly Run[], rate: (run: Run) => number | undefined): string {
  const ratios = runs.flatMap((run) => {
    const other = others.find(({ round, connections }) => round === run.round && connections === run.connections);
    const [above, below] = [rate(run), other && rate(other)];
    return above === undefined || below === undefined ? [] : [above / below];
  });
  return ratios.length === 0 ? '' : span(ratios);
}

function perProcessorSecond({ processorTime }: Run): number | undefined {
  return processorTime === undefined ? undefined : 1 / processorTime;
}

function processorTime(runs: readonly Run[]): string {
  const known = runs.flatMap((run) => run.processorTime ?? []);
  return known.length === 0 ? '' : rounded(median(known) * 1_000_000);
}

/** `median (least–most)` */
function span(numbers: readonly number[]): string {
  return `${rounded(median(numbers))} (${rounded(Math.min(...numbers))}–${rounded(Math.max(...numbers))})`;
}

/** To three digits, more would not be true. */
export function rounded(number: number): string {
  return Number(number.toPrecision(3)).toString();
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  if (low === undefined || high === undefined) throw new Error('nothing was measured');
  return (low + high) / 2;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
