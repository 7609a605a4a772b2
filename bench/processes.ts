// What more processes bring, and what they cost: the same workloads against Chartroom with one process and with several, in turn.
//
//   node bench/processes.ts                     small requests and pushes, two processes against one
//   --processes N  --rounds N  --seconds N      how many processes, how often, how long each load lasts
//   --only TEXT                                 workloads with this in their name
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ADMINISTRATOR, startChartroom } from './chartroom.ts';
import { makeLargeBlob } from './large-blobs.ts';
import { packCharts } from './pushes.ts';
import { contentOf, openSide, type Side, type Sizes, WORKLOADS } from './workloads.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    processes: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
  },
});
const sizes: Sizes = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  ...{ pushes: 200, versions: 300, large: 64 },
};
const workloads = WORKLOADS.filter(({ name }) => name.includes(values.only));

const folders = [await newFolder(), await newFolder()] as const;
try {
  await using one = await startChartroom(folders[0], []);
  await using several = await startChartroom(folders[1], [], Number(values.processes));
  const charts = await packCharts(0, sizes.versions);
  const large = makeLargeBlob(sizes.large);
  const sides: Side[] = [];
  for (const { server } of [one, several]) {
    const contender = { name: server.url, url: new URL(server.url), account: ADMINISTRATOR };
    sides.push(await openSide(contender, charts, large));
  }
  const rates = await measureAll(sides);
  console.log(`Node ${process.version}, ${values.processes} processes against one, ${sizes.rounds} rounds\n`);
  console.log(`| workload | one | ${values.processes} | ratio | of each round |\n|---|---|---|---|---|`);
  for (const [name, rounds] of rates) console.log(lineOf(name, rounds));
} finally {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
}

async function newFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'chartroom-bench-'));
}

type Round = readonly [one: number, several: number];

async function measureAll([one, several]: readonly Side[]): Promise<ReadonlyMap<string, readonly Round[]>> {
  if (!one || !several) throw new Error('there are two servers');
  const rates = new Map<string, Round[]>(workloads.map(({ name }) => [name, []]));
  for (let round = 0; round < sizes.rounds; round += 1) {
    const content = await contentOf(round, sizes);
    for (const workload of workloads) {
      const first = await workload.measure(one, sizes, content);
      const second = await workload.measure(several, sizes, content);
      rates.get(workload.name)?.push([first, second]);
    }
  }
  return rates;
}

function lineOf(name: string, rounds: readonly Round[]): string {
  const ratios = rounds.map(([one, several]) => several / one);
  const [one, several] = [0, 1].map((index) => Math.round(median(rounds.map((each) => each[index] ?? 0))));
  return `| ${name} | ${one} | ${several} | ${median(ratios).toFixed(2)} | ${ratios.map((each) => each.toFixed(2)).join(' ')} |`;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;
}
