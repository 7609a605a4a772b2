// Drives the same workloads against Chartroom and the CNCF distribution registry in turn, in one run.
//
//   npm run bench                                   measures, and writes the table and the picture of docs/performance.md
//   node bench/side-by-side.ts --short              all of it once, and little of it: that every answer is as it should be
//   --only TEXT                                     workloads with this in their name
//   --registry PATH                                 the program of distribution; otherwise that on PATH, or from `go install`
//   --against URL                                   another registry, that lets everybody push, in its place
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ADMINISTRATOR, startChartroom } from './chartroom.ts';
import type { Contender } from './contender.ts';
import { findRegistry, startDistribution, versionOf } from './distribution.ts';
import { makeLargeBlob } from './large-blobs.ts';
import { packCharts } from './pushes.ts';
import { writeDocument } from './report.ts';
import { type Server, startServer } from './server.ts';
import { BARE, type Measured, memoryTable, ratioPicture, workloadTable } from './side-by-side-report.ts';
import { contentOf, openSide, type Side, type Sizes, WORKLOADS } from './workloads.ts';

const PICTURE = join(import.meta.dirname, '../docs/performance.svg');

const { values } = parseArgs({
  options: {
    against: { type: 'string' },
    only: { type: 'string', default: '' },
    registry: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    short: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const sizes: Sizes = values.short
  ? { rounds: 1, seconds: undefined, pushes: 50, versions: 100, large: 32 }
  : { rounds, seconds: 3, pushes: 500, versions: 3_000, large: 512 };
const workloads = WORKLOADS.filter(({ name }) => name.includes(values.only));

const folder = await mkdtemp(join(tmpdir(), 'chartroom-bench-'));
try {
  await using chartroom = await startChartroom(folder, []);
  await using other = await startOther();
  await using bare = await startBare();
  const ours = { name: 'Chartroom', url: new URL(chartroom.server.url), account: ADMINISTRATOR };
  const servers = [chartroom.server, other?.server];
  const idle = await memoryOf(...servers);
  const sides = await openSides([ours, ...(other ? [other.contender] : [])]);
  const measured = await measureAll([...sides, openBareSide(bare, sides)]);
  const after = await memoryOf(...servers);
  const text = [
    `Node ${process.version}, ${other?.version ?? 'no other registry'}. ${sizes.rounds} rounds: small requests for ${sizes.seconds ?? 0} s each, ${sizes.pushes} pushes, ${sizes.versions} versions where there are many, a large blob of ${sizes.large} MiB.`,
    workloadTable(measured),
    memoryTable({ idle, after, names: sides.map(({ contender }) => contender.name) }),
  ].join('\n\n');
  console.log(text);
  if (values.write) await writeDocument('side by side', text);
  if (values.write) await writeFile(PICTURE, ratioPicture(measured));
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function openSides(contenders: readonly Contender[]): Promise<readonly Side[]> {
  console.error(`pushing ${sizes.versions} versions and ${sizes.large} MiB to each`);
  const charts = await packCharts(0, sizes.versions);
  const large = makeLargeBlob(sizes.large);
  const sides: Side[] = [];
  for (const contender of contenders) sides.push(await openSide(contender, charts, large));
  return sides;
}

/** Each workload on each registry, one after the other, in each round: what else the machine does meets all of them. */
async function measureAll(sides: readonly Side[]): Promise<readonly Measured[]> {
  const measured: Measured[] = [];
  for (let round = 0; round < sizes.rounds; round += 1) {
    console.error(`round ${round + 1} of ${sizes.rounds}`);
    const content = await contentOf(round, sizes);
    for (const workload of workloads) {
      for (const side of sides) {
        const { name } = side.contender;
        if (name === BARE && !workload.isOfManifests) continue;
        const rate = await workload.measure(side, sizes, content);
        measured.push({ workload: workload.name, unit: workload.unit, contender: name, round, rate });
      }
    }
  }
  return measured;
}

interface Other extends AsyncDisposable {
  readonly contender: Contender;
  readonly version: string;
  /** Undefined when it was not started here. */
  readonly server: Server | undefined;
}

/** Undefined where distribution cannot be had, and no times are asked for. */
async function startOther(): Promise<Other | undefined> {
  if (values.against !== undefined) {
    const url = new URL(values.against);
    const contender = { name: url.host, url, account: undefined };
    return { contender, version: url.href, server: undefined, [Symbol.asyncDispose]: async () => undefined };
  }
  const program = values.registry ?? findOrSkip();
  if (program === undefined) return undefined;
  const server = await startDistribution(program, { folder });
  const contender = { name: 'distribution', url: new URL(server.url), account: undefined };
  return {
    ...{ contender, server, version: `distribution ${versionOf(program)}` },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function findOrSkip(): string | undefined {
  try {
    return findRegistry();
  } catch (error) {
    if (!values.short) throw error;
    console.error(`SKIPPED, Chartroom alone takes part: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

async function startBare(): Promise<Server> {
  return await startServer((port) => ({
    program: process.execPath,
    words: [join(import.meta.dirname, 'bare.ts'), folder, String(port), String(sizes.versions)],
    environment: {},
    logPath: join(folder, 'bare.log'),
  }));
}

/** It answers the path of each manifest, whatever stands before the tag. */
function openBareSide({ url }: Server, [side]: readonly Side[]): Side {
  if (!side) throw new Error('there is no registry');
  const contender = { name: BARE, url: new URL(url), account: undefined };
  const session = { ...side.young, contender, authorization: undefined, headers: `Host: ${contender.url.host}\r\n` };
  return { ...side, contender, young: session, full: session };
}

async function memoryOf(...servers: readonly (Server | undefined)[]): Promise<readonly (number | undefined)[]> {
  return await Promise.all(servers.map((server) => server?.memory()));
}
