// The images that a chart's publisher lists in annotations of Chart.yaml.
import { boundedYaml } from './bounded-yaml.ts';
import type { ChartInstance } from './chart-instances.ts';
import type { Effort } from './compare/effort.ts';
import { isJsonList, isJsonMap, type JsonValue, member } from './compare/json-value.ts';
import { attempt } from './compare/unreadable-file.ts';
import { parseImageReference } from './image-reference.ts';

interface DeclaredImage {
  readonly image: string;
  readonly annotation: string;
  /** the value that the annotation names as a condition, when it is off */
  readonly onlyWith: string | undefined;
}

interface DeclaredImages {
  readonly images: readonly DeclaredImage[];
  readonly problems: readonly string[];
}

/**
 * `artifacthub.io/images` (Artifact Hub), `images` (Bitnami, and the tool dt), `helm.sh/images` (Helm's proposal 0015, which
 * Zarf and Big Bang use). All hold a YAML list of maps with `image`; the last one may have a `condition` in each.
 */
const ANNOTATIONS = ['artifacthub.io/images', 'images', 'helm.sh/images'];

export function declaredImages(
  { metadata, values, valuesPath, prefix }: ChartInstance,
  effort: Effort,
): DeclaredImages {
  const images: DeclaredImage[] = [];
  const problems: string[] = [];
  for (const annotation of ANNOTATIONS) {
    const text = metadata.annotations && Object.hasOwn(metadata.annotations, annotation);
    if (!text) continue;
    const file = `the annotation "${annotation}" in ${prefix}Chart.yaml`;
    const read = attempt(file, () => listIn(metadata.annotations?.[annotation] ?? '', effort));
    if (!read.readable) {
      problems.push(read.reason);
      continue;
    }
    let strange = 0;
    for (const item of read.content) {
      const image = textOf(isJsonMap(item) ? member(item, 'image') : item);
      const condition = isJsonMap(item) ? textOf(member(item, 'condition')) : undefined;
      if (image === undefined || parseImageReference(image) === undefined) strange += 1;
      else {
        const isOff = condition !== undefined && values.at(condition) !== true;
        const onlyWith = isOff ? `${valuesPath === '' ? '' : `${valuesPath}.`}${condition}` : undefined;
        images.push({ image, annotation, onlyWith });
      }
    }
    if (strange > 0) problems.push(`${file} has ${strange} entries that name no image`);
  }
  return { images, problems };
}

function listIn(text: string, effort: Effort): readonly JsonValue[] {
  const [data = null] = boundedYaml(text, effort);
  return isJsonList(data) ? data : [data];
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value.trim() || undefined : undefined;
}
