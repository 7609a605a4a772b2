// The config blob and the manifest that `helm push` makes of a packed chart (pkg/registry, 4.2.4; 3.21.4 makes the same).
import type { Digest } from '../oci/digest.ts';
import { HELM_CONFIG, HELM_CONTENT, HELM_PROVENANCE } from '../oci/media-types.ts';
import type { ChartDependency, ChartMetadata } from './chart-yaml.ts';
import { type GoValue, goJson, goMapOf } from './go-json.ts';

export interface StoredContent {
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
}

interface ManifestParts {
  /** of Chart.yaml in the archive */
  readonly metadata: ChartMetadata;
  /** what `configBlobOf` made of the metadata */
  readonly config: StoredContent;
  readonly content: StoredContent;
  readonly provenance: StoredContent | undefined;
  /**
   * When the chart was made, in milliseconds since 1970. Helm takes the time at which the archive was last written and names
   * it in the time zone of its machine; it stands here in UTC.
   */
  readonly created: number;
}

/**
 * Chart.yaml as JSON, byte for byte as Helm writes it, so that its digest is the same too.
 * @throws RegistryError MANIFEST_INVALID for a number in "import-values" that JSON cannot hold
 */
export function configBlobOf(metadata: ChartMetadata): Uint8Array {
  return Buffer.from(
    // The order is that of Helm's struct. Left out is what is empty, but for a dependency's name and repository.
    goJson({
      name: metadata.name,
      home: metadata.home,
      sources: metadata.sources,
      version: metadata.version,
      description: metadata.description,
      keywords: metadata.keywords,
      maintainers: metadata.maintainers?.map(({ name, email, url }) => ({ name, email, url })),
      icon: metadata.icon,
      apiVersion: metadata.apiVersion,
      condition: metadata.condition,
      tags: metadata.tags,
      appVersion: metadata.appVersion,
      deprecated: metadata.deprecated,
      annotations: metadata.annotations && goMapOf(metadata.annotations),
      kubeVersion: metadata.kubeVersion,
      dependencies: metadata.dependencies?.map(dependencyFields),
      type: metadata.type,
    }),
  );
}

/** A dependency as Helm writes it into JSON: into the config blob, and into what the digest of a Chart.lock is made of. */
export function dependencyFields(dependency: ChartDependency): GoValue {
  return {
    name: dependency.name,
    version: dependency.version,
    repository: dependency.repository,
    condition: dependency.condition,
    tags: dependency.tags,
    enabled: dependency.enabled,
    'import-values': dependency['import-values']?.map(goMapOf),
    alias: dependency.alias,
  };
}

/** The manifest byte for byte; helm sends it as `application/vnd.oci.image.manifest.v1+json` without saying so in it. */
export function manifestOf({ metadata, config, content, provenance, created }: ManifestParts): Uint8Array {
  const layers = [
    { mediaType: HELM_CONTENT, ...only(content) },
    ...(provenance === undefined ? [] : [{ mediaType: HELM_PROVENANCE, ...only(provenance) }]),
  ];
  return Buffer.from(
    goJson({
      schemaVersion: 2,
      config: { mediaType: HELM_CONFIG, ...only(config) },
      layers: layers.toSorted((one, other) => (one.digest < other.digest ? -1 : 1)),
      annotations: annotationsOf(metadata, created),
    }),
  );
}

/** Whatever else the caller's object has stays out of the manifest. */
function only({ digest, size }: StoredContent): StoredContent {
  return { digest, size };
}

/** The chart's own annotations stand over what is said of it, even when they are empty, except over title and version. */
function annotationsOf(metadata: ChartMetadata, created: number): ReadonlyMap<string, string> {
  const { name, version, description, home, sources, annotations = {} } = metadata;
  const fields = new Map<string, string | undefined>([
    ['org.opencontainers.image.description', description],
    ['org.opencontainers.image.title', name],
    ['org.opencontainers.image.version', version],
    ['org.opencontainers.image.url', home],
    ['org.opencontainers.image.created', new Date(created).toISOString().replace(/\.[0-9]+Z$/, 'Z')],
    ['org.opencontainers.image.source', sources?.[0]],
    ['org.opencontainers.image.authors', authorsOf(metadata)],
  ]);
  const result = new Map<string, string>();
  for (const [key, value = ''] of fields) {
    if (value.trim() !== '') result.set(key, value);
  }
  for (const [key, value] of Object.entries(annotations)) {
    if (key !== 'org.opencontainers.image.title' && key !== 'org.opencontainers.image.version') result.set(key, value);
  }
  return result;
}

/** `Ann (ann@example.com), Ben`: without a name it begins with the space, as Helm has it. */
function authorsOf({ maintainers = [] }: ChartMetadata): string {
  return maintainers.map(({ name = '', email }) => (email ? `${name} (${email})` : name)).join(', ');
}
