// Media types that the registry treats in a way of their own; all others are stored and returned untouched.

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_MANIFEST_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** https://helm.sh/docs/topics/registries/#helm-chart-manifest */
export const HELM_CONFIG = 'application/vnd.cncf.helm.config.v1+json';
export const HELM_CONTENT = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
/** The layer type of Helm before 3.7, which Helm still reads. */
export const HELM_CONTENT_LEGACY = 'application/tar+gzip';
export const HELM_PROVENANCE = 'application/vnd.cncf.helm.chart.provenance.v1.prov';

/** Layers that by definition live elsewhere, so that a manifest may name them without pushing them (OCI image spec, layer.md). */
export function isNondistributable(mediaType: string): boolean {
  return (
    mediaType.startsWith('application/vnd.oci.image.layer.nondistributable.') ||
    mediaType === 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'
  );
}

/** What clients take for a manifest, wherever it stands. */
export function isManifestType(mediaType: string): boolean {
  return [
    OCI_MANIFEST,
    OCI_INDEX,
    DOCKER_MANIFEST,
    DOCKER_MANIFEST_LIST,
    'application/vnd.oci.artifact.manifest.v1+json',
  ].includes(mediaType);
}

/** Media types that only a chart's manifest has. */
export function isHelmType(mediaType: string): boolean {
  return [HELM_CONFIG, HELM_CONTENT, HELM_PROVENANCE].includes(mediaType);
}
