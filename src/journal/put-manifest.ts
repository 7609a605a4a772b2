// Puts a manifest of the journal back into a database, with its blobs, what it needs and the chart that it is.
import type { Digest } from '../oci/digest.ts';
import { blobsOf, childrenOf, type Manifest, parseManifest } from '../oci/manifest.ts';
import { HELM_PROVENANCE } from '../oci/media-types.ts';
import type { Transaction } from '../ports/database.ts';
import { isStoredBlob, linkBlob } from '../tables/blobs.ts';
import { insertChart } from '../tables/charts.ts';
import type { ManifestSource } from '../tables/journal-source.ts';
import { insertManifest } from '../tables/manifests.ts';
import { putStoredBlob } from '../tables/rebuilt-rows.ts';
import { createRepository } from '../tables/repositories.ts';

export interface PutOutcome {
  /** False when it was there already. */
  readonly isNew: boolean;
  /** Blobs that it needs and that are not stored: they are noted as damaged, so that pushing them again mends it. */
  readonly missing: readonly Digest[];
  /** Of the manifest with which a provenance file was added to a version: that file, and the version's manifest. */
  readonly provenance: { readonly digest: Digest; readonly subject: Digest } | undefined;
}

export async function putManifest(tx: Transaction, source: ManifestSource, now: number): Promise<PutOutcome> {
  const { repository, digest, mediaType, content, pushedAt, pushedBy } = source;
  const manifest = parseManifest(content, mediaType);
  const missing: Digest[] = [];
  const blobs = blobsOf(manifest);
  for (const blob of blobs) if (!(await isStoredBlob(tx, blob.digest))) missing.push(blob.digest);
  await createRepository(tx, repository, pushedAt);
  for (const { digest: blob, size } of blobs) {
    if (missing.includes(blob)) await putStoredBlob(tx, { digest: blob, size, createdAt: now, damagedAt: now });
    await linkBlob(tx, { repository, digest: blob, size, now: pushedAt });
  }
  const isNew = await insertManifest(tx, {
    ...manifest,
    ...{ repository, digest, mediaType, content, pushedAt, pushedBy },
    blobs: blobs.map((blob) => blob.digest),
    children: childrenOf(manifest).map((child) => child.digest),
  });
  await putChart(tx, source);
  return { isNew, missing, provenance: addedProvenance(manifest) };
}

function addedProvenance(manifest: Manifest): PutOutcome['provenance'] {
  if (manifest.kind !== 'image' || manifest.artifactType !== HELM_PROVENANCE) return undefined;
  const [layer] = manifest.layers;
  return layer && manifest.subject && { digest: layer.digest, subject: manifest.subject };
}

async function putChart(tx: Transaction, source: ManifestSource): Promise<void> {
  const { repository, digest, name, version, configDigest, contentDigest, metadata, findings } = source;
  if (name === null || version === null || configDigest === null || contentDigest === null) return;
  await insertChart(tx, {
    ...{ repository, digest, name, version, configDigest, contentDigest },
    provenanceDigest: source.provenanceDigest ?? undefined,
    metadata: metadata ?? '{}',
    findings: findings ?? '[]',
  });
}
