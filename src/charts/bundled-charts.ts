// The charts in a chart's charts/ folder, unpacked or packed, each with those in its own, found as Helm finds them.
import { RegistryError } from '../oci/error.ts';
import { type ChartMetadata, parseChartYaml } from './chart-yaml.ts';
import type { Effort } from './compare/effort.ts';
import { type BundledArchive, type ChartContents, contentsOf, MAXIMUM_BUNDLE_DEPTH } from './contents.ts';

export interface BundledChart {
  /** below the outermost chart's top folder: `charts/common-1.0.0.tgz`, `charts/web/charts/common` */
  readonly path: string;
  readonly metadata: ChartMetadata;
  readonly contents: ChartContents;
  readonly charts: readonly BundledChart[];
}

export interface BundledCharts {
  readonly charts: readonly BundledChart[];
  /** sentences about what lies in charts/ and is no chart, so that Helm refuses to load the outer one */
  readonly problems: readonly string[];
}

/** units of effort for a chart; a Chart.yaml costs one more for each few characters */
const EFFORT = 200;
const CHARACTERS = 4;
/** What a mistake costs the parser of YAML more than a value. */
const FLAW_FACTOR = 10;

/** @param effort units are about a microsecond */
export function bundledCharts(contents: ChartContents, effort: Effort): BundledCharts {
  const finder = new ChartFinder(effort);
  return { charts: finder.chartsIn(contents, '', 1), problems: finder.problems };
}

/** A chart and all charts in it, outer ones first. */
export function withInnerCharts(charts: readonly BundledChart[]): readonly BundledChart[] {
  return charts.flatMap((chart) => [chart, ...withInnerCharts(chart.charts)]);
}

class ChartFinder {
  readonly problems: string[] = [];
  readonly #effort: Effort;
  #isStopped = false;

  constructor(effort: Effort) {
    this.#effort = effort;
  }

  chartsIn(contents: ChartContents, prefix: string, depth: number): readonly BundledChart[] {
    const charts: BundledChart[] = [];
    for (const [name, files] of foldersIn(contents)) {
      const chart = this.#chart(name, files, contents, { prefix, depth });
      if (chart !== undefined) charts.push(chart);
    }
    return charts;
  }

  #chart(
    name: string,
    files: ReadonlyMap<string, Uint8Array>,
    outer: ChartContents,
    { prefix, depth }: { readonly prefix: string; readonly depth: number },
  ): BundledChart | undefined {
    const path = `${prefix}charts/${name}`;
    const archive = outer.archives.get(`charts/${name}`);
    if (archive !== undefined && 'problem' in archive) return this.#report(path, archive.problem);
    if (archive === undefined && name.endsWith('.tgz')) return this.#report(path, 'is no packed chart');
    if (depth > MAXIMUM_BUNDLE_DEPTH) return this.#report(path, `was not looked at: it lies in ${depth - 1} charts`);
    const contents = archive?.contents ?? contentsOf(files, archivesBelow(outer, `charts/${name}/`));
    const metadata = this.#metadata(path, contents);
    if (metadata === undefined) return undefined;
    return { path, metadata, contents, charts: this.chartsIn(contents, `${path}/`, depth + 1) };
  }

  #metadata(path: string, contents: ChartContents): ChartMetadata | undefined {
    const chartYaml = contents.bytes('Chart.yaml');
    const requirements = contents.bytes('requirements.yaml');
    if (chartYaml === undefined) return this.#report(path, 'has no Chart.yaml, so that Helm does not load this chart');
    if (this.#isStopped) return undefined;
    if (this.#effort.left === 0) {
      this.#isStopped = true;
      return this.#report(path, 'and what follows was not looked at: this chart has more YAML than is looked through');
    }
    const cost = EFFORT + (chartYaml.byteLength + (requirements?.byteLength ?? 0)) / CHARACTERS;
    this.#effort.spend(cost);
    try {
      return parseChartYaml(chartYaml, requirements);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      this.#effort.spend(cost * FLAW_FACTOR);
      return this.#report(path, `cannot be loaded: ${error.message}`);
    }
  }

  #report(path: string, problem: string): undefined {
    this.problems.push(`${path} ${problem}`);
    return undefined;
  }
}

/** What lies in charts/, each with its files below. Helm skips names that begin with "_" or ".", and provenance files. */
function foldersIn(contents: ChartContents): ReadonlyMap<string, ReadonlyMap<string, Uint8Array>> {
  const folders = new Map<string, Map<string, Uint8Array>>();
  for (const { path } of contents.files) {
    const bytes = contents.bytes(path);
    const [folder, name = '', ...below] = path.split('/');
    if (bytes === undefined || folder !== 'charts' || /^[_.]|^$/.test(name) || path.endsWith('.prov')) continue;
    const files = folders.get(name) ?? new Map<string, Uint8Array>();
    folders.set(name, files);
    if (below.length > 0) files.set(below.join('/'), bytes);
  }
  return folders;
}

function archivesBelow(contents: ChartContents, prefix: string): ReadonlyMap<string, BundledArchive> {
  const archives = [...contents.archives].filter(([path]) => path.startsWith(prefix));
  return new Map(archives.map(([path, archive]) => [path.slice(prefix.length), archive]));
}
