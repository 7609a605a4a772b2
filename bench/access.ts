// Measures what a token and a manifest cost by credential, in Chartroom and in the CNCF distribution registry side by side.
//
//   npm run bench:access                            measures, and writes the tables of docs/performance.md
//   node bench/access.ts --rounds 1 --seconds 1     prints the tables only
//   --registry PATH                                 the program of distribution; otherwise that on PATH, or from `go install`
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { pushChart } from './chart.ts';
import { basic, PRIVATE_REPOSITORY, startChartroom } from './chartroom.ts';
import { ACCOUNT, findRegistry, startDistribution, versionOf } from './distribution.ts';
import { writeManyTokens } from './many-tokens.ts';
import { Newcomers } from './newcomers.ts';
import { type Measured, type Run, tables, writeDocument } from './report.ts';
import type { Server } from './server.ts';
import { type Pressure, type Subject, subjectsOf } from './subjects.ts';

const CONNECTIONS = [16, 32] as const;
const WARM_UP: Pressure = { connections: 16, seconds: 1 };
/** More than two processors check. */
const PASSWORDS_PER_SECOND = 150;
const POLL_INTERVAL = 200;

const { values } = parseArgs({
  options: {
    registry: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
});
const registry = values.registry ?? findRegistry();
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];

const folder = await mkdtemp(join(tmpdir(), 'chartroom-bench-'));
try {
  const measured = await measureAll();
  const setting = `Node ${process.version}, distribution ${versionOf(registry)}; ${rounds} rounds of ${seconds} seconds each.`;
  const text = `${setting}\n\n${tables(measured, CONNECTIONS)}`;
  console.log(text);
  if (values.write) await writeDocument('access', text);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measureAll(): Promise<readonly Measured[]> {
  const size = PASSWORDS_PER_SECOND * seconds;
  const newcomers = new Map(CONNECTIONS.map((count) => [count as number, new Newcomers(`from${count}`, size, folder)]));
  const people = [ACCOUNT, ...[...newcomers.values()].flatMap((group) => group.people)];
  console.error(`making ${people.length} users`);
  await using chartroom = await startChartroom(folder, people);
  for (const group of newcomers.values()) await group.logInOnce(chartroom.server.url);
  await using open = await startDistribution(registry, { folder });
  await pushChart(open.url, PRIVATE_REPOSITORY);
  await using cost5 = await startDistribution(registry, { folder, cost: 5 });
  await using cost10 = await startDistribution(registry, { folder, cost: 10 });

  const manyTokens = join(folder, 'many-tokens.txt');
  await writeManyTokens(chartroom.server.url, basic({ name: 'ci', password: chartroom.robotSecret }), manyTokens);
  const subjects = subjectsOf({ chartroom, newcomers, manyTokens, open, cost5, cost10 });
  for (const subject of subjects) await subject.send(WARM_UP);
  const runs = new Map(subjects.map((subject) => [subject, [] as Run[]]));
  for (let round = 1; round <= rounds; round += 1) {
    console.error(`round ${round} of ${rounds}`);
    for (const connections of CONNECTIONS) {
      for (const [subject, done] of runs) done.push(await measure(subject, round, { connections, seconds }));
    }
  }
  return [...runs].map(([{ request, registry, credential }, done]) => ({ request, registry, credential, runs: done }));
}

async function measure(subject: Subject, round: number, pressure: Pressure): Promise<Run> {
  const before = await quiet(subject.server);
  const { count, perSecond, median } = await subject.send(pressure);
  const after = await quiet(subject.server);
  // Those that wrk did not wait for were worked on as well.
  const each =
    before === undefined || after === undefined ? undefined : (after - before) / (count + pressure.connections);
  return { round, connections: pressure.connections, perSecond, median, processorTime: each };
}

/** What the server had used when it was done with everything, so that none of it falls into another measurement. */
async function quiet(server: Server): Promise<number | undefined> {
  for (let before = await server.processorTime(); ; ) {
    await wait(POLL_INTERVAL);
    const after = await server.processorTime();
    // It does a little now and then, such as writing down who has logged in: one tick.
    if (before === undefined || after === undefined || after - before < 0.015) return after;
    before = after;
  }
}
