// Many clients at once for a long time, some of them slow, with garbage collection and the check of all blobs beside them.
//
//   npm run bench:load                            500 clients, 200 of them slow, for 10 minutes
//   node bench/mixed-load.ts --minutes 1 --clients 100 --slow 40 --seed 7
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { digestOf } from '../src/oci/digest.ts';
import { OCI_MANIFEST } from '../src/oci/media-types.ts';
import { descriptorOf } from '../test/support/artifacts.ts';
import { buildChart } from '../test/support/chart-builder.ts';
import { Random } from '../test/support/random.ts';
import { runJob } from '../test/torture/collection.ts';
import { type Answer, type Connection, connect } from '../test/torture/connection.ts';
import { Journal } from '../test/torture/journal.ts';
import { ADMINISTRATOR, basic, PRIVATE_REPOSITORY, startChartroom } from './chartroom.ts';
import { readSlowly, type SlowEnd, sendHeadSlowly, sendSlowly } from './slow-clients.ts';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '500' },
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '20261123' },
    slow: { type: 'string', default: '200' },
  },
});
const [clients, slow, seed] = [Number(values.clients), Number(values.slow), Number(values.seed)];
/** milliseconds */
const duration = Number(values.minutes) * 60_000;
/** What comes before is not compared: caches fill. */
const WARM_UP = duration / 5;
/** Between two requests of a client, on the average: milliseconds. */
const PAUSE = 1_000;
const SAMPLE_INTERVAL = 2_000;
const VERIFY_INTERVAL = 20_000;
const MAIN = join(import.meta.dirname, '../src/main.mjs');
const MIB = 1024 * 1024;

/** What was asked and what came of it, over all clients. */
class Results {
  readonly times = new Map<string, number[]>();
  readonly waits = new Map<number, number>();
  readonly problems: string[] = [];
  readonly slowEnds = new Map<SlowEnd, number>();

  /** @returns how long the client is to wait before it asks again: milliseconds; undefined when it has its answer */
  add(kind: string, { status, headers, body }: Answer, time: number): number | undefined {
    const times = this.times.get(kind) ?? [];
    times.push(time);
    this.times.set(kind, times);
    const pause = headers.get('retry-after');
    if ((status === 429 || status === 503) && pause !== null) {
      this.waits.set(status, (this.waits.get(status) ?? 0) + 1);
      return Number(pause) * 1_000;
    }
    if (status >= 400) this.problems.push(`${kind}: ${status} ${body.subarray(0, 300)}`);
    return undefined;
  }
}

