// The chart that both registries are asked for, and how it gets there.
import { digestOf } from '../src/oci/digest.ts';
import { HELM_CONFIG, HELM_CONTENT, OCI_MANIFEST } from '../src/oci/media-types.ts';
import { descriptorOf } from '../test/support/artifacts.ts';
import { buildChart } from '../test/support/chart-builder.ts';

export const VERSION = '1.0.0';

/** Pushes what `helm push` would, in the two steps of a blob that every registry knows. @throws Error when it is refused */
export async function pushChart(url: string, repository: string, authorization?: string): Promise<void> {
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  const { archive, config } = await buildChart({ name, version: VERSION });
  const headers = authorization === undefined ? {} : { authorization };
  for (const blob of [config, archive]) {
    const opened = await succeed(`${url}/v2/${repository}/blobs/uploads/`, { method: 'POST', headers });
    const location = new URL(opened.headers.get('location') ?? '', url);
    location.searchParams.set('digest', digestOf(blob));
    const type = { 'content-type': 'application/octet-stream' };
    await succeed(location.href, { method: 'PUT', headers: { ...headers, ...type }, body: blob });
  }
  const manifest = {
    schemaVersion: 2,
    config: descriptorOf(config, HELM_CONFIG),
    layers: [descriptorOf(archive, HELM_CONTENT)],
    annotations: { 'org.opencontainers.image.title': name, 'org.opencontainers.image.version': VERSION },
  };
  await succeed(`${url}/v2/${repository}/manifests/${VERSION}`, {
    method: 'PUT',
    headers: { ...headers, 'content-type': OCI_MANIFEST },
    body: JSON.stringify(manifest),
  });
}

async function succeed(url: string, request: RequestInit): Promise<Response> {
  const answer = await fetch(url, request);
  if (!answer.ok) throw new Error(`${request.method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}
