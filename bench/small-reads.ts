// What a small read costs: GET and HEAD of a manifest and of a chart's archive, with a bearer token, side by side with distribution
// and with the least that a server of our kind does, where there is one version and where there are many.
//
//   node bench/small-reads.ts                five rounds
//   --rounds 1 --seconds 1 --versions 100    a quick look
//   --only TEXT                              reads with this in their name
//   --registry PATH                          the program of distribution; otherwise that on PATH, or from `go install`
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { digestOf } from '../src/oci/digest.ts';
import { OCI_MANIFEST } from '../src/oci/media-types.ts';
import { ADMINISTRATOR, startChartroom } from './chartroom.ts';
import { type Contender, expectStatus, openSession, type Session } from './contender.ts';
import { findRegistry, startDistribution, versionOf } from './distribution.ts';
import { sendLoad } from './load.ts';
import { type PackedChart, packCharts, pushBriefly, pushCharts } from './pushes.ts';
import { median, rounded, table } from './report.ts';
import { type Server, startServer } from './server.ts';
import { Wire } from './wire.ts';

const CONNECTIONS = 32;
const PUSHING = 16;
const OURS = 'Chartroom';
const BARE = 'bare Fastify';

interface Side {
  readonly name: string;
  readonly server: Server;
  /** By how many versions their repositories have; the same one twice for a server that has but one. */
  readonly sessions: ReadonlyMap<number, Session>;
  pathOf(read: Read, repository: string, chart: PackedChart): string;
}

interface Read {
  readonly name: string;
  readonly method: 'GET' | 'HEAD';
  readonly of: 'tag' | 'digest' | 'blob';
}

interface Taken {
  readonly perSecond: number;
  /** Of the server, for one request: microseconds. */
  readonly processorTime: number;
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    registry: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    versions: { type: 'string', default: '3000' },
  },
});
const [rounds, seconds, versions] = [Number(values.rounds), Number(values.seconds), Number(values.versions)];
const READS = (['tag', 'digest', 'blob'] as const)
  .flatMap((of) => (['GET', 'HEAD'] as const).map((method): Read => ({ name: `${method} by ${of}`, method, of })))
  .filter(({ name }) => name.includes(values.only));

const folder = await mkdtemp(join(tmpdir(), 'chartroom-bench-'));
try {
  const program = values.registry ?? findRegistry();
  await using chartroom = await startChartroom(folder, []);
  await using distribution = await startDistribution(program, { folder });
  await using bare = await startBare();
  const charts = await packCharts(0, versions);
  const [chart] = charts;
  if (!chart) throw new Error('there is no chart to read');
  const sides = [
    await openSide(
      { name: OURS, url: new URL(chartroom.server.url), account: ADMINISTRATOR },
      chartroom.server,
      charts,
    ),
    await openSide({ name: 'distribution', url: new URL(distribution.url), account: undefined }, distribution, charts),
    openBare(bare),
  ];
  const taken = new Map<string, Taken[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const read of READS) {
      for (const side of sides) {
        for (const [count, session] of side.sessions) {
          const key = `${read.name} ${count} ${side.name}`;
          const path = side.pathOf(read, session.repository, chart);
          taken.set(key, [...(taken.get(key) ?? []), await measure(side.server, session, read, path)]);
        }
      }
    }
  }
  console.log(`Node ${process.version}, distribution ${versionOf(program)}. ${rounds} rounds of ${seconds} s each.\n`);
  console.log(tableOf(sides, taken));
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function startBare(): Promise<Server> {
  return await startServer((port) => ({
    program: process.execPath,
    words: [join(import.meta.dirname, 'bare.ts'), folder, String(port), String(versions)],
    environment: {},
    logPath: join(folder, 'bare.log'),
  }));
}

async function openSide(contender: Contender, server: Server, charts: readonly PackedChart[]): Promise<Side> {
  const young = await openSession(contender, 'team/young/web');
  const full = await openSession(contender, 'team/full/web');
  await pushCharts(young, 1, charts.slice(0, 1), pushBriefly);
  await pushCharts(full, PUSHING, charts, pushBriefly);
  const sessions = new Map([
    [1, young],
    [charts.length, full],
  ]);
  return { name: contender.name, server, sessions, pathOf };
}

/** It has as many manifests by one key, which is what each read is compared with. */
function openBare(server: Server): Side {
  const contender = { name: BARE, url: new URL(server.url), account: undefined };
  const headers = `Host: ${contender.url.host}\r\n`;
  const sessions = new Map([[versions, { contender, repository: 'web', headers, authorization: undefined }]]);
  const byTag: Side['pathOf'] = (read, repository, chart) => pathOf({ ...read, of: 'tag' }, repository, chart);
  return { name: BARE, server, sessions, pathOf: byTag };
}

function pathOf({ of }: Read, repository: string, { version, manifest, archive }: PackedChart): string {
  switch (of) {
    case 'tag':
      return `/v2/${repository}/manifests/${version}`;
    case 'digest':
      return `/v2/${repository}/manifests/${digestOf(manifest)}`;
    case 'blob':
      return `/v2/${repository}/blobs/${digestOf(archive)}`;
  }
}

async function measure(server: Server, session: Session, { method }: Read, path: string): Promise<Taken> {
  const before = (await server.processorTime()) ?? 0;
  const url = new URL(path, session.contender.url).href;
  const { authorization } = session;
  const { count, perSecond } =
    method === 'GET'
      ? await sendLoad({ url, connections: CONNECTIONS, seconds, authorization })
      : await sendHeads(session, path);
  const used = ((await server.processorTime()) ?? 0) - before;
  return { perSecond, processorTime: (used / count) * 1_000_000 };
}

/** wrk waits for the body of the answer to a HEAD. */
async function sendHeads(session: Session, path: string) {
  const head = `HEAD ${path} HTTP/1.1\r\n${session.headers}Accept: ${OCI_MANIFEST}\r\n\r\n`;
  const wires = await Promise.all(Array.from({ length: CONNECTIONS }, () => Wire.open(session.contender.url)));
  const began = performance.now();
  const end = began + seconds * 1_000;
  let count = 0;
  const askAgain = async (wire: Wire): Promise<void> => {
    for (; performance.now() < end; count += 1) await expectStatus(200, wire, head);
    wire.close();
  };
  await Promise.all(wires.map(askAgain));
  return { count, perSecond: count / ((performance.now() - began) / 1_000) };
}

function tableOf(sides: readonly Side[], taken: ReadonlyMap<string, readonly Taken[]>): string {
  const [ours, ...others] = sides;
  const rows = READS.flatMap(({ name }) =>
    [...(ours?.sessions.keys() ?? [])].map((count) => {
      const of = (side: string): readonly Taken[] =>
        taken.get(`${name} ${count} ${side}`) ?? taken.get(`${name} ${versions} ${side}`) ?? [];
      const mine = of(OURS);
      const ratios = others.map((side) => {
        const theirs = of(side.name);
        const each = mine.map(({ perSecond }, round) => perSecond / (theirs[round]?.perSecond ?? Number.NaN));
        return `${rounded(median(each))} (${rounded(Math.min(...each))}–${rounded(Math.max(...each))})`;
      });
      const cells = sides.map((side) => {
        const those = of(side.name);
        const rate = median(those.map(({ perSecond }) => perSecond));
        return `${rounded(rate)}/s, ${rounded(median(those.map(({ processorTime }) => processorTime)))} µs`;
      });
      return [name, String(count), ...cells, ...ratios];
    }),
  );
  const names = others.map((side) => `ratio to ${side.name}`);
  return table(['read', 'versions', ...sides.map((side) => side.name), ...names], rows);
}
