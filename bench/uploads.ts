// Measures what an upload costs, and how soon the index has it, by how much is there already: Chartroom and ChartMuseum side by side.
//
//   npm run bench:uploads                         2,000 uploads to both, and writes the table of docs/performance.md
//   node bench/uploads.ts --uploads 10000 --only chartroom
//   --chartmuseum PATH                            the program; otherwise that on PATH
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { buildChart } from '../test/support/chart-builder.ts';
import { CHARTMUSEUM_ACCOUNT, findChartMuseum, startChartMuseum } from './chartmuseum.ts';
import { ADMINISTRATOR, basic, startChartroom } from './chartroom.ts';
import { median, rounded, table, writeDocument } from './report.ts';

/** Versions of one chart before the next chart begins. */
const VERSIONS = 100;
/** How many uploads before each count are measured. */
const SAMPLE = 10;
const MAXIMUM_ATTEMPTS = 1_000;
const COUNTS = [10, 100, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000];

const { values } = parseArgs({
  options: {
    chartmuseum: { type: 'string' },
    only: { type: 'string' },
    uploads: { type: 'string', default: '2000' },
    write: { type: 'boolean', default: false },
  },
});
const uploads = Number(values.uploads);

interface Target {
  readonly name: string;
  /** of the API for uploads */
  readonly api: string;
  readonly index: string;
  readonly authorization: string;
}

interface Sample {
  readonly count: number;
  /** since the first upload: seconds, of which none is spent on making charts */
  readonly total: number;
  readonly uploadTimes: readonly number[];
  readonly indexTimes: readonly number[];
}

const folder = await mkdtemp(join(tmpdir(), 'chartroom-bench-'));
try {
  const rows: string[][] = [];
  if (values.only !== 'chartmuseum') {
    await using chartroom = await startChartroom(folder, []);
    const { url } = chartroom.server;
    const target = {
      api: `${url}/api/bench/charts`,
      index: `${url}/bench/index.yaml`,
      authorization: basic(ADMINISTRATOR),
    };
    rows.push(...(await measure({ name: 'Chartroom', ...target })));
  }
  if (values.only !== 'chartroom') {
    await using server = await startChartMuseum(values.chartmuseum ?? findChartMuseum(), folder);
    const { url } = server;
    const target = { api: `${url}/api/charts`, index: `${url}/index.yaml`, authorization: basic(CHARTMUSEUM_ACCOUNT) };
    rows.push(...(await measure({ name: 'ChartMuseum', ...target })));
  }
  const head = ['versions', 'registry', 'an upload, ms', 'index with it, ms', 'all uploads so far, s'];
  const sorted = rows.toSorted((one, other) => Number(one[0]) - Number(other[0]));
  const text = `Node ${process.version}. Medians of ${SAMPLE}, with the least and the most.\n\n${table(head, sorted)}`;
  console.log(text);
  if (values.write) await writeDocument('uploads', text);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(target: Target): Promise<string[][]> {
  const samples: Sample[] = [];
  let total = 0;
  let uploadTimes: number[] = [];
  let indexTimes: number[] = [];
  for (let count = 1; count <= uploads; count += 1) {
    const { archive, version } = await chartAt(count);
    const checkpoint = COUNTS.find((each) => each >= count) ?? uploads;
    const upload = await timed(() => send(target, archive));
    total += upload;
    if (checkpoint - count >= SAMPLE) continue;
    uploadTimes.push(upload);
    indexTimes.push(await timed(() => waitForIndex(target, version)));
    if (count < checkpoint) continue;
    samples.push({ count, total: total / 1_000, uploadTimes, indexTimes });
    console.error(`${target.name}: ${count} after ${Math.round(total / 1_000)} s`);
    uploadTimes = [];
    indexTimes = [];
  }
  return samples.map((each) => [
    String(each.count),
    target.name,
    spanOf(each.uploadTimes),
    spanOf(each.indexTimes),
    rounded(each.total),
  ]);
}

async function chartAt(count: number): Promise<{ readonly archive: Buffer; readonly version: string }> {
  const name = `chart-${Math.floor((count - 1) / VERSIONS)}`;
  const version = `1.${(count - 1) % VERSIONS}.${count}`;
  const { archive } = await buildChart({ name, version });
  return { archive, version };
}

async function send({ api, authorization }: Target, archive: Buffer): Promise<void> {
  const answer = await fetch(api, { method: 'POST', headers: { authorization }, body: archive });
  if (answer.status !== 201) throw new Error(`POST ${api}: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}

/** Asks again and again: ChartMuseum answers an upload before its index has it. */
async function waitForIndex({ index, authorization }: Target, version: string): Promise<void> {
  for (let attempt = 0; attempt < MAXIMUM_ATTEMPTS; attempt += 1) {
    const answer = await fetch(index, { headers: { authorization, 'accept-encoding': 'gzip' } });
    if ((await answer.text()).includes(version)) return;
  }
  throw new Error(`GET ${index}: still without version ${version}`);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

function spanOf(times: readonly number[]): string {
  return `${rounded(median(times))} (${rounded(Math.min(...times))}–${rounded(Math.max(...times))})`;
}
