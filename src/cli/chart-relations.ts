// `chartroom chart dependents` and `pulls`: who uses a chart.
import { type Dependent, readDependent, readPulls } from './chart-answers.ts';
import { chartPath } from './chart-path.ts';
import { type GivenOptions, UsageError } from './command.ts';
import { allItems, withQuery } from './management.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { table } from './table.ts';
import { counted } from './words.ts';

const DAYS = { name: 'days', value: 'N', summary: 'of how many days, today included (default: 30, at most 366)' };
const ALLOWING = { name: 'allowing', value: 'VERSION', summary: 'only those whose range allows this version' };
/** columns */
const LONGEST_BAR = 40;

export const chartRelationCommands = [
  managementCommand({
    name: 'chart dependents',
    words: ['CHART'],
    summary: 'list the charts whose newest version depends on a chart, and which of its versions they allow',
    options: [ALLOWING],
    hasAnswer: true,
    run: listDependents,
  }),
  managementCommand({
    name: 'chart pulls',
    words: ['CHART'],
    summary: 'show how often a chart was pulled, by day (UTC) and by version',
    options: [DAYS],
    hasAnswer: true,
    run: showPulls,
  }),
];

async function listDependents({ management, words: [chart = ''], options }: Call): Promise<Outcome> {
  const items = await allItems(management, `${chartPath(chart)}/-/dependents`, { version: options.one(ALLOWING.name) });
  const rows = items.map(readDependent).flatMap(cellsOf);
  const head = ['CHART', 'VERSION', 'RANGE', 'NEWEST ALLOWED', 'FROM', 'NOTICE'];
  return { answer: { items }, lines: rows.length === 0 ? [] : table(head, rows) };
}

function cellsOf({ chart, version, ranges }: Dependent): readonly (readonly string[])[] {
  return ranges.map(({ range, location, certain, newestAllowed, allowsNewest }) => [
    chart,
    version,
    range,
    newestAllowed ?? 'none',
    location,
    [...(allowsNewest ? [] : ['not the newest']), ...(certain ? [] : ['perhaps another chart'])].join(', '),
  ]);
}

async function showPulls({ management, words: [chart = ''], options }: Call): Promise<Outcome> {
  const asked = readDays(options);
  const answer = await management.request('GET', withQuery(`${chartPath(chart)}/-/pulls`, { days: asked }));
  const { total, days, versions } = readPulls(answer);
  const most = Math.max(...days.map(({ pulls }) => pulls), 1);
  const bar = (pulls: number) => '#'.repeat(Math.ceil((pulls / most) * LONGEST_BAR));
  // A long row of days without any would hide the others.
  const digits = String(most).length;
  const busy = days
    .filter(({ pulls }) => pulls > 0)
    .map(({ day, pulls }) => [day, `${String(pulls).padEnd(digits)}  ${bar(pulls)}`]);
  const pulled = versions.filter(({ pulls }) => pulls > 0).map(({ version, pulls }) => [version, String(pulls)]);
  return {
    answer,
    lines: [
      `${counted(total, 'pull')} in ${counted(days.length, 'day')}`,
      ...(busy.length === 0 ? [] : ['', ...table(['DAY', 'PULLS'], busy)]),
      ...(pulled.length === 0 ? [] : ['', ...table(['VERSION', 'PULLS'], pulled)]),
    ],
  };
}

function readDays(options: GivenOptions): string | undefined {
  const text = options.one(DAYS.name);
  if (text === undefined || (/^[1-9]\d{0,2}$/.test(text) && Number(text) <= 366)) return text;
  throw new UsageError(`--${DAYS.name} is "${text}", but must be a whole number from 1 to 366`);
}
