// `chartroom chart show`: what is to be known of one version.
import {
  type Dependency,
  readChartDetails,
  readDependency,
  readVersionDetails,
  type VersionDetails,
} from './chart-answers.ts';
import { imageNote } from './chart-images.ts';
import { chartPath, versionPath } from './chart-path.ts';
import { warningOf } from './chart-words.ts';
import { labelled, lineWidth, oneLine, wrapped } from './line-width.ts';
import { allItems } from './management.ts';
import { type Call, managementCommand, type Outcome } from './management-command.ts';
import { shownTime } from './moments.ts';
import { facts, table } from './table.ts';
import { counted, shownSize } from './words.ts';

export const chartShow = managementCommand({
  name: 'chart show',
  words: ['CHART', '[VERSION]'],
  summary: 'show a version of a chart, by default the newest: what it is, uses and depends on, and how to install it',
  hasAnswer: true,
  run: showChart,
});

async function showChart({ management, words: [name = '', asked] }: Call): Promise<Outcome> {
  const chart = await management.request('GET', chartPath(name));
  const { newest, versions } = readChartDetails(chart);
  const path = versionPath(name, asked ?? newest.version);
  const version = await management.request('GET', path);
  const details = readVersionDetails(version);
  const dependencies = await allItems(management, `${path}/dependencies`);
  const all = versions === 1 ? 'the only version' : `the newest of ${versions} versions`;
  const rank = newest.version === details.version ? all : `${all} is ${newest.version}`;
  const count = newest.yanked ? 'all versions are yanked' : rank;
  return {
    answer: { chart, version, dependencies },
    lines: [
      ...heading(details, count),
      ...factLines(details),
      ...imageLines(details),
      ...dependencyLines(dependencies.map(readDependency)),
      ...problemLines(details),
      ...commandLines(details),
    ],
  };
}

function heading(details: VersionDetails, count: string): readonly string[] {
  const width = lineWidth();
  const warning = warningOf(details);
  const description = textOf(details, 'description');
  return [
    `${details.chart} ${details.version} (${count})`,
    ...(warning === '' ? [] : labelled('! ', warning, width)),
    ...(description === '' ? [] : wrapped(description, width)),
    '',
  ];
}

function factLines(details: VersionDetails): readonly string[] {
  const { createdAt, createdBy, size, contents, pulls, floatingTags, digest } = details;
  const files = contents ? `, ${counted(contents.fileCount, 'file')}` : '';
  const resources = (contents?.customResources ?? []).map(
    ({ kind, group, versions }) => `${kind}.${group} ${versions.map((each) => each.name).join(',')}`,
  );
  const entries = [
    ['app version', details.appVersion ?? ''],
    ['type', textOf(details, 'type')],
    ['Kubernetes', textOf(details, 'kubeVersion')],
    ['published', `${shownTime(createdAt)}${createdBy === null ? '' : ` by ${createdBy}`}`],
    ['digest', digest],
    ['signed', shownSignature(details)],
    ['size', `${shownSize(size)}${files}`],
    ['pulls', String(pulls)],
    ['tags', floatingTags.join(' ')],
    ['home', textOf(details, 'home')],
    ['keywords', listOf(details, 'keywords').filter(isText).join(', ')],
    ['maintainers', listOf(details, 'maintainers').map(shownMaintainer).filter(isText).join(', ')],
    ['CRDs', resources.join(', ')],
  ] as const;
  return facts(entries.filter(([, text]) => oneLine(text) !== ''));
}

function shownSignature({ signed, provenance }: VersionDetails): string {
  if (!signed) return 'no';
  if (provenance?.problem) return `by a provenance file that does not fit: ${provenance.problem}`;
  const key = provenance?.keyId ? `, as it says with key ${provenance.keyId}` : '';
  return `yes${key}; "helm pull --verify" checks it`;
}

function imageLines({ contents }: VersionDetails): readonly string[] {
  if (!contents || contents.images.length === 0) return [];
  const rows = contents.images.map((image) => `  ${image.image}${imageNote(image)}`);
  return ['', 'Images:', ...rows];
}

function dependencyLines(dependencies: readonly Dependency[]): readonly string[] {
  if (dependencies.length === 0) return [];
  const head = ['NAME', 'RANGE', 'BUNDLED', 'NEWEST ALLOWED', 'NEWEST', 'FROM'];
  const rows = dependencies.map(({ name, alias, range, bundled, locked, newestAllowed, newest, location }) => [
    alias === null ? name : `${name} as ${alias}`,
    range,
    bundled ?? locked ?? '',
    newestAllowed ?? '',
    newest ?? '',
    location,
  ]);
  return ['', 'Dependencies:', ...table(head, rows).map((line) => `  ${line}`)];
}

function problemLines({ contents, contentsProblem }: VersionDetails): readonly string[] {
  const problems = contents ? contents.problems : [`its archive cannot be read: ${contentsProblem}`];
  const lines = problems.flatMap((problem) => labelled('  - ', problem, lineWidth()));
  return lines.length === 0 ? [] : ['', 'Problems:', ...lines];
}

function commandLines(details: VersionDetails): readonly string[] {
  const { commands } = details;
  const isLibrary = textOf(details, 'type') === 'library';
  const shown = isLibrary
    ? [commands.pull]
    : [commands.install, commands.pull, commands.addRepository, commands.installFromRepository];
  return ['', 'Commands:', ...shown.filter(isText).map((command) => `  ${command}`)];
}

function textOf({ metadata }: VersionDetails, field: string): string {
  const value = metadata[field];
  return isText(value) ? value : '';
}

function listOf({ metadata }: VersionDetails, field: string): readonly unknown[] {
  const value = metadata[field];
  return Array.isArray(value) ? value : [];
}

function shownMaintainer(maintainer: unknown): string | undefined {
  if (typeof maintainer !== 'object' || maintainer === null) return undefined;
  const { name, email } = maintainer as Readonly<Record<string, unknown>>;
  const shown = [...(isText(name) ? [name] : []), ...(isText(email) ? [`<${email}>`] : [])];
  return shown.length === 0 ? undefined : shown.join(' ');
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
