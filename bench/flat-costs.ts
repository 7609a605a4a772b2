// Shows that no request costs more where there is more: the median time to an answer, by versions of one chart, and by repositories.
//
//   npm run bench:flat                                draws docs/flat-costs.svg, and writes the table of docs/performance.md
//   node bench/flat-costs.ts --versions 1,1000 --repositories 1     a quick look, without a picture
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { digestOf } from '../src/oci/digest.ts';
import { OCI_MANIFEST } from '../src/oci/media-types.ts';
import { ADMINISTRATOR, basic, startOn } from './chartroom.ts';
import { openSession, type Session } from './contender.ts';
import { costPicture, costTable, type MeasuredCost } from './flat-costs-report.ts';
import { type PackedChart, packCharts, pushAsHelm, pushBriefly } from './pushes.ts';
import { writeDocument } from './report.ts';
import { SeededFolder } from './seeded-folder.ts';
import type { Server } from './server.ts';
import { headerOf, Wire } from './wire.ts';

const PICTURE = join(import.meta.dirname, '../docs/flat-costs.svg');
const REPOSITORY = 'team/many/web';
const ROUNDS = 200;
const PUSHES = 40;
const WARMING = 50;
/** Of processor time in a second in which a server does nothing: seconds. */
const QUIET = 0.03;
/** How long it may take until it does nothing: seconds. */
const LONGEST_WORK = 600;

const { values } = parseArgs({
  options: {
    versions: { type: 'string' },
    repositories: { type: 'string' },
  },
});
const versionCounts = (values.versions ?? '1,100,10000,100000').split(',').map(Number);
const repositoryCounts = (values.repositories ?? '1,10000').split(',').map(Number);

const folder = await mkdtemp(join(tmpdir(), 'chartroom-bench-'));
try {
  const measured: MeasuredCost[] = [];
  let [versions, repositories, pushed] = [0, 1, 0];
  for (const [counted, counts] of [['versions', versionCounts] as const, ['repositories', repositoryCounts] as const]) {
    for (const count of counts) {
      {
        await using seeded = await SeededFolder.open(join(folder, 'chartroom'));
        if (counted === 'versions') {
          await seeded.addVersions(REPOSITORY, versions, Math.max(0, count - 1 - versions));
          versions = Math.max(versions, count - 1);
        } else {
          await seeded.addRepositories(repositories, Math.max(0, count - repositories));
          repositories = Math.max(repositories, count);
        }
      }
      console.error(`${count} ${counted}`);
      const charts = await packCharts(pushed, PUSHES + 1);
      pushed += PUSHES + 1;
      for (const [request, milliseconds] of await measure(charts)) {
        measured.push({ request, counted, count, milliseconds });
      }
    }
  }
  console.log(costTable(measured));
  if (values.versions === undefined && values.repositories === undefined) {
    await writeFile(PICTURE, costPicture(measured));
    await writeDocument('flat costs', costTable(measured));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** @returns for each request the median time to its answer: milliseconds */
async function measure(charts: readonly PackedChart[]): Promise<readonly (readonly [string, number])[]> {
  // Most archives are in rows only, which a look at all bytes would find.
  await using server = await startOn(folder, { CHARTROOM_SCRUB_BYTES_PER_SECOND: '0' });
  const url = new URL(server.url);
  const session = await openSession({ name: 'Chartroom', url, account: ADMINISTRATOR }, REPOSITORY);
  const [first, ...rest] = charts;
  if (!first) throw new Error('there is no chart to push');
  const wire = await Wire.open(url);
  await pushBriefly(wire, session, first);
  await untilQuiet(server);
  const results: (readonly [string, number])[] = [];
  const times: number[] = [];
  for (const chart of rest) times.push(await timeOf(() => pushAsHelm(wire, session, chart)));
  results.push(['push of a version', middle(times)]);
  for (const [request, head] of await requests(wire, session, first)) {
    const spans: number[] = [];
    for (let round = -WARMING; round < ROUNDS; round += 1) {
      const took = await timeOf(async () => {
        const { status } = await wire.ask(head);
        if (status !== 200 && status !== 304) throw new Error(`${request}: ${status}`);
      });
      if (round >= 0) spans.push(took);
    }
    results.push([request, middle(spans)]);
  }
  wire.close();
  return results;
}

/** What a server does by itself with what it finds at its start, such as putting it into the search index, is no request's cost. */
async function untilQuiet(server: Server): Promise<void> {
  let before = (await server.processorTime()) ?? 0;
  for (let second = 0; second < LONGEST_WORK; second += 1) {
    await wait(1_000);
    const now = (await server.processorTime()) ?? 0;
    if (now - before < QUIET) return;
    before = now;
  }
  throw new Error(`the server is busy by itself after ${LONGEST_WORK} seconds`);
}

async function requests(
  wire: Wire,
  { repository, headers, contender: { url } }: Session,
  chart: PackedChart,
): Promise<readonly (readonly [string, string])[]> {
  const host = `Host: ${url.host}\r\n`;
  const own = `${host}Authorization: ${basic(ADMINISTRATOR)}\r\n`;
  const manifest = `/v2/${repository}/manifests/${chart.version}`;
  const page = `/v2/${repository}/tags/list?n=100`;
  const index = '/team/many/index.yaml';
  const unchanged = async (path: string, withHeaders: string): Promise<string> => {
    const { head } = await wire.ask(`GET ${path} HTTP/1.1\r\n${withHeaders}\r\n`);
    return `GET ${path} HTTP/1.1\r\n${withHeaders}If-None-Match: ${headerOf(head, 'etag')}\r\n\r\n`;
  };
  const get = (path: string, withHeaders = headers): string => `GET ${path} HTTP/1.1\r\n${withHeaders}\r\n`;
  return [
    ['GET a manifest by tag', get(manifest, `${headers}Accept: ${OCI_MANIFEST}\r\n`)],
    ['HEAD a manifest', `HEAD ${manifest} HTTP/1.1\r\n${headers}Accept: ${OCI_MANIFEST}\r\n\r\n`],
    ['GET a blob of 5 KB', get(`/v2/${repository}/blobs/${digestOf(chart.archive)}`)],
    ['100 tags', get(page)],
    ['100 tags, the last', get(`${page}&last=0.99`)],
    ['100 tags, unchanged', await unchanged(page, headers)],
    ['referrers', get(`/v2/${repository}/referrers/${digestOf(chart.manifest)}`)],
    ['index.yaml, unchanged', await unchanged(index, own)],
    ['search', get('/api/v1/search?q=web', own)],
    ['100 repositories', get('/v2/_catalog?n=100', own)],
    ['token', get(`/token?scope=repository:${repository}:pull`, own)],
  ];
}

async function timeOf(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function middle(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN;
}
