// Which changes of Chart.yaml may break an installation: what the chart is, where it runs, and what it depends on.
import type { ChartMetadata } from '../chart-yaml.ts';
import { parseChartVersion } from '../version.ts';
import { parseVersionRange } from '../version-range.ts';
import { type DependencyPair, dependencyDifferences, valuesKeyOf } from './compare-metadata.ts';
import type { Risk, RiskKind } from './risk.ts';

/** minor versions of Kubernetes 1 that a range is asked about */
const KUBERNETES_MINORS = Array.from({ length: 80 }, (_, minor) => minor);
/** A number that stands for all high ones. */
const HIGH = 999_999;
const VERSION = /\d+(?:\.\d+){0,2}(?:-[0-9A-Za-z.-]+)?/g;

export function metadataRisks(from: ChartMetadata, to: ChartMetadata): readonly Risk[] {
  return [...chartRisks(from, to), ...kubernetesRisks(from.kubeVersion, to.kubeVersion), ...dependencyRisks(from, to)];
}

function chartRisks(from: ChartMetadata, to: ChartMetadata): readonly Risk[] {
  const risks: Risk[] = [];
  const add = (kind: RiskKind, severity: Risk['severity'], path: string, message: string): void => {
    risks.push({ kind, severity, path, message });
  };
  if (from.name !== to.name) {
    add(
      'chart-renamed',
      'breaking',
      'name',
      `the chart ${from.name} is called ${to.name} now: names of resources that contain the chart's name change`,
    );
  }
  const before = from.type ?? 'application';
  const after = to.type ?? 'application';
  if (before !== after) {
    const what =
      after === 'library'
        ? 'a library cannot be installed'
        : 'an application renders its templates wherever it is used';
    add('chart-type-changed', 'breaking', 'type', `the chart was of type ${before} and is of type ${after}: ${what}`);
  }
  if (to.deprecated && !from.deprecated) {
    add('chart-deprecated', 'attention', 'deprecated', 'its maintainers have deprecated the chart');
  }
  const majors = [from.version, to.version].map((version) => parseChartVersion(version)?.numbers[0]);
  if (majors[0] !== majors[1]) {
    add(
      'new-major-version',
      'attention',
      'version',
      `${from.version} and ${to.version} are different major versions, by which maintainers announce that something breaks`,
    );
  }
  return risks;
}

function kubernetesRisks(from: string | undefined, to: string | undefined): readonly Risk[] {
  if (from === to || to === undefined) return [];
  const lost = KUBERNETES_MINORS.filter((minor) => admitsMinor(from, minor) && !admitsMinor(to, minor));
  const was =
    from === undefined ? 'the chart asked for no version of Kubernetes' : `the chart asked for Kubernetes ${from}`;
  const which = lost.length > 0 ? `: ${minorsInWords(lost)} refused` : '';
  const message = `${was} and asks for ${to}`;
  return [
    {
      kind: 'kubernetes-range-changed',
      severity: lost.length > 0 ? 'breaking' : 'attention',
      path: 'kubeVersion',
      message: `${message}${which}`,
    },
  ];
}

function dependencyRisks(from: ChartMetadata, to: ChartMetadata): readonly Risk[] {
  const { removed, kept } = dependencyDifferences(from, to);
  return [
    ...removed.map((dependency): Risk => {
      const key = valuesKeyOf(dependency);
      const message = `the chart does not depend on ${dependency.name} any more: it is not installed, and values under ${key} have no effect`;
      return { kind: 'dependency-removed', severity: 'breaking', path: `dependencies.${key}`, message };
    }),
    ...kept.flatMap(dependencyChangeRisks),
  ];
}

function dependencyChangeRisks({ from, to }: DependencyPair): readonly Risk[] {
  const risks: Risk[] = [];
  const add = (severity: Risk['severity'], message: string): void => {
    risks.push({ kind: 'dependency-changed', severity, path: `dependencies.${valuesKeyOf(to)}`, message });
  };
  if (valuesKeyOf(from) !== valuesKeyOf(to)) {
    add(
      'breaking',
      `values of the dependency ${to.name} stand under ${valuesKeyOf(to)} now, and stood under ${valuesKeyOf(from)}`,
    );
  }
  if (from.condition !== to.condition) {
    add(
      'attention',
      `whether ${to.name} is installed was decided by ${from.condition ?? 'nothing'} and is decided by ${to.condition ?? 'nothing'}`,
    );
  }
  if (from.version !== to.version && admitsOtherMajors(from.version, to.version)) {
    add(
      'breaking',
      `the dependency ${to.name} was asked for as ${from.version ?? 'any version'} and is asked for as ${to.version ?? 'any version'}: another major version`,
    );
  }
  if (from.repository !== to.repository) {
    add(
      'attention',
      `the dependency ${to.name} came from ${from.repository || 'the chart itself'} and comes from ${to.repository || 'the chart itself'}`,
    );
  }
  return risks;
}

/** Whether the newer range admits versions of a major of which the older one admits none. */
function admitsOtherMajors(from: string | undefined, to: string | undefined): boolean {
  const named = [from, to].flatMap((range) => range?.match(VERSION) ?? []);
  const majors = new Set(named.map((version) => BigInt(version.split('.')[0] ?? '')));
  for (const major of [...majors]) majors.add(major + 1n);
  return [...majors].some((major) => {
    const probes = [
      `${major}.0.0`,
      `${major}.${HIGH}.${HIGH}`,
      ...named.filter((text) => text.startsWith(`${major}.`)),
    ];
    return admitsAny(to, probes) && !admitsAny(from, probes);
  });
}

function admitsMinor(range: string | undefined, minor: number): boolean {
  return admitsAny(range, [`1.${minor}.0`, `1.${minor}.${HIGH}`]);
}

/** Without a range all are admitted; a text that is no range admits none. */
function admitsAny(range: string | undefined, versions: readonly string[]): boolean {
  if (range === undefined) return true;
  const parsed = parseVersionRange(range);
  return versions.some((text) => {
    const version = parseChartVersion(text);
    return version !== undefined && parsed?.admits(version) === true;
  });
}

/** `1.20 to 1.24 are`, as the subject of a sentence. */
function minorsInWords(minors: readonly number[]): string {
  const isRun = minors.length > 2 && minors.every((minor, index) => minor === (minors[0] ?? 0) + index);
  const names = (isRun ? [minors[0], minors.at(-1)] : minors).map((minor) => `1.${minor}`);
  return `${names.join(isRun ? ' to ' : ', ')} ${minors.length > 1 ? 'are' : 'is'}`;
}
