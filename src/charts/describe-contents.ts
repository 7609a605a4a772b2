// What is in a packed chart, as it is stored once for each content and shown: files, CRDs, images, subcharts, problems.
import { type BundledChart, bundledCharts, withInnerCharts } from './bundled-charts.ts';
import type { ChartMetadata } from './chart-yaml.ts';
import { Effort } from './compare/effort.ts';
import type { ChartContents } from './contents.ts';
import { contentsProblems } from './contents-problems.ts';
import { type CustomResource, customResourcesOf } from './custom-resources.ts';
import { CHARTS_EFFORT, type ChartImage, findImages } from './images.ts';
import { type FileKind, type KnownFiles, kindOfFile, knownFiles } from './known-files.ts';

/** Changes with what a description says of the same content, so that stored ones are known to be old. */
export const DESCRIPTION_REVISION = 1;

/** JSON of at most 256 KiB. */
export interface ContentsDescription {
  readonly revision: number;
  /** In byte order of their paths. */
  readonly files: readonly DescribedFile[];
  /** of all files */
  readonly fileCount: number;
  /** bytes of all files, unpacked */
  readonly fileBytes: number;
  /** of the chart itself, without those of subcharts */
  readonly templateCount: number;
  /** Paths of the files that say something about the whole chart. */
  readonly known: KnownFiles;
  readonly customResources: readonly CustomResource[];
  readonly images: readonly ChartImage[];
  /** The charts in charts/, and those in these, that can be loaded. */
  readonly subcharts: readonly DescribedSubchart[];
  /** Sentences for the publisher: what cannot be read, what is missing, what Helm would refuse. */
  readonly problems: readonly string[];
  /** The lists that are shorter than what they should tell of. */
  readonly cut: readonly DescribedList[];
}

interface DescribedFile {
  readonly path: string;
  /** bytes */
  readonly size: number;
  readonly kind: FileKind;
}

export interface DescribedSubchart {
  readonly name: string;
  readonly version: string;
  /** `charts/common-1.0.0.tgz`, `charts/web/charts/common` */
  readonly path: string;
}

type DescribedList = 'files' | 'customResources' | 'images' | 'subcharts' | 'problems';

/** bytes of JSON for each list; together less than 256 KiB */
const ROOM: Readonly<Record<DescribedList, number>> = {
  files: 120 * 1024,
  customResources: 40 * 1024,
  images: 50 * 1024,
  subcharts: 15 * 1024,
  problems: 15 * 1024,
};
/** bytes of JSON; what is longer is left out, so that it does not crowd out everything behind it */
const MAXIMUM_ITEM = 4096;
/** units of effort for CRDs, see `boundedYaml`: the largest charts that are known take some 20,000 */
const RESOURCES_EFFORT = 100_000;
/** characters of a problem */
const MAXIMUM_PROBLEM = 400;

/** The same contents give the same description. Takes less than a second, whatever the archive. */
export function describeContents(metadata: ChartMetadata, contents: ChartContents): ContentsDescription {
  const bundled = bundledCharts(contents, new Effort(CHARTS_EFFORT));
  const images = findImages({ metadata, contents }, bundled.charts);
  const subcharts = withInnerCharts(bundled.charts);
  const effort = new Effort(RESOURCES_EFFORT);
  const resources = [{ path: '', contents }, ...subcharts].map((chart) => customResourcesIn(chart, effort));
  const problems = [
    ...contentsProblems(metadata, contents, bundled.charts),
    ...bundled.problems,
    ...images.problems,
    ...resources.flatMap((found) => found.problems),
  ].map((problem) => problem.slice(0, MAXIMUM_PROBLEM));
  const lists = new BoundedLists();
  if (images.isCut) lists.cut.add('images');
  if (resources.some(({ isCut }) => isCut)) lists.cut.add('customResources');
  const files = contents.files.map(({ path, size }) => ({ path, size, kind: kindOfFile(path) }));
  return {
    revision: DESCRIPTION_REVISION,
    files: lists.bounded('files', files),
    fileCount: files.length,
    fileBytes: files.reduce((total, { size }) => total + size, 0),
    templateCount: files.filter(({ kind }) => kind === 'template' || kind === 'notes').length,
    known: knownFiles(contents),
    customResources: lists.bounded(
      'customResources',
      resources.flatMap((found) => found.resources),
    ),
    images: lists.bounded('images', images.images),
    subcharts: lists.bounded('subcharts', subcharts.map(describedSubchart)),
    problems: lists.bounded('problems', problems),
    cut: [...lists.cut],
  };
}

function customResourcesIn(
  { path, contents }: Pick<BundledChart, 'path' | 'contents'>,
  effort: Effort,
): ReturnType<typeof customResourcesOf> {
  return customResourcesOf(contents, path === '' ? '' : `${path}/`, effort);
}

function describedSubchart({ metadata, path }: BundledChart): DescribedSubchart {
  return { name: metadata.name, version: metadata.version, path };
}

/** Takes from each list as much as there is room for, and notes which ones are cut. */
class BoundedLists {
  readonly cut = new Set<DescribedList>();

  bounded<Item>(list: DescribedList, items: readonly Item[]): readonly Item[] {
    let bytes = 0;
    const kept: Item[] = [];
    for (const item of items) {
      const size = Buffer.byteLength(JSON.stringify(item)) + 1;
      if (size > MAXIMUM_ITEM || bytes + size > ROOM[list]) this.cut.add(list);
      if (size > MAXIMUM_ITEM) continue;
      if (bytes + size > ROOM[list]) break;
      bytes += size;
      kept.push(item);
    }
    return kept;
  }
}
