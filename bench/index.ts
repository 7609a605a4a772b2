// Measures what an index.yaml costs in time and memory, from ten versions to a hundred thousand, without a server around it.
//
//   node bench/index.ts                                     prints a table of medians, JSON and tgz
//   node bench/index.ts --format yaml                       the same of block YAML
//   node --expose-gc bench/index.ts --versions 10000 --charts 100     one size, in this process, as JSON
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { IndexBody } from '../src/classic/index-body.ts';
import type { IndexForm } from '../src/classic/index-document.ts';
import { IndexDocuments } from '../src/classic/index-documents.ts';
import type {
  ChangePosition,
  IndexedVersion,
  IndexScope,
  IndexSource,
  VersionPlace,
} from '../src/classic/index-source.ts';
import type { Digest } from '../src/oci/digest.ts';
import { parseRepositoryName } from '../src/oci/repository-name.ts';
import type { Tag } from '../src/oci/tag.ts';

const SIZES = [
  { versions: 10, charts: 2 },
  { versions: 10_000, charts: 100 },
  { versions: 10_000, charts: 10_000 },
  { versions: 100_000, charts: 1_000 },
  { versions: 100_000, charts: 100_000 },
  { versions: 100_000, charts: 1 },
] as const;
const SCOPE: IndexScope = { kind: 'namespace', namespace: 'team' };
const PUSHES = 201;
const REQUESTS = 5_001;
const DOWNLOADS = 9;
const MEBIBYTE = 1024 * 1024;

const { values } = parseArgs({
  options: {
    versions: { type: 'string' },
    charts: { type: 'string', default: '1' },
    format: { type: 'string', default: 'json' },
  },
});
const form: IndexForm = { format: values.format === 'yaml' ? 'yaml' : 'json', urls: { kind: 'tgz' } };
type Measured = Readonly<Record<string, string>>;

