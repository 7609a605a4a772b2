// Manifests of artifacts that are no charts, made of blobs that are pushed.
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { descriptorOf, pushBlob } from '../../support/artifacts.ts';
import type { TestRegistry } from '../../support/start-registry.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** An image manifest whose blobs are in the repository; `fields` replace or add. */
export async function imageManifest(registry: TestRegistry, repository: string, fields: Fields = {}): Promise<Fields> {
  const [config, layer] = [Buffer.from('{}'), Buffer.from('a layer')];
  for (const blob of [config, layer]) await pushBlob(registry, repository, blob);
  return {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptorOf(config, 'application/vnd.oci.empty.v1+json'),
    layers: [descriptorOf(layer, 'application/octet-stream')],
    ...fields,
  };
}

export function bytesOf(fields: unknown): Buffer {
  return Buffer.from(JSON.stringify(fields));
}
