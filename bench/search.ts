// Measures the search over charts: how long it takes to index them and to find some, and how much room the index takes.
//
//   node bench/search.ts                            10,000 charts with READMEs of 10 KB
//   node bench/search.ts --charts 1000 --readme 2000 --rounds 5
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readMigrations } from '../src/adapters/migration-files.ts';
import { openSqliteChartSearch } from '../src/adapters/sqlite-chart-search.ts';
import { openSqliteDatabase } from '../src/adapters/sqlite-database.ts';
import { SearchIndex } from '../src/catalog/search-index.ts';
import { digestOf } from '../src/oci/digest.ts';
import type { RepositoryName } from '../src/oci/repository-name.ts';
import type { Database } from '../src/ports/database.ts';
import { migrate } from '../src/tables/migrate.ts';
import { Random } from '../test/support/random.ts';

const SYLLABLES =
  'ka to mi ser ver con fig dat ba re dis ng inx pro me the us gra fa na lo ki tem po al ert man ag clu ster net work pol sec ret'.split(
    ' ',
  );
/** Words of which every README has some, as real ones have. */
const EVERYWHERE = 'install the chart with helm on kubernetes, set image.tag=1.2.0 in values.yaml. ';
const PAGE = 20;

interface Chart {
  readonly repository: RepositoryName;
  readonly metadata: string;
  readonly readme: string;
}

const { values } = parseArgs({
  options: {
    charts: { type: 'string', default: '10000' },
    readme: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '15' },
  },
});
const [count, size, rounds] = [Number(values.charts), Number(values.readme), Number(values.rounds)];

/** The same at every run, so that two runs can be compared. */
const random = new Random(1);
const words = vocabulary(60_000);
const folder = await mkdtemp(join(tmpdir(), 'chartroom-bench-'));
try {
  const database = openSqliteDatabase(join(folder, 'search.db'));
  await migrate(database, await readMigrations(database.dialect), 0);
  await measure(database);
  await database.close();
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(database: Database): Promise<void> {
  const search = await openSqliteChartSearch(database);
  // As many as are indexed in one transaction: what has been measured is forgotten, and takes no memory.
  let published: readonly Chart[] = [];
  let revision = 0;
  const index = new SearchIndex({
    database,
    search,
    newestListedVersion: async (_database, repository) => {
      const chart = published.find((each) => each.repository === repository);
      return chart && { metadata: chart.metadata, contentDigest: digestOf(Buffer.from(repository)) };
    },
    repositoriesChangedAfter: async (_database, after) =>
      after < revision ? published.map(({ repository }) => ({ repository, revision })) : [],
    readmeOf: async (digest) =>
      published.find(({ repository }) => digestOf(Buffer.from(repository)) === digest)?.readme ?? '',
    onFailure: (error) => {
      throw error;
    },
  });
  const publish = async (charts: readonly Chart[]): Promise<number> => {
    published = charts;
    revision += 1;
    return (await timeOf(() => index.catchUp())) / charts.length;
  };

  const filling: number[] = [];
  for (let first = 0; first < count; first += 5) {
    filling.push(
      await publish(Array.from({ length: Math.min(5, count - first) }, (_, number) => chart(first + number))),
    );
  }
  const one: number[] = [];
  for (let number = 0; number < 100; number += 1) one.push(await publish([chart(random.below(count))]));
  const bytes = (await stat(join(folder, 'search.db'))).size;
  console.log(`Node ${process.version}; ${count} charts with READMEs of ${size} bytes; medians, and the most.\n`);
  console.log(`- to index a chart while the index is filled, five at a time: ${span(filling)} ms`);
  console.log(`- to index a chart that changes, synced to the disk: ${span(one)} ms`);
  console.log(
    `- the database: ${(bytes / 1e6).toFixed(0)} MB, ${(bytes / count / 1000).toFixed(1)} kB for each chart\n`,
  );

  const rows: string[] = [];
  for (const [what, text] of searches()) {
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      times.push(await timeOf(() => index.find(text, { limit: PAGE }, () => true)));
    }
    const { charts, isCorrected } = await index.find(text, { limit: count }, () => true);
    rows.push(`| ${what} | ${text} | ${charts.length}${isCorrected ? ', corrected' : ''} | ${span(times)} |`);
  }
  console.log(`| search | text | charts | first ${PAGE}: ms |\n| --- | --- | --- | --- |\n${rows.join('\n')}`);
}

function searches(): readonly (readonly [what: string, text: string])[] {
  const [common = '', rare = ''] = [words[30], words[40_000]];
  return [
    ['a word of every README', 'kubernetes'],
    ['three words of every README', 'install kubernetes helm'],
    ['a common word', common],
    ['a rare word', rare],
    ['a rare and a common word', `${rare} ${common}`],
    ['one letter', 'k'],
    ['two letters', 'ka'],
    ['three letters', 'kat'],
    ['a version', '1.2.0'],
    ['a phrase', '"chart with helm"'],
    ['a typo in a word of every README', 'kubrenetes'],
    ['a typo in a rare word', `${rare.slice(0, -2)}${rare.slice(-1)}${rare.slice(-2, -1)}`],
    ['three typos', 'intsall kuberntes cahrt'],
    ['nothing that is near to it', 'zyxwvut'],
  ];
}

function chart(number: number): Chart {
  const name = `${pick()}-${words[number % words.length]}`;
  const metadata = {
    apiVersion: 'v2',
    name,
    version: `1.${number % 30}.0`,
    appVersion: `v${number % 9}.2.1`,
    description: text(80),
    keywords: [pick(), pick(), pick()],
    maintainers: [{ name: pick(), email: `${pick()}@example.com` }],
  };
  const repository = `team${number % 50}/chart${number}/${name}` as RepositoryName;
  return { repository, metadata: JSON.stringify(metadata), readme: `# ${name}\n\n${EVERYWHERE}${text(size)}` };
}

function text(length: number): string {
  let written = '';
  while (written.length < length) written += random.chance(0.01) ? EVERYWHERE : `${pick()} `;
  return written;
}

/** A word, the first ones most often, as words are in languages (Zipf's law). */
function pick(): string {
  return words[Math.floor(words.length ** random.next()) - 1] ?? 'chart';
}

function vocabulary(length: number): readonly string[] {
  const made = new Set<string>();
  const syllable = () => random.pick(SYLLABLES);
  while (made.size < length) made.add(Array.from({ length: 2 + random.below(3) }, syllable).join(''));
  return [...made];
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function span(times: readonly number[]): string {
  const sorted = times.toSorted((one, other) => one - other);
  const [median = 0, most = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  return `${median.toFixed(2)} (${most.toFixed(2)})`;
}
