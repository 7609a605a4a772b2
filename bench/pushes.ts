// Charts, and how they are pushed: as helm does, and as quickly as the protocol allows.
import { digestOf } from '../src/oci/digest.ts';
import { HELM_CONFIG, HELM_CONTENT, OCI_MANIFEST } from '../src/oci/media-types.ts';
import { descriptorOf } from '../test/support/artifacts.ts';
import { buildChart } from '../test/support/chart-builder.ts';
import { Random } from '../test/support/random.ts';
import { eachOnWires, expectStatus, locationOf, type Session } from './contender.ts';
import type { Wire } from './wire.ts';

/** Of a template: what cannot be packed any smaller makes a chart of about 5 KB. */
const TEMPLATE_BYTES = 4_400;

export interface PackedChart {
  readonly version: string;
  readonly config: Buffer;
  readonly archive: Buffer;
  readonly manifest: Buffer;
}

export const CHART_NAME = 'web';

/** Versions `1.FROM.0` and on, each with other bytes. */
export async function packCharts(from: number, count: number): Promise<readonly PackedChart[]> {
  const charts: PackedChart[] = [];
  for (let number = from; number < from + count; number += 1) charts.push(await packChart(`1.${number}.0`, number));
  return charts;
}

async function packChart(version: string, seed: number): Promise<PackedChart> {
  const template = new Random(seed + 1).bytes(TEMPLATE_BYTES);
  const { archive, config } = await buildChart({
    name: CHART_NAME,
    version,
    files: { 'templates/all.yaml': template },
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptorOf(config, HELM_CONFIG),
    layers: [descriptorOf(archive, HELM_CONTENT)],
    annotations: { 'org.opencontainers.image.title': CHART_NAME, 'org.opencontainers.image.version': version },
  };
  return { version, config, archive, manifest: Buffer.from(JSON.stringify(manifest)) };
}

/** @returns how many pushes ended in a second */
export async function pushCharts(
  session: Session,
  connections: number,
  charts: readonly PackedChart[],
  push: typeof pushAsHelm = pushAsHelm,
): Promise<number> {
  const began = performance.now();
  await eachOnWires(session.contender.url, connections, charts, (wire, chart) => push(wire, session, chart));
  return charts.length / ((performance.now() - began) / 1_000);
}

/** The ten requests of `helm push` (3.21 and 4.2) for a version that is new, after it has its token. */
export async function pushAsHelm(wire: Wire, session: Session, chart: PackedChart): Promise<void> {
  const { repository, headers } = session;
  const { manifest, version } = chart;
  const byDigest = `/v2/${repository}/manifests/${digestOf(manifest)}`;
  await expectStatus(404, wire, `HEAD ${byDigest} HTTP/1.1\r\n${headers}Accept: ${OCI_MANIFEST}\r\n\r\n`);
  for (const blob of [chart.config, chart.archive]) {
    const path = `/v2/${repository}/blobs/${digestOf(blob)}`;
    await expectStatus(404, wire, `HEAD ${path} HTTP/1.1\r\n${headers}\r\n`);
    await pushBlob(wire, session, blob);
  }
  await putManifest(wire, session, byDigest, manifest);
  await expectStatus(200, wire, `GET ${byDigest} HTTP/1.1\r\n${headers}Accept: ${OCI_MANIFEST}\r\n\r\n`);
  await putManifest(wire, session, `/v2/${repository}/manifests/${version}`, manifest);
}

/** The five requests that cannot be left out. */
export async function pushBriefly(wire: Wire, session: Session, chart: PackedChart): Promise<void> {
  for (const blob of [chart.config, chart.archive]) await pushBlob(wire, session, blob);
  await putManifest(wire, session, `/v2/${session.repository}/manifests/${chart.version}`, chart.manifest);
}

/** @param body the blob, in pieces or not, of which `digest` and `size` are told */
export async function pushBlob(
  wire: Wire,
  { repository, headers, contender }: Session,
  body: Buffer | readonly Buffer[],
  { digest, size } = { digest: digestOf(body as Buffer) as string, size: (body as Buffer).length },
): Promise<void> {
  const begun = `POST /v2/${repository}/blobs/uploads/ HTTP/1.1\r\n${headers}Content-Length: 0\r\n\r\n`;
  const location = locationOf(await expectStatus(202, wire, begun), contender.url);
  location.searchParams.set('digest', digest);
  const own = `Content-Type: application/octet-stream\r\nContent-Length: ${size}\r\n`;
  const head = `PUT ${location.pathname}${location.search} HTTP/1.1\r\n${headers}${own}\r\n`;
  await expectStatus(201, wire, head, body);
}

async function putManifest(wire: Wire, { headers }: Session, path: string, manifest: Buffer): Promise<void> {
  const own = `Content-Type: ${OCI_MANIFEST}\r\nContent-Length: ${manifest.length}\r\n`;
  await expectStatus(201, wire, `PUT ${path} HTTP/1.1\r\n${headers}${own}\r\n`, manifest);
}
