// Decides whether what was pushed is a chart: its layers, its archive, its Chart.yaml, and that the config blob agrees.
import { RegistryError } from '../oci/error.ts';
import type { Descriptor, ImageManifest } from '../oci/manifest.ts';
import { HELM_CONFIG, HELM_CONTENT, HELM_CONTENT_LEGACY, HELM_PROVENANCE, OCI_MANIFEST } from '../oci/media-types.ts';
import { readChartArchive } from './archive.ts';
import {
  type ChartDependency,
  type ChartMetadata,
  MAXIMUM_METADATA_BYTES,
  parseChartYaml,
  parseConfigBlob,
} from './chart-yaml.ts';
import { parseChartVersion } from './version.ts';

export interface ChartLayers {
  readonly config: Descriptor;
  readonly content: Descriptor;
  readonly provenance: Descriptor | undefined;
}

export interface ChartInspection {
  /** as Chart.yaml in the archive has it, which is what Helm installs */
  readonly metadata: ChartMetadata;
  readonly findings: readonly Finding[];
}

interface VersionRules {
  readonly versions: 'lenient' | 'strict';
}

/** Something that does not stop a push but that the publisher should know. */
export interface Finding {
  readonly code: 'version-not-strict-semver';
  readonly message: string;
}

export const MAXIMUM_CONFIG_BYTES = MAXIMUM_METADATA_BYTES;

/**
 * Finds a chart's parts by media type, never by place: Helm sorts layers by digest. Layers of other types are let through,
 * since Helm asks for these types only and leaves out the rest (pkg/registry, `Pull`); but of two content layers Helm takes
 * the last one, unlike other clients, so a second one is refused.
 * @throws RegistryError MANIFEST_INVALID
 */
export function chartLayers(manifest: ImageManifest): ChartLayers {
  if (manifest.mediaType !== OCI_MANIFEST) {
    throw invalid(`a chart's manifest has the type "${OCI_MANIFEST}", this one has "${manifest.mediaType}"`);
  }
  // helm follows a subject, and finds config and content by their types wherever they stand: each must be in its one place.
  if (manifest.subject) throw invalid('the manifest of a chart has a "subject": helm would take files from there');
  if (manifest.layers.some(({ mediaType }) => mediaType === HELM_CONFIG)) {
    throw invalid(`the manifest has a layer of type "${HELM_CONFIG}": that is the type of a chart's config`);
  }
  if (manifest.config.mediaType !== HELM_CONFIG) {
    throw invalid(
      `the config of the manifest has the media type "${manifest.config.mediaType}", a chart's has "${HELM_CONFIG}"`,
    );
  }
  const contents = manifest.layers.filter(
    ({ mediaType }) => mediaType === HELM_CONTENT || mediaType === HELM_CONTENT_LEGACY,
  );
  const provenances = manifest.layers.filter(({ mediaType }) => mediaType === HELM_PROVENANCE);
  const [content] = contents;
  if (content === undefined) {
    throw invalid(`the manifest has no layer of type "${HELM_CONTENT}": a chart has one, its packed archive`);
  }
  if (contents.length > 1)
    throw invalid(`the manifest has ${contents.length} layers with a chart's archive: a chart has one`);
  if (provenances.length > 1) {
    throw invalid(`the manifest has ${provenances.length} provenance layers: a chart has at most one`);
  }
  return { config: manifest.config, content, provenance: provenances[0] };
}

/**
 * @param content of the content layer; it is read or closed in any case
 * @param rules `versions: 'strict'` refuses versions that Helm accepts but that are not SemVer 2
 * @throws RegistryError MANIFEST_INVALID; whatever `content` throws, unchanged
 */
export async function inspectChart(
  config: Uint8Array,
  content: AsyncIterable<Uint8Array>,
  rules: VersionRules,
): Promise<ChartInspection> {
  // The archive comes first, so that no failure before it can leave `content` open.
  const metadata = await readMetadata(content);
  requireAgreement(parseConfigBlob(config), metadata);
  return { metadata, findings: versionFindings(metadata.version, rules.versions) };
}

