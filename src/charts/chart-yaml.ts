// A chart's metadata, read from Chart.yaml or from an OCI config blob and checked as Helm checks it (pkg/chart/v2, 4.2.4).
import { RegistryError } from '../oci/error.ts';
import { isRecord, MetadataFields, type MetadataSource, withoutUndefined } from './metadata-fields.ts';
import { parseChartVersion } from './version.ts';
import { MAXIMUM_DEPTH, readYaml } from './yaml-values.ts';

/** The fields have the names of Chart.yaml, so that this as JSON is what Helm's config blob and index.yaml hold. */
export interface ChartMetadata {
  /** "v1" when Chart.yaml has none: Helm 2 did not ask for it */
  readonly apiVersion: string;
  readonly name: string;
  readonly version: string;
  readonly description?: string | undefined;
  readonly type?: 'application' | 'library' | undefined;
  readonly appVersion?: string | undefined;
  readonly home?: string | undefined;
  readonly icon?: string | undefined;
  readonly sources?: readonly string[] | undefined;
  readonly keywords?: readonly string[] | undefined;
  readonly maintainers?: readonly ChartMaintainer[] | undefined;
  readonly deprecated?: true | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly kubeVersion?: string | undefined;
  readonly condition?: string | undefined;
  readonly tags?: string | undefined;
  readonly dependencies?: readonly ChartDependency[] | undefined;
}

interface ChartMaintainer {
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly url?: string | undefined;
}

export interface ChartDependency {
  /** Helm writes name and repository even when they are empty. */
  readonly name: string;
  readonly version?: string | undefined;
  readonly repository: string;
  readonly condition?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly enabled?: true | undefined;
  readonly 'import-values'?: readonly unknown[] | undefined;
  readonly alias?: string | undefined;
}

/** 1 MiB; a long Chart.yaml, with changes and images as annotations, has some 50 KiB. */
export const MAXIMUM_METADATA_BYTES = 1024 * 1024;

const ALIAS = /^[a-zA-Z0-9_-]+$/;

/**
 * @param requirements a requirements.yaml beside it, which Helm reads over it for charts of any apiVersion
 * @throws RegistryError MANIFEST_INVALID with the field, what it holds and what it may hold
 */
export function parseChartYaml(bytes: Uint8Array, requirements?: Uint8Array): ChartMetadata {
  let raw = readYaml(textOf(bytes, 'Chart.yaml'), 'Chart.yaml');
  if (requirements !== undefined)
    raw = overlay(raw, readYaml(textOf(requirements, 'requirements.yaml'), 'requirements.yaml'));
  return metadataOf(raw, { name: 'Chart.yaml', coercesScalars: true });
}

/** @throws RegistryError MANIFEST_INVALID */
export function parseConfigBlob(bytes: Uint8Array): ChartMetadata {
  const text = textOf(bytes, 'the config blob');
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    const message = "the config blob is not JSON: it must be the chart's metadata as helm push writes it";
    throw new RegistryError('MANIFEST_INVALID', message, { cause });
  }
  return metadataOf(raw, { name: 'the config blob', coercesScalars: false });
}

function textOf(bytes: Uint8Array, name: string): string {
  if (bytes.byteLength > MAXIMUM_METADATA_BYTES) {
    throw invalid(`${name} has ${bytes.byteLength} bytes, at most ${MAXIMUM_METADATA_BYTES} are allowed`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new RegistryError('MANIFEST_INVALID', `${name} is not text in UTF-8`, { cause });
  }
}

/** Go decodes the second file into the struct that the first one filled: field over field, list item over list item. */
function overlay(below: unknown, above: unknown): unknown {
  if (above === null) return below;
  if (!isRecord(below) || !isRecord(above)) return above;
  const result: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const under = result[key];
    if (Array.isArray(value) && Array.isArray(under)) {
      result[key] = value.map((item: unknown, index) => (index < under.length ? overlay(under[index], item) : item));
    } else if (value !== null || Array.isArray(under)) {
      result[key] = value;
    }
  }
  return result;
}