const folder = await mkdtemp(join(tmpdir(), 'chartroom-bench-'));
try {
  await using chartroom = await startChartroom(folder, []);
  const { url } = chartroom.server;
  const results = new Results();
  const began = performance.now();
  const isOver = (): boolean => performance.now() - began > duration;
  const operator = connect(url, 'operator', new Journal('load'));
  const blob = await pushLargeBlob(operator);
  const memory: { readonly at: number; readonly bytes: number }[] = [];
  const sampling = (async () => {
    while (!isOver()) {
      const bytes = await chartroom.server.memory();
      if (bytes !== undefined) memory.push({ at: performance.now() - began, bytes });
      await wait(SAMPLE_INTERVAL);
    }
  })();
  const target = { url: new URL(url), authorization: basic(ADMINISTRATOR), repository: 'team/slow', blob };
  const work = [
    ...Array.from({ length: clients - slow }, (_, index) => runClient(url, index, results, isOver)),
    ...Array.from({ length: slow }, (_, index) => runSlowClient(target, index, results, isOver)),
    runJobs(operator, results, isOver),
    verify(folder, results, isOver),
  ];
  await Promise.all([...work, sampling]);
  print(results, memory);
  if (results.problems.length > 0) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function runClient(url: string, index: number, results: Results, isOver: () => boolean): Promise<void> {
  const random = new Random(seed + index);
  const connection = connect(url, `c${index}`, new Journal('load'));
  await wait(random.next() * PAUSE);
  while (!isOver()) {
    const ask = async (kind: string, ...request: Parameters<Connection['ask']>): Promise<void> => {
      try {
        // As clients do: what comes next may need this.
        for (let pause: number | undefined = 0; pause !== undefined; ) {
          await wait(pause);
          const start = performance.now();
          pause = results.add(kind, await connection.ask(...request), performance.now() - start);
        }
      } catch (error) {
        results.problems.push(`${kind}: ${error}`);
      }
    };
    await act(ask, random, index);
    await wait(2 * PAUSE * random.next());
  }
}

type Ask = (kind: string, ...request: Parameters<Connection['ask']>) => Promise<void>;

async function act(ask: Ask, random: Random, index: number): Promise<void> {
  const choice = random.next();
  const repository = PRIVATE_REPOSITORY;
  if (choice < 0.5) await ask('pull of a manifest', 'GET', `/v2/${repository}/manifests/1.0.0`);
  else if (choice < 0.6) await ask('index.yaml', 'GET', '/team/index.yaml');
  else if (choice < 0.7) await ask('tags/list', 'GET', `/v2/${repository}/tags/list`);
  else if (choice < 0.75) await ask('search', 'GET', '/api/v1/search?q=chart');
  else if (choice < 0.95) await pushArtifact(ask, random, `artifacts/c${index}`);
  else await uploadChart(ask, random, index);
}

async function pushArtifact(ask: Ask, random: Random, repository: string): Promise<void> {
  const blobs = [Buffer.from('{}'), random.bytes(random.below(50_000))];
  for (const body of blobs) {
    await ask('push of a blob', 'POST', `/v2/${repository}/blobs/uploads/?digest=${digestOf(body)}`, { body });
  }
  const [config, layer] = blobs.map((bytes) => descriptorOf(bytes, 'application/octet-stream'));
  const json = { schemaVersion: 2, mediaType: OCI_MANIFEST, artifactType: 'a/b', config, layers: [layer] };
  const body = Buffer.from(JSON.stringify(json));
  await ask('push of a manifest', 'PUT', `/v2/${repository}/manifests/latest`, { body, type: OCI_MANIFEST });
}

async function uploadChart(ask: Ask, random: Random, index: number): Promise<void> {
  const version = `1.0.${random.below(1_000_000_000)}`;
  const { archive: body } = await buildChart({ name: `chart-${index}`, version });
  await ask('upload of a chart', 'POST', '/api/load/charts', { body });
}

async function runSlowClient(
  target: Parameters<typeof sendSlowly>[0],
  index: number,
  results: Results,
  isOver: () => boolean,
): Promise<void> {
  const behave = [sendSlowly, readSlowly, sendHeadSlowly][index % 3] ?? sendSlowly;
  while (!isOver()) {
    const end = await behave(target, isOver);
    results.slowEnds.set(end, (results.slowEnds.get(end) ?? 0) + 1);
    if (end === 'failed') results.problems.push(`a slow client was answered with 5xx`);
    await wait(PAUSE);
  }
}

/** A push under this load has its manifest behind its blobs within the grace period. */
async function runJobs(operator: Connection, results: Results, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await runJob(operator, 'collect-garbage', { gracePeriod: 10 }).catch((error: unknown) =>
      results.problems.push(String(error)),
    );
    await wait(PAUSE);
  }
}

/** What the scrub does over days, in another process, again and again: all is read, and compared with its digest. */
async function verify(folder: string, results: Results, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const words = [MAIN, 'verify', '--data-dir', join(folder, 'chartroom')];
    await promisify(execFile)(process.execPath, words).catch((error: unknown) => results.problems.push(String(error)));
    await wait(VERIFY_INTERVAL);
  }
}

async function pushLargeBlob(operator: Connection): Promise<string> {
  const body = new Random(seed).bytes(8 * MIB);
  const digest = digestOf(body);
  await operator.ask('POST', `/v2/team/large/blobs/uploads/?digest=${digest}`, { body });
  return `/v2/team/large/blobs/${digest}`;
}

function print(
  { times, waits, problems, slowEnds }: Results,
  memory: readonly { readonly at: number; readonly bytes: number }[],
): void {
  console.log(`Node ${process.version}; ${clients} clients, ${slow} of them slow, ${values.minutes} min, seed ${seed}`);
  for (const [kind, all] of [...times].toSorted()) {
    const sorted = all.toSorted((one, other) => one - other);
    const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
    console.log(`${kind}: ${sorted.length}, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`);
  }
  const late = memory.filter(({ at }) => at > WARM_UP).map(({ bytes }) => Math.round(bytes / MIB));
  console.log(`memory, MiB: after warm-up ${late[0]}, at the end ${late.at(-1)}, most ${Math.max(...late)}`);
  console.log(`slow clients: ${[...slowEnds].map(([end, count]) => `${count} ${end}`).join(', ')}`);
  console.log(`asked to wait: ${[...waits].map(([status, count]) => `${count} × ${status}`).join(', ') || 'never'}`);
  console.log(`errors that were not asked for: ${problems.length}`);
  for (const problem of [...new Set(problems)].slice(0, 10)) console.log(`  ${problem}`);
}
