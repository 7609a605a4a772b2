// Chart folders for `helm package`: small, real charts that render one ConfigMap.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';

export interface ChartSource {
  readonly name: string;
  readonly version: string;
  /** A value that changes the chart's content and nothing else. */
  readonly replicas?: number;
  readonly dependencies?: readonly ChartDependency[];
}

interface ChartDependency {
  readonly name: string;
  readonly version: string;
  readonly repository: string;
}

const CONFIG_MAP = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-{{ .Chart.Name }}
data:
  chartVersion: {{ .Chart.Version | quote }}
  replicas: {{ .Values.replicas | quote }}
`;

/** What belongs into a chart, by path. */
export function chartFiles(chart: ChartSource): Readonly<Record<string, string>> {
  const metadata = {
    apiVersion: 'v2',
    name: chart.name,
    version: chart.version,
    appVersion: '9.1',
    description: `The ${chart.name} of the real-client suite`,
    type: 'application',
    ...(chart.dependencies === undefined ? {} : { dependencies: chart.dependencies }),
  };
  return {
    'Chart.yaml': stringify(metadata),
    'values.yaml': stringify({ replicas: chart.replicas ?? 1 }),
    'README.md': `# ${chart.name}\n\nRead me before installing ${chart.name}.\n`,
    'templates/configmap.yaml': CONFIG_MAP,
  };
}

/** Writes the chart's folder below a new folder of its own. @returns the chart's folder */
export async function writeChart(below: string, chart: ChartSource): Promise<string> {
  const folder = join(await mkdtemp(join(below, 'chart-')), chart.name);
  await mkdir(join(folder, 'templates'), { recursive: true });
  for (const [path, content] of Object.entries(chartFiles(chart))) await writeFile(join(folder, path), content);
  return folder;
}
