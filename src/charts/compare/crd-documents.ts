// The custom resource definitions that a chart installs from its crds/ folder, and those of its dependencies.
import { boundedYaml } from '../bounded-yaml.ts';
import { kindOfFile } from '../known-files.ts';
import { type ComparedChart, labelOf, requireText } from './compared-chart.ts';
import type { Effort } from './effort.ts';
import { isJsonList, isJsonMap, type JsonMap, type JsonValue, member } from './json-value.ts';
import { attempt } from './unreadable-file.ts';

export interface CustomResource {
  /** of the definition: `certificates.cert-manager.io` */
  readonly name: string;
  readonly kind: string | undefined;
  readonly scope: string | undefined;
  readonly versions: readonly CustomResourceVersion[];
}

interface CustomResourceVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  /** OpenAPI 3 */
  readonly schema: JsonMap | undefined;
}

export interface UnreadFile {
  readonly path: string;
  readonly reason: string;
}

/** Where a dependency lies, in a chart or in another dependency, whose crds/ folder Helm installs too (`CRDObjects`). */
const DEPENDENCY = /^(?:charts\/[^/]+\/)+(?=crds\/)/;
const API_GROUP = 'apiextensions.k8s.io/';

export function isCrdFile(path: string): boolean {
  return kindOfFile(path.replace(DEPENDENCY, '')) === 'crd';
}

/** The definitions of one chart, read file by file as long as there is effort. */
export class CrdReader {
  readonly #chart: ComparedChart;
  readonly resources = new Map<string, CustomResource>();
  readonly unread: UnreadFile[] = [];

  constructor(chart: ComparedChart) {
    this.#chart = chart;
  }

  /** @param effort as for `boundedYaml` */
  read(path: string, effort: Effort): void {
    const read = attempt(`${path} of ${labelOf(this.#chart)}`, () =>
      definitionsIn(requireText(this.#chart, path) ?? '', effort),
    );
    if (!read.readable) this.unread.push({ path, reason: read.reason });
    else for (const resource of read.content) this.resources.set(resource.name, resource);
  }
}

function definitionsIn(text: string, effort: Effort): readonly CustomResource[] {
  return boundedYaml(text, effort).flatMap(definitionsOf);
}

/** One definition, or those of a `List`. */
function definitionsOf(data: JsonValue): readonly CustomResource[] {
  if (!isJsonMap(data)) return [];
  if (data.kind === 'List' && isJsonList(data.items)) return data.items.flatMap(definitionOf);
  return definitionOf(data);
}

function definitionOf(data: JsonValue): readonly CustomResource[] {
  if (!isJsonMap(data) || data.kind !== 'CustomResourceDefinition') return [];
  if (!textAt(data, 'apiVersion')?.startsWith(API_GROUP)) return [];
  const name = textAt(mapAt(data, 'metadata'), 'name');
  const spec = mapAt(data, 'spec');
  if (name === undefined) return [];
  return [
    { name, kind: textAt(mapAt(spec, 'names'), 'kind'), scope: textAt(spec, 'scope'), versions: versionsOf(spec) },
  ];
}

/** v1beta1 may have one version, and one schema for all versions, outside of the list. */
function versionsOf(spec: JsonMap): readonly CustomResourceVersion[] {
  const list = member(spec, 'versions');
  const shared = schemaIn(member(spec, 'validation'));
  const single = textAt(spec, 'version');
  if (!isJsonList(list)) {
    return single === undefined ? [] : [{ name: single, served: true, storage: true, schema: shared }];
  }
  return list.filter(isJsonMap).map((version) => ({
    name: textAt(version, 'name') ?? '',
    served: member(version, 'served') === true,
    storage: member(version, 'storage') === true,
    schema: schemaIn(member(version, 'schema')) ?? shared,
  }));
}

function schemaIn(around: JsonValue | undefined): JsonMap | undefined {
  const schema = isJsonMap(around) ? member(around, 'openAPIV3Schema') : undefined;
  return isJsonMap(schema) ? schema : undefined;
}

function mapAt(map: JsonMap, key: string): JsonMap {
  const value = member(map, key);
  return isJsonMap(value) ? value : {};
}

function textAt(map: JsonMap, key: string): string | undefined {
  const value = member(map, key);
  return typeof value === 'string' ? value : undefined;
}
