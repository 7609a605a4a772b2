// Builds packed charts as `helm package` writes them, and tar archives that it would never write.
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { stringify } from 'yaml';
import { type ChartMetadata, parseChartYaml } from '../../src/charts/chart-yaml.ts';

export interface ChartOptions {
  readonly name: string;
  readonly version: string;
  /** more fields of Chart.yaml */
  readonly metadata?: Partial<ChartMetadata>;
  /** the text of Chart.yaml, instead of the one made of the fields above */
  readonly chartYaml?: string;
  /** the config blob, instead of the JSON of Chart.yaml */
  readonly config?: unknown;
  /** the top folder, instead of the name */
  readonly folder?: string;
  /** paths below the top folder */
  readonly files?: Readonly<Record<string, string | Buffer>>;
}

export interface BuiltChart {
  /** the .tgz */
  readonly archive: Buffer;
  /** the OCI config blob */
  readonly config: Buffer;
  readonly metadata: ChartMetadata;
}

export type TarEntry = Omit<Partial<Header>, 'name'> & { readonly name: string; readonly content?: string | Buffer };

/** The same options give the same bytes. */
export async function buildChart(options: ChartOptions): Promise<BuiltChart> {
  const { name, version, folder = name, files = {} } = options;
  const chartYaml = options.chartYaml ?? stringify({ apiVersion: 'v2', name, version, ...options.metadata });
  const requirements = files['requirements.yaml'];
  const metadata =
    options.config === undefined
      ? parseChartYaml(Buffer.from(chartYaml), requirements === undefined ? undefined : Buffer.from(requirements))
      : { apiVersion: 'v2', name, version, ...options.metadata };
  const all = { 'Chart.yaml': chartYaml, 'values.yaml': 'replicas: 1\n', ...files };
  const tar = await packTar(Object.entries(all).map(([path, content]) => ({ name: `${folder}/${path}`, content })));
  return { archive: gzipSync(tar), config: Buffer.from(JSON.stringify(options.config ?? metadata)), metadata };
}

/** A tar archive, not compressed. */
export async function packTar(entries: readonly TarEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { content = '', ...header } of entries) tar.entry({ mtime: new Date(0), ...header }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