function metadataOf(raw: unknown, source: MetadataSource): ChartMetadata {
  const fields = new MetadataFields(raw ?? {}, source);
  const dependencies = fields.maps('dependencies')?.map((dependency) => dependencyOf(dependency, source));
  requireDistinct(dependencies ?? [], source);
  return withoutUndefined<ChartMetadata>({
    apiVersion: fields.text('apiVersion') ?? 'v1',
    name: nameOf(fields, source),
    version: versionOf(fields, source),
    description: sanitized(fields.text('description')),
    type: typeOf(fields, source),
    appVersion: sanitized(fields.text('appVersion')),
    home: sanitized(fields.text('home')),
    icon: sanitized(fields.text('icon')),
    sources: fields.texts('sources')?.map(sanitize),
    keywords: fields.texts('keywords')?.map(sanitize),
    maintainers: fields.maps('maintainers')?.map(maintainerOf),
    deprecated: fields.flag('deprecated') || undefined,
    annotations: fields.textMap('annotations'),
    kubeVersion: sanitized(fields.text('kubeVersion')),
    condition: sanitized(fields.text('condition')),
    tags: sanitized(fields.text('tags')),
    dependencies,
  });
}

function nameOf(fields: MetadataFields, source: MetadataSource): string {
  const name = sanitized(fields.text('name'));
  if (name === undefined) throw invalid(`${source.name} has no "name": a chart needs apiVersion, name and version`);
  // The name becomes a folder. Helm on Windows takes "\" for a separator too.
  if (name === '.' || name === '..' || /[/\\]/.test(name)) {
    throw invalid(`"name" in ${source.name} is ${quoted(name)}: the name of a chart must not be a path`);
  }
  return name;
}

function versionOf(fields: MetadataFields, source: MetadataSource): string {
  const version = fields.text('version');
  if (version === undefined)
    throw invalid(`${source.name} has no "version": a chart needs apiVersion, name and version`);
  if (parseChartVersion(version) === undefined) {
    throw invalid(
      `"version" in ${source.name} is ${quoted(version)}, which is not a version: expected three numbers such as 1.2.3, with an optional pre-release (1.2.3-rc.1) and build (1.2.3+7)`,
    );
  }
  return version;
}

function typeOf(fields: MetadataFields, source: MetadataSource): 'application' | 'library' | undefined {
  const type = fields.text('type');
  if (type === undefined || type === 'application' || type === 'library') return type;
  throw invalid(`"type" in ${source.name} is ${quoted(type)}: it must be "application" or "library"`);
}

function maintainerOf(fields: MetadataFields): ChartMaintainer {
  return withoutUndefined<ChartMaintainer>({
    name: sanitized(fields.text('name')),
    email: sanitized(fields.text('email')),
    url: sanitized(fields.text('url')),
  });
}

function dependencyOf(fields: MetadataFields, source: MetadataSource): ChartDependency {
  const name = sanitize(fields.text('name') ?? '');
  const alias = fields.text('alias');
  if (alias !== undefined && !ALIAS.test(alias)) {
    throw invalid(
      `dependency "${name}" in ${source.name} has the alias ${quoted(alias)}: an alias has letters, digits, "_" and "-" only`,
    );
  }
  return withoutUndefined<ChartDependency>({
    name,
    version: sanitized(fields.text('version')),
    repository: sanitize(fields.text('repository') ?? ''),
    condition: sanitized(fields.text('condition')),
    tags: fields.texts('tags')?.map(sanitize),
    enabled: fields.flag('enabled') || undefined,
    'import-values': fields.list('import-values')?.map((value) => jsonValue(value, 0)),
    alias,
  });
}

function requireDistinct(dependencies: readonly ChartDependency[], source: MetadataSource): void {
  const seen = new Set<string>();
  for (const { name, alias } of dependencies) {
    const key = alias ?? name;
    if (seen.has(key)) {
      throw invalid(
        `${source.name} has more than one dependency with the name or alias ${quoted(key)}: give each an "alias" of its own`,
      );
    }
    seen.add(key);
  }
}

/** The value as JSON has it. The depth is bounded since whoever writes it out again needs a stack for it. */
function jsonValue(value: unknown, depth: number): unknown {
  if (depth > MAXIMUM_DEPTH) throw invalid(`"import-values" is nested deeper than ${MAXIMUM_DEPTH} levels`);
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map((item) => jsonValue(item, depth + 1));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonValue(item, depth + 1)]));
}

function sanitized(text: string | undefined): string | undefined {
  return text === undefined ? undefined : sanitize(text) || undefined;
}

/** Helm's `sanitizeString`: every white space becomes a space, and what Go does not call printable goes. */
function sanitize(text: string): string {
  return text.replace(/\p{White_Space}/gu, ' ').replace(/[^ \p{L}\p{M}\p{N}\p{P}\p{S}]/gu, '');
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 160));
}

function invalid(message: string): RegistryError {
  return new RegistryError('MANIFEST_INVALID', message);
}
