// The images that a chart seems to use: those that its publisher declares, and those that its values and templates name.
import { type BundledChart, bundledCharts } from './bundled-charts.ts';
import { type ChartInstance, chartInstances } from './chart-instances.ts';
import type { ChartMetadata } from './chart-yaml.ts';
import { Effort } from './compare/effort.ts';
import type { ChartContents } from './contents.ts';
import { declaredImages } from './declared-images.ts';
import { imageKey, parseImageReference } from './image-reference.ts';
import { TemplateScan } from './template-images.ts';
import { imagesInValues } from './values-images.ts';

/** Never the whole truth: templates may make any other text of the values. */
export interface ChartImage {
  /** as it is written, or put together of its parts: `nginx:1.27`, `quay.io/org/app:v1@sha256:…`; without a tag `latest` is meant */
  readonly image: string;
  /** Whether the publisher lists it in an annotation; otherwise it was inferred. */
  readonly declared: boolean;
  /** Whether nothing says the tag, and the chart's appVersion was put in its place. */
  readonly guessedTag: boolean;
  /** The value that must be switched on for the image to be used, `metrics.enabled`; absent when some source needs none. */
  readonly onlyWith?: string | undefined;
  /** At most five. */
  readonly sources: readonly ImageSource[];
}

interface ImageSource {
  readonly kind: 'annotation' | 'values' | 'template';
  /** below the chart's top folder: `Chart.yaml`, `charts/redis/values.yaml` */
  readonly file: string;
  /** the annotation's name, the value (`master.image`), or the line in the template */
  readonly path: string;
}

export interface FoundImages {
  /** Sorted by reference, each image once. */
  readonly images: readonly ChartImage[];
  /** sentences about what could not be read */
  readonly problems: readonly string[];
  /** Whether there was more than is listed or looked through. */
  readonly isCut: boolean;
}

interface ChartWithContents {
  readonly metadata: ChartMetadata;
  readonly contents: ChartContents;
}

/** units of effort, see `bundledCharts`: the largest charts that are known take some 20,000 */
export const CHARTS_EFFORT = 60_000;
/** units of effort for values and annotations, see `boundedYaml`: the largest charts that are known take some 60,000 */
const IMAGES_EFFORT = 120_000;
const MAXIMUM_IMAGES = 500;
const MAXIMUM_SOURCES = 5;
/** characters of a path to a value */
const MAXIMUM_PATH = 300;
/** values that are looked at, in all charts together */
const MAXIMUM_STEPS = 150_000;

/** At most 500 images. What a chart needs may be more: see `ChartImage`. */
export function imagesOf(chart: ChartWithContents): readonly ChartImage[] {
  return findImages(chart, bundledCharts(chart.contents, new Effort(CHARTS_EFFORT)).charts).images;
}

/** @param charts as `bundledCharts` found them */
export function findImages(chart: ChartWithContents, charts: readonly BundledChart[]): FoundImages {
  const effort = new Effort(IMAGES_EFFORT);
  const { instances, problems, isCut } = chartInstances({ ...chart, charts }, effort);
  const collection = new ImageCollection();
  const found = [...problems];
  const scan = new TemplateScan();
  let steps = 0;
  const step = (): boolean => {
    steps += 1;
    return steps <= MAXIMUM_STEPS;
  };
  for (const instance of instances) {
    const declared = declaredImages(instance, effort);
    found.push(...declared.problems);
    for (const { image, annotation, onlyWith } of declared.images) {
      const source = { kind: 'annotation', file: `${instance.prefix}Chart.yaml`, path: annotation } as const;
      collection.add(image, source, { onlyWith: instance.onlyWith ?? onlyWith });
    }
    addFromValues(instance, step, collection);
    for (const { image, file, line } of scan.imagesIn(instance)) {
      collection.add(image, { kind: 'template', file, path: `line ${line}` }, { onlyWith: instance.onlyWith });
    }
  }
  const images = collection.list();
  const isShort = images.length > MAXIMUM_IMAGES || steps > MAXIMUM_STEPS || scan.isCut;
  return { images: images.slice(0, MAXIMUM_IMAGES), problems: [...new Set(found)], isCut: isCut || isShort };
}

function addFromValues(instance: ChartInstance, step: () => boolean, collection: ImageCollection): void {
  const search = {
    appVersion: instance.metadata.appVersion,
    path: instance.valuesPath,
    onlyWith: instance.onlyWith,
    globalRegistry: instance.values.map('global')?.text('imageRegistry'),
    except: instance.subcharts,
    unversioned: instance.dependencies,
    step,
  };
  for (const { image, file, path, onlyWith, hasAppVersion } of imagesInValues(instance.ownValues, search)) {
    collection.add(image, { kind: 'values', file, path }, { onlyWith, hasAppVersion });
  }
}

interface Circumstances {
  readonly onlyWith: string | undefined;
  readonly hasAppVersion?: boolean;
}

interface CollectedImage {
  image: string;
  isDeclared: boolean;
  hasGuessedTag: boolean;
  onlyWith: string | undefined;
  readonly sources: ImageSource[];
}

/** Each image once, whichever way it is written; as the publisher wrote it, if that was declared. */
class ImageCollection {
  readonly #images = new Map<string, CollectedImage>();

  add(image: string, source: ImageSource, { onlyWith, hasAppVersion = false }: Circumstances): void {
    const reference = parseImageReference(image);
    if (reference === undefined) return;
    const isDeclared = source.kind === 'annotation';
    const key = imageKey(reference);
    const known = this.#images.get(key);
    const shown = { ...source, path: source.path.slice(0, MAXIMUM_PATH) };
    if (known === undefined) {
      this.#images.set(key, { image, isDeclared, hasGuessedTag: hasAppVersion, onlyWith, sources: [shown] });
      return;
    }
    if (isDeclared && !known.isDeclared) known.image = image;
    known.isDeclared ||= isDeclared;
    known.hasGuessedTag &&= hasAppVersion;
    if (onlyWith === undefined) known.onlyWith = undefined;
    const isKnown = known.sources.some(({ file, path }) => file === shown.file && path === shown.path);
    if (!isKnown && known.sources.length < MAXIMUM_SOURCES) known.sources.push(shown);
  }

  list(): readonly ChartImage[] {
    return [...this.#images.values()]
      .map(({ image, isDeclared, hasGuessedTag, onlyWith, sources }) => ({
        image,
        declared: isDeclared,
        guessedTag: hasGuessedTag,
        ...(onlyWith === undefined ? {} : { onlyWith: onlyWith.slice(0, MAXIMUM_PATH) }),
        sources,
      }))
      .toSorted((one, other) => (one.image < other.image ? -1 : 1));
  }
}