/** Each size has a process of its own, so that none sees the memory of another. */
function printTable(): void {
  const rows = SIZES.map(({ versions, charts }) => {
    const words = ['--expose-gc', import.meta.filename, `--versions=${versions}`, `--charts=${charts}`];
    const child = spawnSync(process.execPath, [...words, `--format=${form.format}`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.status !== 0) throw new Error(`${versions} versions: ended with ${child.status}`);
    return JSON.parse(child.stdout) as Measured;
  });
  const columns = Object.keys(rows[0] ?? {});
  const lines = [columns, columns.map(() => '---'), ...rows.map((row) => columns.map((column) => row[column] ?? ''))];
  console.log(lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n'));
}

async function measure(versions: number, charts: number): Promise<Measured> {
  const source = new SyntheticCharts(versions, charts);
  const documents = new IndexDocuments(source);
  const everybody = { sees: () => true, holder: {} };
  const render = () => documents.render(SCOPE, form, everybody);
  const held = await memoryInUse();
  const firstTime = await timeOf(render);
  const loaded = await memoryInUse();
  const largest = process.resourceUsage().maxRSS * 1024;
  const pushes: number[] = [];
  for (let push = 0; push < PUSHES; push += 1) {
    source.push(push % charts);
    pushes.push(await timeOf(render));
  }
  const requests: number[] = [];
  for (let request = 0; request < REQUESTS; request += 1) requests.push(await timeOf(render));
  const newcomers: number[] = [];
  for (let newcomer = 0; newcomer < DOWNLOADS; newcomer += 1) {
    const hidden = source.repositoryOf(newcomer % charts);
    const visibility = { sees: (repository: string) => repository !== hidden, holder: {} };
    newcomers.push(await timeOf(() => documents.render(SCOPE, form, visibility)));
  }
  const { identity, gzip, zstd } = await render();
  return {
    versions: versions.toLocaleString('en'),
    charts: charts.toLocaleString('en'),
    'first request, ms': firstTime.toFixed(0),
    'after a push, ms': median(pushes).toFixed(2),
    'slowest, ms': Math.max(...pushes).toFixed(1),
    'unchanged, µs': (median(requests) * 1000).toFixed(1),
    'other rights, ms': median(newcomers).toFixed(2),
    'identity, KiB': kibibytes(identity),
    'to write, ms': (await writingTime(identity)).toFixed(2),
    'gzip, KiB': kibibytes(gzip),
    'to write gzip, ms': (await writingTime(gzip)).toFixed(2),
    'zstd, KiB': kibibytes(zstd),
    'held, MiB': ((loaded - held) / MEBIBYTE).toFixed(1),
    'largest RSS, MiB': (largest / MEBIBYTE).toFixed(0),
  };
}

async function writingTime(body: IndexBody): Promise<number> {
  const times: number[] = [];
  for (let download = 0; download < DOWNLOADS; download += 1) {
    const start = performance.now();
    let length = 0;
    for (const chunk of body.chunks()) length += chunk.length;
    times.push(performance.now() - start);
    if (length !== body.length) throw new Error(`${length} bytes instead of ${body.length}`);
  }
  return median(times);
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function memoryInUse(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await wait(20);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function median(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN;
}

function kibibytes({ length }: IndexBody): string {
  return Math.ceil(length / 1024).toLocaleString('en');
}

/** Charts with equally many versions, which are made when they are asked for, so that none is in memory but in the index. */
class SyntheticCharts implements IndexSource {
  readonly #versionsEach: number;
  readonly #charts: number;
  readonly #pushed: IndexedVersion[] = [];

  constructor(versions: number, charts: number) {
    this.#versionsEach = Math.ceil(versions / charts);
    this.#charts = charts;
  }

  repositoryOf(chart: number): string {
    return `team/chart-${String(chart).padStart(6, '0')}`;
  }

  push(chart: number): void {
    const revision = this.#pushed.length + 2;
    this.#pushed.push(this.#version(chart, this.#versionsEach + revision, revision));
  }

  async newestRevision(): Promise<number> {
    return this.#pushed.length + 1;
  }

  async listedVersions(_: IndexScope, after: VersionPlace | undefined, limit: number): Promise<IndexedVersion[]> {
    const end = this.#charts * this.#versionsEach;
    const start = after === undefined ? 0 : this.#placeBehind(after);
    return Array.from({ length: Math.min(limit, end - start) }, (_item, index) => {
      const chart = Math.floor((start + index) / this.#versionsEach);
      return this.#version(chart, this.#versionsEach - 1 - ((start + index) % this.#versionsEach), 1);
    });
  }

  async changesAfter(_: IndexScope, { revision }: ChangePosition, limit: number): Promise<IndexedVersion[]> {
    const next = Math.max(0, revision - 1);
    return this.#pushed.slice(next, next + limit).filter((version) => version.revision > revision);
  }

  #placeBehind({ repository, sortKey }: VersionPlace): number {
    const chart = Number(repository.slice(this.repositoryOf(0).length - 6));
    return (chart + 1) * this.#versionsEach - Number(sortKey);
  }

  #version(chart: number, minor: number, revision: number): IndexedVersion {
    const repository = parseRepositoryName(this.repositoryOf(chart));
    const name = repository.slice('team/'.length);
    const version = `1.${minor}.0`;
    return {
      repository,
      tag: version as Tag,
      namespace: 'team',
      sortKey: String(minor).padStart(24, '0'),
      fileName: `${name}-${version}.tgz`,
      contentDigest: `sha256:${createHash('sha256').update(`${name} ${version}`).digest('hex')}` as Digest,
      publishedAt: Date.UTC(2026, 0, 1) + minor * 60_000,
      listed: true,
      deprecated: false,
      metadata: JSON.stringify(metadataOf(name, version)),
      revision,
    };
  }
}

/** Some 800 bytes of JSON. */
function metadataOf(name: string, version: string): unknown {
  return {
    apiVersion: 'v2',
    name,
    version,
    description: `Deploys ${name} with its workers, a job that migrates the database, and a dashboard`,
    type: 'application',
    appVersion: version,
    home: `https://git.example.com/team/${name}`,
    icon: `https://git.example.com/team/${name}/raw/main/icon.svg`,
    sources: [`https://git.example.com/team/${name}`],
    keywords: [name, 'service', 'kubernetes'],
    maintainers: [{ name: 'ann', email: 'ann@example.com' }],
    annotations: { 'artifacthub.io/images': `- name: ${name}\n  image: registry.example.com/team/${name}:${version}` },
    dependencies: [{ name: 'common', version: '^2.0.0', repository: 'oci://registry.example.com/team' }],
  };
}

if (values.versions === undefined) printTable();
else console.log(JSON.stringify(await measure(Number(values.versions), Number(values.charts))));
