// Adds a provenance file to a version that is published: its manifest stays as it is, and a second one refers to it.
import { digestOf } from '../oci/digest.ts';
import { RegistryError } from '../oci/error.ts';
import { HELM_PROVENANCE, OCI_MANIFEST } from '../oci/media-types.ts';
import type { Database } from '../ports/database.ts';
import type { Actor } from '../registry/actor.ts';
import type { ReceivedBytes } from '../registry/received-bytes.ts';
import type { Registry } from '../registry/registry.ts';
import { countCatalogRevisionUp } from '../tables/catalog-revision.ts';
import type { VersionRow } from '../tables/chart-catalog.ts';
import { attachProvenance as attachToVersion, keepsProvenance } from '../tables/chart-versions.ts';

/** OCI image spec, manifest.md, "Guidance for an Empty Descriptor" */
const EMPTY = Buffer.from('{}');
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';
/** Not helm's own type: helm takes whatever has a layer of that for a chart. */
const SIGNATURE_TYPE = 'application/pgp-signature';

/** @throws RegistryError VERSION_PUBLISHED when it has another one */
export async function attachProvenance(
  { database, registry }: { readonly database: Database; readonly registry: Registry },
  version: VersionRow,
  provenance: ReceivedBytes,
  actor: Actor,
): Promise<void> {
  const { repository, tag, digest, provenanceDigest } = version;
  if (provenanceDigest !== null && provenanceDigest !== provenance.digest) throw otherProvenance(version);
  const isAttachedAlready =
    provenanceDigest !== null &&
    (await keepsProvenance(database, { repository, digest, provenance: provenanceDigest }));
  if (isAttachedAlready) return;
  await provenance.keepIn(repository);
  const bytes = await referrerOf(registry, version, provenance);
  const reference = { kind: 'digest', digest: digestOf(bytes) } as const;
  // First what refers to it: a crash in between leaves a version that has none yet, and whoever tries again is done with both.
  await registry.pushManifest({ repository, reference, tags: [], contentType: OCI_MANIFEST, bytes, actor });
  const isAttached = await database.transaction(async (tx) => {
    const revision = await countCatalogRevisionUp(tx);
    return await attachToVersion(tx, { repository, tag, digest }, provenance.digest, revision);
  });
  if (isAttached) return;
  await registry.deleteManifest(repository, reference, actor);
  throw otherProvenance(version);
}

/** The manifest of an artifact whose subject is the version's: the same bytes each time. */
async function referrerOf(registry: Registry, version: VersionRow, { digest, size }: ReceivedBytes): Promise<Buffer> {
  const { repository, fileName } = version;
  const subject = await registry.readManifest(repository, { kind: 'digest', digest: version.digest });
  const config = await registry.uploads.storeBytes(repository, EMPTY);
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: HELM_PROVENANCE,
      config: { mediaType: EMPTY_TYPE, ...config },
      layers: [
        {
          ...{ mediaType: SIGNATURE_TYPE, digest, size },
          annotations: { 'org.opencontainers.image.title': `${fileName}.prov` },
        },
      ],
      subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.content.length },
    }),
  );
}

function otherProvenance({ repository, version }: VersionRow): RegistryError {
  return new RegistryError(
    'VERSION_PUBLISHED',
    `${repository} ${version} is already published with another provenance file, and published versions never change: raise "version" in Chart.yaml, and sign and upload that`,
  );
}
