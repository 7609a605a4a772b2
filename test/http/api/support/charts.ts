// Charts in a test registry, as tests of the chart API publish and describe them.
import { stringify } from 'yaml';
import type { ChartMetadata } from '../../../../src/charts/chart-yaml.ts';
import { type ChartToPush, pushChart } from '../../../support/artifacts.ts';
import type { TestRegistry } from '../../../support/start-registry.ts';

export interface NewChart extends Omit<ChartToPush, 'name' | 'version' | 'chartYaml'> {
  /** more fields of Chart.yaml */
  readonly metadata?: Partial<ChartMetadata>;
  /** Of whoever may push there; the administrator by default. */
  readonly as?: string;
}

/** Publishes a version in the repository that ends in the chart's name. Throws when it is refused. */
export async function publish(
  registry: TestRegistry,
  repository: string,
  version: string,
  { metadata, as, ...chart }: NewChart = {},
): Promise<void> {
  const name = repository.slice(repository.lastIndexOf('/') + 1);
  const chartYaml = stringify({ apiVersion: 'v2', name, version, ...metadata });
  const answer = await pushChart(registry, repository, { name, version, chartYaml, ...chart }, as);
  if (answer.status !== 201) throw new Error(`${repository} ${version} is refused: ${await answer.text()}`);
}

/** Puts a notice on a version, or without one on the chart. */
export async function putNotice(
  registry: TestRegistry,
  chart: string,
  version: string | undefined,
  notice: { readonly kind: 'deprecated' | 'yanked'; readonly reason?: string; readonly replacement?: string },
): Promise<void> {
  const path = version === undefined ? 'notice' : `versions/${version}/notice`;
  const answer = await registry.request('PUT', `/api/v1/charts/${chart}/-/${path}`, {
    body: JSON.stringify(notice),
    headers: { 'content-type': 'application/json' },
  });
  if (answer.status !== 200) throw new Error(`no notice: ${await answer.text()}`);
}

/** What is given is set. */
export async function setNamespace(
  registry: TestRegistry,
  settings: { readonly path: string; readonly visibility?: 'public' | 'private'; readonly floatingTags?: boolean },
): Promise<void> {
  const answer = await registry.request('PUT', '/api/v1/namespaces', {
    body: JSON.stringify(settings),
    headers: { 'content-type': 'application/json' },
  });
  if (answer.status !== 200) throw new Error(`no settings: ${await answer.text()}`);
}

/** Fetches the archive of a version, as helm does, so often. */
export async function pull(registry: TestRegistry, repository: string, version: string, times = 1): Promise<void> {
  const manifest = await registry.request('GET', `/v2/${repository}/manifests/${version.replaceAll('+', '_')}`);
  const { layers } = (await manifest.json()) as { layers: { mediaType: string; digest: string }[] };
  const archive = layers.find(({ mediaType }) => mediaType.includes('chart.content'));
  for (let time = 0; time < times; time += 1) {
    const answer = await registry.request('GET', `/v2/${repository}/blobs/${archive?.digest}`);
    await answer.arrayBuffer();
  }
}
