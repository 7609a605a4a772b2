// Charts uploaded the classic way, as pipelines of ChartMuseum's users send them.
import { buildChart, type ChartOptions } from '../../../support/chart-builder.ts';
import { provenanceOf } from '../../../support/provenance.ts';
import type { RequestOptions, TestRegistry } from '../../../support/start-registry.ts';

/** `/api/charts` of the root, or `/api/team/charts`. */
export function apiPath(namespace: string, what: string): string {
  return `/api/${namespace === '' ? '' : `${namespace}/`}${what}`;
}

export async function archiveOf(chart: ChartOptions): Promise<Buffer> {
  return (await buildChart(chart)).archive;
}

/** The chart as the whole body. */
export async function upload(
  registry: TestRegistry,
  namespace: string,
  chart: ChartOptions,
  options: RequestOptions = {},
): Promise<Response> {
  return await registry.request('POST', apiPath(namespace, 'charts'), { body: await archiveOf(chart), ...options });
}

/** Files by the names of their fields, as curl --form sends them. */
export async function uploadForm(
  registry: TestRegistry,
  path: string,
  files: Readonly<Record<string, Buffer | readonly Buffer[]>>,
  options: RequestOptions = {},
): Promise<Response> {
  const form = new FormData();
  for (const [field, contents] of Object.entries(files)) {
    for (const content of Buffer.isBuffer(contents) ? [contents] : contents) {
      form.append(field, new Blob([new Uint8Array(content)]), `${field}.bin`);
    }
  }
  // It is what `fetch` takes that knows how a form becomes a body.
  const request = new Request('http://form.test', { method: 'POST', body: form });
  const headers = { 'content-type': request.headers.get('content-type') ?? '', ...options.headers };
  return await registry.request('POST', path, { ...options, body: Buffer.from(await request.arrayBuffer()), headers });
}

/** A chart and its provenance file. */
export async function signed(
  chart: ChartOptions,
  signature = 'signature',
): Promise<{ readonly chart: Buffer; readonly prov: Buffer }> {
  const archive = await archiveOf(chart);
  return { chart: archive, prov: provenanceOf({ ...chart, archive }, signature) };
}

/** What ChartMuseum's clients print of a refusal. */
export async function refusalOf(answer: Response): Promise<readonly [status: number, error: string]> {
  expectJson(answer);
  const { error } = (await answer.json()) as { readonly error: string };
  return [answer.status, error];
}

/** As `helm` reads it: JSON, which is YAML too. */
export async function indexOf(
  registry: TestRegistry,
  path: string,
  options: RequestOptions = {},
): Promise<Readonly<Record<string, readonly IndexEntry[]>>> {
  const answer = await registry.request('GET', path, options);
  if (answer.status !== 200) throw new Error(`${path} refused: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { readonly entries: Readonly<Record<string, readonly IndexEntry[]>> }).entries;
}

export interface IndexEntry {
  readonly name: string;
  readonly version: string;
  readonly created: string;
  readonly digest: string;
  readonly urls: readonly [string];
  readonly deprecated?: boolean;
}

function expectJson(answer: Response): void {
  const type = answer.headers.get('content-type') ?? '';
  if (!type.startsWith('application/json')) throw new Error(`${answer.status} has the type ${type}`);
}
