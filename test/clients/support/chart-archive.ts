// Chart archives made without helm: many and fast, or wrong in ways that helm itself would not let pass.
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { parse } from 'yaml';
import { type ChartSource, chartFiles } from './chart-source.ts';

export interface ChartArchive {
  /** The config blob: Chart.yaml as JSON. */
  readonly config: Buffer;
  readonly archive: Buffer;
}

/** What `helm package` and `helm push` make of a chart. */
export async function chartArchive(chart: ChartSource): Promise<ChartArchive> {
  const files = chartFiles(chart);
  const inFolder = Object.fromEntries(
    Object.entries(files).map(([path, content]) => [`${chart.name}/${path}`, content]),
  );
  return { config: Buffer.from(JSON.stringify(parse(files['Chart.yaml'] ?? ''))), archive: await archiveOf(inFolder) };
}

/** A gzipped tar of these files. */
export async function archiveOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name, mtime: new Date(0) }, content);
  tar.finalize();
  return gzipSync(await buffer(tar));
}
