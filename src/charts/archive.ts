// Reads a packed chart once, as a stream: checks everything in it and keeps only the files that describe it.
import { readArchiveFiles } from './archive-files.ts';
import { invalidArchive } from './invalid-archive.ts';
import { UnpackAllowance } from './unpack-allowance.ts';

export interface ChartArchive {
  /** The one folder that everything lies in; a chart packed by Helm has the chart's name here. */
  readonly folder: string;
  readonly chartYaml: Uint8Array;
  /** The dependencies of charts of apiVersion v1, which Helm reads over Chart.yaml. */
  readonly requirementsYaml: Uint8Array | undefined;
}

const CHART_YAML = 'Chart.yaml';
const REQUIREMENTS_YAML = 'requirements.yaml';

/**
 * Reads `content` to its end or to the first thing that is wrong, and closes it in either case.
 * @throws RegistryError MANIFEST_INVALID with what is wrong with the archive; whatever `content` throws, unchanged
 */
export async function readChartArchive(content: AsyncIterable<Uint8Array>): Promise<ChartArchive> {
  const kept = new Map<string, Uint8Array>();
  const taker = {
    wants: (path: string) => path === CHART_YAML || path === REQUIREMENTS_YAML,
    take: (path: string, bytes: Uint8Array) => kept.set(path, bytes),
  };
  const folder = await readArchiveFiles(content, taker, new UnpackAllowance());
  const chartYaml = kept.get(CHART_YAML);
  if (chartYaml === undefined) throw invalidArchive('has no Chart.yaml');
  return { folder, chartYaml, requirementsYaml: kept.get(REQUIREMENTS_YAML) };
}
