// `chartroom chart images` and `chart files`: what a version brings, and what it fetches.
import { type Image, readChartDetails, readChartFile, readVersionDetails } from './chart-answers.ts';
import { chartPath, filePath, versionPath } from './chart-path.ts';
import { readChoice } from './chart-words.ts';
import { UsageError } from './command.ts';
import { lineWidth } from './line-width.ts';
import { allItems, type Management, ManagementError } from './management.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { table } from './table.ts';
import { counted, shownSize } from './words.ts';

const FORMS = ['table', 'lines'] as const;
const OUTPUT = {
  name: 'output',
  value: FORMS.join('|'),
  summary: 'a table (as by default), or lines with an image each and nothing else, for scripts',
};

export const chartContentCommands = [
  managementCommand({
    name: 'chart images',
    words: ['CHART', '[VERSION]'],
    summary: 'list the images that a version uses, by default the newest, such as to mirror them',
    options: [OUTPUT],
    hasAnswer: true,
    run: listImages,
  }),
  managementCommand({
    name: 'chart files',
    words: ['CHART', 'VERSION', '[PATH]'],
    summary: 'list the files of a version, or print one of them',
    hasAnswer: true,
    run: async (call) => (call.words[2] === undefined ? await listFiles(call) : await printFile(call, call.words[2])),
  }),
];

/** What is to be known of an image beside its name, as the end of a line; empty when there is nothing. */
export function imageNote({ declared, guessedTag, onlyWith }: Image): string {
  const parts = [
    ...(declared ? [] : ['inferred']),
    ...(guessedTag ? ['the tag is a guess'] : []),
    ...(onlyWith === undefined ? [] : [`only with ${onlyWith}`]),
  ];
  return parts.length === 0 ? '' : `  (${parts.join(', ')})`;
}

async function listImages({ management, words: [chart = '', asked], options }: Call): Promise<Outcome> {
  const form = readChoice(OUTPUT.name, options.one(OUTPUT.name) ?? 'table', FORMS);
  const version = asked ?? (await newestVersion(management, chart));
  const details = readVersionDetails(await management.request('GET', versionPath(chart, version)));
  const { contents, contentsProblem } = details;
  const called = `${details.chart} ${details.version}`;
  if (!contents) throw new ManagementError(`the archive of ${called} cannot be read: ${contentsProblem}`);
  const { images, problems, cut } = contents;
  const inferred = images.filter(({ declared }) => !declared).length;
  const notes = [
    ...(images.length === 0 ? [`no image was found in ${called}`] : []),
    ...(inferred === 0
      ? []
      : [
          `${inferred} of ${counted(images.length, 'image')} of ${called} ${inferred === 1 ? 'was' : 'were'} inferred from values and templates, which may use others as well`,
        ]),
    ...(cut.includes('images') ? ['there are more images than the registry lists'] : []),
  ];
  return {
    answer: { ...{ chart: details.chart, version: details.version, digest: details.digest }, images, problems, cut },
    notes,
    lines: images.length === 0 ? [] : form === 'lines' ? images.map(({ image }) => image) : imageTable(images),
  };
}

function imageTable(images: readonly Image[]): readonly string[] {
  const rows = images.map(({ image, declared, guessedTag, onlyWith = '', sources }) => [
    image,
    `${declared ? 'declared' : 'inferred'}${guessedTag ? ', tag guessed' : ''}`,
    onlyWith,
    sources.map(({ file, path }) => `${file}: ${path}`).join(', '),
  ]);
  return table(['IMAGE', 'KNOWN', 'ONLY WITH', 'FOUND IN'], rows, lineWidth());
}

async function newestVersion(management: Management, chart: string): Promise<string> {
  return readChartDetails(await management.request('GET', chartPath(chart))).newest.version;
}

async function listFiles({ management, words: [chart = '', version = ''] }: Call): Promise<Outcome> {
  const items = await allItems(management, `${versionPath(chart, version)}/files`);
  const rows = items.map(readChartFile).map(({ path, size, kind }) => [shownSize(size), kind, path]);
  return { answer: { items }, lines: rows.length === 0 ? [] : table(['SIZE', 'KIND', 'PATH'], rows) };
}

async function printFile(
  { management, words: [chart = '', version = ''], options }: Call,
  path: string,
): Promise<Outcome> {
  if (options.has('json')) throw new UsageError('--json is for the list: a file is printed as it is');
  return { lines: [], content: await management.download(filePath(chart, version, path)) };
}
