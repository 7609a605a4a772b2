// `chartroom chart list`, `versions` and `resolve`: which charts and versions there are.
import { readChartInList, readResolution, readVersion } from './chart-answers.ts';
import { chartPath } from './chart-path.ts';
import { readChoice, warningOf } from './chart-words.ts';
import { type GivenOptions, UsageError } from './command.ts';
import { lineWidth, oneLine, shortened } from './line-width.ts';
import { allItems, withQuery } from './management.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { shownTime } from './moments.ts';
import { facts, table } from './table.ts';
import { shownSize } from './words.ts';
import { yesOrNo } from './yes-or-no.ts';

const RANGE = { name: 'range', value: 'RANGE', summary: 'only those in this range, such as "^1.2", as Helm reads it' };
const YANKED = { name: 'yanked', summary: 'also those that are yanked' };
const PRERELEASE = { name: 'prerelease', summary: 'also choose pre-releases though the range names none' };
const PARTS = ['version', 'tag', 'digest', 'reference'] as const;
const OUTPUT = {
  name: 'output',
  value: PARTS.join('|'),
  summary: 'print nothing but this, for scripts; a reference is oci://HOST/CHART@DIGEST',
};

export const chartListCommands = [
  managementCommand({
    name: 'chart list',
    words: ['[NAMESPACE]'],
    summary: 'list charts by their newest versions: all of them, or those right in a namespace; "/" is the root',
    hasAnswer: true,
    run: listCharts,
  }),
  managementCommand({
    name: 'chart versions',
    words: ['CHART'],
    summary: 'list the versions of a chart, the newest first',
    options: [RANGE, YANKED],
    hasAnswer: true,
    run: listVersions,
  }),
  managementCommand({
    name: 'chart resolve',
    words: ['CHART', 'RANGE'],
    summary: 'say which version helm would choose for a range, with what pins it',
    options: [OUTPUT, PRERELEASE],
    hasAnswer: true,
    run: resolveRange,
  }),
];

async function listCharts({ management, words: [namespace] }: Call): Promise<Outcome> {
  const items = await allItems(management, '/charts', { namespace });
  const rows = items
    .map(readChartInList)
    .map(({ chart, version, appVersion, deprecated, description, versions, updatedAt }) => [
      chart,
      version,
      shortAppVersion(appVersion),
      String(versions),
      updatedAt.slice(0, 10),
      `${deprecated ? '(deprecated) ' : ''}${description ?? ''}`,
    ]);
  const head = ['CHART', 'NEWEST', 'APP VERSION', 'VERSIONS', 'UPDATED', 'DESCRIPTION'];
  return { answer: { items }, lines: rows.length === 0 ? [] : table(head, rows, lineWidth()) };
}

async function listVersions({ management, words: [chart = ''], options }: Call): Promise<Outcome> {
  const filter = { range: options.one(RANGE.name), yanked: options.has(YANKED.name) ? 'any' : undefined };
  const items = await allItems(management, `${chartPath(chart)}/-/versions`, filter);
  const rows = items
    .map(readVersion)
    .map((version) => [
      version.version,
      shortAppVersion(version.appVersion),
      version.createdAt.slice(0, 10),
      yesOrNo(version.signed),
      shownSize(version.size),
      String(version.pulls),
      version.floatingTags.join(' '),
      warningOf(version),
    ]);
  const head = ['VERSION', 'APP VERSION', 'PUBLISHED', 'SIGNED', 'SIZE', 'PULLS', 'TAGS', 'NOTICE'];
  // Notices are rare, and their ends say what to use.
  return { answer: { items }, lines: rows.length === 0 ? [] : table(head, rows) };
}

/** Anything may stand there, and what stands behind it in a line must be seen. */
function shortAppVersion(text: string | null): string {
  return shortened(oneLine(text ?? ''), 20);
}

async function resolveRange({ management, words: [chart = '', range = ''], options }: Call): Promise<Outcome> {
  const part = readPart(options);
  const prerelease = options.has(PRERELEASE.name) ? 'true' : undefined;
  const answer = await management.request('GET', withQuery(`${chartPath(chart)}/-/resolve`, { range, prerelease }));
  const found = readResolution(answer);
  const { version, tag, digest, pinnedReference: reference, createdAt, signed } = found;
  const warning = warningOf(found);
  const notes = warning === '' ? [] : [`${found.chart} ${version} is ${warning}`];
  if (part !== undefined) return { answer, notes, lines: [{ version, tag, digest, reference }[part]] };
  const lines = facts([
    ['version', version],
    ['tag', tag],
    ['digest', digest],
    ['reference', reference],
    ['published', shownTime(createdAt)],
    ['signed', yesOrNo(signed)],
  ]);
  return { answer, notes, lines };
}

function readPart(options: GivenOptions): (typeof PARTS)[number] | undefined {
  const text = options.one(OUTPUT.name);
  if (text === undefined) return undefined;
  if (options.has('json')) throw new UsageError(`--${OUTPUT.name} and --json are two forms: leave one of them out`);
  return readChoice(OUTPUT.name, text, PARTS);
}