/** As `inspectChart`, of a packed chart that comes without a config blob. */
export async function inspectArchive(
  content: AsyncIterable<Uint8Array>,
  rules: VersionRules,
): Promise<ChartInspection> {
  const metadata = await readMetadata(content);
  return { metadata, findings: versionFindings(metadata.version, rules.versions) };
}

async function readMetadata(content: AsyncIterable<Uint8Array>): Promise<ChartMetadata> {
  const archive = await readChartArchive(content);
  const metadata = parseChartYaml(archive.chartYaml, archive.requirementsYaml);
  if (archive.folder !== metadata.name) {
    throw invalid(
      `the chart's archive has the top folder "${archive.folder}", but the chart is called "${metadata.name}": the folder must have the chart's name, as helm package writes it`,
    );
  }
  return metadata;
}

/** The fields that the registry shows, sorts and searches by must not say one thing in the manifest and another in the chart. */
function requireAgreement(config: ChartMetadata, chart: ChartMetadata): void {
  requireEqual('name', config.name, chart.name);
  requireEqual('version', config.version, chart.version);
  requireEqual('apiVersion', config.apiVersion, chart.apiVersion);
  requireEqual('type', config.type, chart.type);
  requireEqual('deprecated', String(config.deprecated ?? false), String(chart.deprecated ?? false));
  requireSimilar('appVersion', config.appVersion, chart.appVersion);
  requireSimilar('description', config.description, chart.description);
  requireEqual('number of dependencies', String(count(config)), String(count(chart)));
  for (const [index, dependency] of (chart.dependencies ?? []).entries()) {
    const configured: ChartDependency | undefined = config.dependencies?.[index];
    requireSimilar(`dependencies[${index}].name`, configured?.name, dependency.name);
    requireSimilar(`dependencies[${index}].version`, configured?.version, dependency.version);
    requireSimilar(`dependencies[${index}].repository`, configured?.repository, dependency.repository);
  }
}

function count({ dependencies }: ChartMetadata): number {
  return dependencies?.length ?? 0;
}

function requireEqual(field: string, config: string | undefined, chart: string | undefined): void {
  if (config === chart) return;
  throw invalid(
    `the config blob and Chart.yaml in the archive disagree on the ${field}: ${shown(config)} there, ${shown(chart)} here; push the packed chart with helm push, which writes both`,
  );
}

/**
 * Helm drops what its Unicode tables do not call printable, and folds lines as its YAML parser does; ours may know newer
 * characters and fold otherwise. So free text is compared by what no two of them disagree on: the visible ASCII characters.
 */
function requireSimilar(field: string, config: string | undefined, chart: string | undefined): void {
  if (visibleAscii(config) !== visibleAscii(chart)) requireEqual(field, config, chart);
}

function visibleAscii(text: string | undefined): string {
  return text?.replace(/[^!-~]/g, '') ?? '';
}

function versionFindings(text: string, rule: 'lenient' | 'strict'): readonly Finding[] {
  const version = parseChartVersion(text);
  if (version === undefined || version.strict) return [];
  if (rule === 'strict') {
    throw invalid(
      `version "${text}" is not strict SemVer, which this registry asks for (setting "chartVersions: strict"): write "version: ${version.strictForm}" in Chart.yaml, then package and push again`,
    );
  }
  return [
    {
      code: 'version-not-strict-semver',
      message: `version ${text} is not strict SemVer (that would be ${version.strictForm}), so no version range finds it: helm gets it only by its exact name, --version ${text}`,
    },
  ];
}

function shown(value: string | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value.slice(0, 80));
}

function invalid(message: string): RegistryError {
  return new RegistryError('MANIFEST_INVALID', message);
}
