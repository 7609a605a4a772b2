// The charts that one chart installs: itself, and its subcharts under their names or aliases, with the values that each gets.
import type { BundledChart } from './bundled-charts.ts';
import type { ChartDependency, ChartMetadata } from './chart-yaml.ts';
import type { Effort } from './compare/effort.ts';
import type { ChartContents } from './contents.ts';
import { LayeredValues, pathBelow, type ValuesLayer } from './layered-values.ts';
import { plainValues } from './plain-values.ts';
import { parseChartVersion } from './version.ts';
import { parseVersionRange } from './version-range.ts';

export interface ChartInstance {
  readonly metadata: ChartMetadata;
  readonly contents: ChartContents;
  /** what its files' paths begin with: `charts/redis/`; empty for the outermost chart */
  readonly prefix: string;
  readonly values: LayeredValues;
  /** The same without those that all charts share because an outer one has them in `global`. */
  readonly ownValues: LayeredValues;
  /** where the outermost chart's values set these: `cache`, `cache.sentinel`; empty for its own */
  readonly valuesPath: string;
  /** The value that is off and without which this chart is not installed: `redis.enabled`. */
  readonly onlyWith: string | undefined;
  /** The keys of its values that are for its subcharts. */
  readonly subcharts: ReadonlySet<string>;
  /** Those that are for its dependencies, which may not all be in charts/. */
  readonly dependencies: ReadonlySet<string>;
}

interface ChartInstances {
  readonly instances: readonly ChartInstance[];
  /** sentences about values that cannot be read */
  readonly problems: readonly string[];
  /** Whether there were too many. */
  readonly isCut: boolean;
}

interface OuterChart {
  readonly metadata: ChartMetadata;
  readonly contents: ChartContents;
  readonly charts: readonly BundledChart[];
}

/** Aliases multiply charts: ten aliases of a chart with ten aliases are a hundred. */
const MAXIMUM_INSTANCES = 200;

/** @param effort of reading YAML, see `boundedYaml` */
export function chartInstances(chart: OuterChart, effort: Effort): ChartInstances {
  return new InstanceFinder(effort).find(chart);
}

type Surroundings = Pick<ChartInstance, 'values' | 'ownValues' | 'prefix' | 'valuesPath' | 'onlyWith'>;

class InstanceFinder {
  readonly #effort: Effort;
  readonly #instances: ChartInstance[] = [];
  readonly #problems: string[] = [];
  readonly #defaults = new Map<string, ValuesLayer>();
  #isCut = false;
  #root = new LayeredValues([]);

  constructor(effort: Effort) {
    this.#effort = effort;
  }

  find(chart: OuterChart): ChartInstances {
    this.#root = new LayeredValues([this.#defaultsOf('', chart.contents)]);
    const values = { values: this.#root, ownValues: this.#root };
    this.#add(chart, { ...values, prefix: '', valuesPath: '', onlyWith: undefined });
    return { instances: this.#instances, problems: this.#problems, isCut: this.#isCut };
  }

  #add(chart: OuterChart, surroundings: Surroundings): void {
    if (this.#instances.length >= MAXIMUM_INSTANCES) {
      this.#isCut = true;
      return;
    }
    const { values, valuesPath, onlyWith } = surroundings;
    const subcharts = subchartsOf(chart);
    this.#instances.push({
      ...surroundings,
      metadata: chart.metadata,
      contents: chart.contents,
      subcharts: new Set(subcharts.map(({ name }) => name)),
      dependencies: new Set((chart.metadata.dependencies ?? []).map(({ name, alias }) => alias ?? name)),
    });
    for (const { name, chart: subchart, dependency } of subcharts) {
      const prefix = `${subchart.path}/`;
      const defaults = this.#defaultsOf(prefix, subchart.contents);
      const inner = values.ofSubchart(name, defaults);
      this.#add(subchart, {
        values: inner,
        ownValues: values.around(name, defaults),
        prefix,
        valuesPath: pathBelow(valuesPath, name),
        onlyWith: onlyWith ?? (dependency && this.#switchOf(dependency, name, values, inner, valuesPath)),
      });
    }
  }

  /** What switches a dependency on when it is off: its conditions decide, then its tags (`processDependencyEnabled`). */
  #switchOf(
    { condition, tags }: ChartDependency,
    name: string,
    outer: LayeredValues,
    inner: LayeredValues,
    valuesPath: string,
  ): string | undefined {
    for (const path of condition?.split(',') ?? []) {
      const value = outer.at(path) ?? (path.startsWith(`${name}.`) ? inner.at(path.slice(name.length + 1)) : undefined);
      if (typeof value === 'boolean') return value ? undefined : `${valuesPath === '' ? '' : `${valuesPath}.`}${path}`;
    }
    const settings = this.#root.map('tags');
    const set = (tags ?? []).filter((tag) => typeof settings?.get(tag) === 'boolean');
    const isOn = set.length === 0 || set.some((tag) => settings?.get(tag) === true);
    return isOn ? undefined : pathBelow('tags', set[0] ?? '');
  }

  /** Read once for each chart, however many aliases it has. */
  #defaultsOf(prefix: string, contents: ChartContents): ValuesLayer {
    const file = `${prefix}values.yaml`;
    const known = this.#defaults.get(file);
    if (known !== undefined) return known;
    const layer = { values: this.#read(file, contents), file, path: '' };
    this.#defaults.set(file, layer);
    return layer;
  }

  #read(file: string, contents: ChartContents): ValuesLayer['values'] {
    if (contents.bytes('values.yaml') === undefined) return {};
    const text = contents.text('values.yaml');
    if (text === undefined) {
      this.#problems.push(`${file} cannot be read: it is not text in UTF-8`);
      return {};
    }
    const read = plainValues(text, file, this.#effort);
    if (read.readable) return read.content;
    this.#problems.push(read.reason);
    return {};
  }
}

interface Subchart {
  readonly name: string;
  readonly chart: BundledChart;
  readonly dependency: ChartDependency | undefined;
}

/** First the charts that lie in charts/ without being asked for, then one for each dependency that is there. */
function subchartsOf({ metadata, charts }: OuterChart): readonly Subchart[] {
  const dependencies = metadata.dependencies ?? [];
  const others = charts.filter((chart) => !dependencies.some((dependency) => fits(chart, dependency)));
  const asked = dependencies.flatMap((dependency) => {
    const chart = charts.find((candidate) => fits(candidate, dependency));
    return chart === undefined ? [] : [{ name: dependency.alias ?? dependency.name, chart, dependency }];
  });
  return [...others.map((chart) => ({ name: chart.metadata.name, chart, dependency: undefined })), ...asked];
}

function fits({ metadata }: BundledChart, { name, version = '' }: ChartDependency): boolean {
  const found = metadata.name === name ? parseChartVersion(metadata.version) : undefined;
  return found !== undefined && parseVersionRange(version)?.admits(found) === true;
}
