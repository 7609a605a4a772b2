// The custom resource definitions (CRDs) of a chart: those that Helm installs from crds/, and those among its templates.
import { boundedYaml } from './bounded-yaml.ts';
import type { Effort } from './compare/effort.ts';
import { isJsonList, isJsonMap, type JsonMap, type JsonValue, member } from './compare/json-value.ts';
import { attempt, UnreadableFile } from './compare/unreadable-file.ts';
import type { ChartContents } from './contents.ts';
import { withoutActions, withoutSchemas } from './crd-text.ts';
import { kindOfFile } from './known-files.ts';

export interface CustomResource {
  readonly group: string;
  readonly kind: string;
  /** `Namespaced` or `Cluster`; absent where a template fills it in */
  readonly scope?: string | undefined;
  readonly versions: readonly CustomResourceVersion[];
  /** below the outermost chart's top folder */
  readonly file: string;
  /** Helm installs those in `crds` before everything else and never changes them; those in `templates` only if they are rendered. */
  readonly place: 'crds' | 'templates';
}

interface CustomResourceVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
}

export interface FoundCustomResources {
  readonly resources: readonly CustomResource[];
  /** sentences about files in crds/ that cannot be read */
  readonly problems: readonly string[];
  /** Whether there was more than is listed or looked through. */
  readonly isCut: boolean;
}

const KIND = 'CustomResourceDefinition';
const MAXIMUM_RESOURCES = 500;
const MAXIMUM_VERSIONS = 20;
/** characters of a name; Kubernetes allows 253 */
const MAXIMUM_NAME = 253;
/** units of effort; with less left, nothing more is begun */
const LEAST_EFFORT = 1000;

/**
 * Schemas are not read, so that what is wrong in one is not found here.
 * @param prefix what the files' paths begin with: `charts/redis/`
 * @param effort of reading YAML, see `boundedYaml`
 */
export function customResourcesOf(contents: ChartContents, prefix: string, effort: Effort): FoundCustomResources {
  const resources: CustomResource[] = [];
  const problems: string[] = [];
  let isCut = false;
  for (const { path } of contents.files) {
    const kind = kindOfFile(path);
    if (kind !== 'crd' && !(kind === 'template' && mentionsDefinition(contents, path))) continue;
    isCut ||= effort.left < LEAST_EFFORT;
    if (isCut) break;
    const file = `${prefix}${path}`;
    const read = attempt(file, () => {
      const text = contents.text(path);
      if (text === undefined) throw new UnreadableFile('is not text in UTF-8');
      const literal = kind === 'crd' ? text : withoutActions(text, effort);
      const place = kind === 'crd' ? 'crds' : 'templates';
      return definitionsIn(withoutSchemas(literal, effort), { file, place }, effort);
    });
    if (read.readable) resources.push(...read.content);
    // What is left of a template need not be YAML.
    else if (kind === 'crd') problems.push(read.reason);
  }
  isCut ||= resources.length > MAXIMUM_RESOURCES;
  return { resources: resources.slice(0, MAXIMUM_RESOURCES), problems, isCut };
}

function mentionsDefinition(contents: ChartContents, path: string): boolean {
  const bytes = contents.bytes(path) ?? new Uint8Array();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(KIND);
}

type Place = Pick<CustomResource, 'file' | 'place'>;

function definitionsIn(text: string, place: Place, effort: Effort): readonly CustomResource[] {
  return boundedYaml(text, effort)
    .flatMap((data) => (isJsonMap(data) && isJsonList(data.items) ? data.items : [data]))
    .flatMap((data) => definitionOf(data, place));
}

function definitionOf(data: JsonValue, place: Place): readonly CustomResource[] {
  if (!isJsonMap(data) || member(data, 'kind') !== KIND) return [];
  const spec = mapAt(data, 'spec');
  const group = textAt(spec, 'group');
  const kind = textAt(mapAt(spec, 'names'), 'kind');
  if (group === undefined || kind === undefined) return [];
  const scope = textAt(spec, 'scope');
  return [{ group, kind, ...(scope === undefined ? {} : { scope }), versions: versionsOf(spec), ...place }];
}

/** v1beta1 may have one version outside of the list. */
function versionsOf(spec: JsonMap): readonly CustomResourceVersion[] {
  const list = member(spec, 'versions');
  if (!isJsonList(list)) {
    const name = textAt(spec, 'version');
    return name === undefined ? [] : [{ name, served: true, storage: true }];
  }
  return list.slice(0, MAXIMUM_VERSIONS).flatMap((version) => {
    const name = isJsonMap(version) ? textAt(version, 'name') : undefined;
    if (name === undefined || !isJsonMap(version)) return [];
    return [{ name, served: member(version, 'served') === true, storage: member(version, 'storage') === true }];
  });
}

function mapAt(map: JsonMap, key: string): JsonMap {
  const value = member(map, key);
  return isJsonMap(value) ? value : {};
}

function textAt(map: JsonMap, key: string): string | undefined {
  const value = member(map, key);
  return typeof value === 'string' && value !== '' ? value.slice(0, MAXIMUM_NAME) : undefined;
}
