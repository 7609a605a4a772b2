// A registry with some charts, for the commands that read them: its server runs, and its data folder is at hand as well.
import { stringify } from 'yaml';
import { type ChartToPush, pushChart } from '../support/artifacts.ts';
import { type Ended, runChartroom, type TemporaryFolder, temporaryFolder } from '../support/chartroom-process.ts';
import { TestClock } from '../support/clock.ts';
import { ADMIN, startRegistry, type TestRegistry } from '../support/start-registry.ts';

export interface ChartsRegistry extends AsyncDisposable {
  readonly server: TestRegistry;
  readonly clock: TestClock;
  /** Where commands run, and files for them can be put. */
  readonly path: string;
  /** Runs `chartroom …` on the data folder; the words are separated by single spaces. */
  readonly chartroom: (words: string) => Promise<Ended>;
  /** The same with --server, as nobody or with a token. */
  readonly remote: (words: string, token?: string) => Promise<Ended>;
  readonly push: (repository: string, chart: ChartToPush) => Promise<void>;
}

/** The address of the registry in dependencies, and in commands on the data folder. */
export const HOST = 'charts.example.com';
const PUBLISHED = '2026-11-23T10:00:00Z';

/** What it has: team/web 1.2.0, 1.2.1, 2.0.0 (newest) and 2.1.0-rc.1, library/common 1.2.0 and 1.3.0, team/shop 0.4.1; "team" is public. */
export async function chartsRegistry(): Promise<ChartsRegistry> {
  const folder: TemporaryFolder = await temporaryFolder();
  const clock = new TestClock(PUBLISHED);
  const server = await startRegistry({ publicUrl: `https://${HOST}` }, clock);
  const local = { CHARTROOM_DATA_DIR: server.dataDir, CHARTROOM_PUBLIC_URL: `https://${HOST}` };
  const run = (words: string, environment: Readonly<Record<string, string>>) =>
    runChartroom(words.split(' '), { folder: folder.path, environment });
  const registry: ChartsRegistry = {
    server,
    clock,
    path: folder.path,
    chartroom: (words) => run(words, local),
    remote: (words, token) =>
      run(words, { CHARTROOM_SERVER: server.url, ...(token === undefined ? {} : { CHARTROOM_TOKEN: token }) }),
    push: async (repository, chart) => {
      const answer = await pushChart(server, repository, chart);
      if (answer.status !== 201) throw new Error(`push refused: ${answer.status} ${await answer.text()}`);
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
  await publish(registry);
  return registry;
}

/** Sends a request of an administrator to the management API. */
export async function manage(server: TestRegistry, method: string, path: string, body?: object): Promise<void> {
  const answer = await server.request(method, `/api/v1${path}`, {
    as: ADMIN,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  if (!answer.ok) throw new Error(`${method} ${path} refused: ${answer.status} ${await answer.text()}`);
}

async function publish({ server, push }: ChartsRegistry): Promise<void> {
  await manage(server, 'PUT', '/namespaces', { path: 'team', visibility: 'public' });
  await push('library/common', library('1.2.0'));
  await push('library/common', library('1.3.0'));
  await push('team/web', web('1.2.0', '2.3'));
  await push('team/web', { ...web('1.2.1', '2.3'), provenance: 'signature' });
  await push('team/web', web('2.1.0-rc.1', '2.3'));
  await push('team/web', newWeb());
  await push('team/shop', {
    ...{ name: 'shop', version: '0.4.1' },
    chartYaml: stringify({
      ...{ apiVersion: 'v2', name: 'shop', version: '0.4.1', description: 'Everything that is sold' },
      dependencies: [
        { name: 'web', version: '~1.2.0', repository: `oci://${HOST}/team` },
        { name: 'common', version: '1.x', repository: '@library' },
      ],
    }),
  });
}

function library(version: string): ChartToPush {
  const chartYaml = stringify({ apiVersion: 'v2', name: 'common', version, type: 'library', description: 'Labels' });
  return { name: 'common', version, chartYaml };
}

const ABOUT = {
  ...{ apiVersion: 'v2', name: 'web', description: 'A web server with a cache', home: 'https://web.example.com' },
  ...{ keywords: ['http', 'cache'], maintainers: [{ name: 'Ann', email: 'ann@example.com' }] },
};
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      containers:
        - image: {{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- if .Values.metrics.enabled }}
        - image: {{ .Values.metrics.image }}
{{- end }}
`;

function web(version: string, appVersion: string): ChartToPush {
  return {
    ...{ name: 'web', version },
    chartYaml: stringify({ ...ABOUT, version, appVersion, annotations: declared(appVersion) }),
    files: {
      'README.md': '# web\n\nServes pages.\n',
      'templates/deployment.yaml': DEPLOYMENT,
      'values.yaml': `# How many
replicas: 2
image:
  repository: ghcr.io/acme/web
  tag: ""
service:
  port: 80
  type: ClusterIP
metrics:
  enabled: false
  image: docker.io/prom/statsd-exporter:v0.26.0
`,
    },
  };
}

function newWeb(): ChartToPush {
  const dependencies = [{ name: 'common', version: '^1.2.0', repository: `oci://${HOST}/library` }];
  const chartYaml = { ...ABOUT, version: '2.0.0', appVersion: '3.0', annotations: declared('3.0'), dependencies };
  return {
    ...{ name: 'web', version: '2.0.0', chartYaml: stringify(chartYaml) },
    files: {
      'templates/deployment.yaml': DEPLOYMENT,
      'crds/route.yaml': `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: routes.web.example.com }
spec:
  group: web.example.com
  scope: Namespaced
  names: { kind: Route, plural: routes }
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }
`,
      'values.schema.json': '{"type":"object","required":["host"],"properties":{"host":{"type":"string"}}}',
      'values.yaml': `# How many
replicas: 3
image:
  repository: ghcr.io/acme/web
  tag: ""
service:
  port: http
ingress:
  # The name of the controller
  className: ""
metrics:
  enabled: false
  image: docker.io/prom/statsd-exporter:v0.28.0
`,
    },
  };
}

function declared(tag: string): object {
  return { 'artifacthub.io/images': stringify([{ name: 'web', image: `ghcr.io/acme/web:${tag}` }]) };
}
