// What is asked of each registry: the same requests, with the same bytes.
import { digestOf } from '../src/oci/digest.ts';
import { OCI_MANIFEST } from '../src/oci/media-types.ts';
import { type Contender, eachOnWires, expectStatus, openSession, type Session } from './contender.ts';
import { fetchLargeBlob, type LargeBlob, makeLargeBlob, pushLargeBlob } from './large-blobs.ts';
import { sendLoad } from './load.ts';
import { type PackedChart, packCharts, pushAsHelm, pushBriefly, pushCharts } from './pushes.ts';

const PUSHING = 16;
const READING = 32;
/** Requests, where only their answers count. */
const BRIEF = 500;

export interface Sizes {
  readonly rounds: number;
  /** How long each load of small requests lasts; undefined for a few of them, without wrk, of which only the answers count. */
  readonly seconds: number | undefined;
  /** Pushed in each round. */
  readonly pushes: number;
  /** That one of the repositories has before the first round. */
  readonly versions: number;
  /** Of a large blob: mebibytes. */
  readonly large: number;
}

/** Of a large blob in each round, on each connection. */
const DOWNLOADS = 5;

/** A registry with what is there before the first round. */
export interface Side {
  readonly contender: Contender;
  /** With one version. */
  readonly young: Session;
  /** With as many as `sizes.versions`. */
  readonly full: Session;
  readonly large: LargeBlob;
  /** That is in both repositories. */
  readonly chart: PackedChart;
}

/** What no registry has seen before its round. */
export interface RoundContent {
  readonly young: readonly PackedChart[];
  readonly full: readonly PackedChart[];
  readonly large: LargeBlob;
}

export interface Workload {
  readonly name: string;
  readonly unit: 'per second' | 'MB per second';
  /** So that a server which has nothing but manifests can take part. */
  readonly isOfManifests?: boolean;
  measure(side: Side, sizes: Sizes, content: RoundContent): Promise<number>;
}

export const WORKLOADS: readonly Workload[] = [
  {
    name: `helm push of a new version of 5 KB, ${PUSHING} at once`,
    unit: 'per second',
    measure: async ({ young }, _sizes, content) => await pushCharts(young, PUSHING, content.young, pushAsHelm),
  },
  {
    name: 'the same where many versions are',
    unit: 'per second',
    measure: async ({ full }, _sizes, content) => await pushCharts(full, PUSHING, content.full, pushAsHelm),
  },
  reading('GET a manifest by tag', 'young', manifestPath),
  reading('GET a manifest by tag where many versions are', 'full', manifestPath),
  reading('GET a blob of 5 KB', 'full', (repository, { archive }) => `/v2/${repository}/blobs/${digestOf(archive)}`),
  reading('GET the list of many tags', 'full', (repository) => `/v2/${repository}/tags/list`),
  fetching(1),
  fetching(4),
  {
    name: 'PUT a large blob, 1 at once',
    unit: 'MB per second',
    measure: async ({ young }, _sizes, { large }) => await pushLargeBlob(young, large),
  },
];

/** @param charts all of which go into the one repository, and the first into the other as well */
export async function openSide(contender: Contender, charts: readonly PackedChart[], large: LargeBlob): Promise<Side> {
  const [chart] = charts;
  if (!chart) throw new Error('there is no chart to begin with');
  const young = await openSession(contender, 'team/young/web');
  const full = await openSession(contender, 'team/full/web');
  await pushCharts(young, 1, [chart], pushBriefly);
  await pushCharts(full, PUSHING, charts, pushBriefly);
  await pushLargeBlob(young, large);
  return { contender, young, full, large, chart };
}

/** @param round from 0 on */
export async function contentOf(round: number, { versions, pushes, large }: Sizes): Promise<RoundContent> {
  const from = versions + 2 * round * pushes;
  return {
    young: await packCharts(from, pushes),
    full: await packCharts(from + pushes, pushes),
    large: makeLargeBlob(large),
  };
}

function reading(
  name: string,
  place: 'young' | 'full',
  pathOf: (repository: string, chart: PackedChart) => string,
): Workload {
  return {
    name: `${name}, ${READING} at once`,
    unit: 'per second',
    isOfManifests: pathOf === manifestPath,
    measure: async (side, { seconds }) => {
      const { contender, repository, authorization } = side[place];
      const path = pathOf(repository, side.chart);
      if (seconds === undefined) return await readBriefly(side[place], path);
      const { href } = new URL(path, contender.url);
      return (await sendLoad({ url: href, connections: READING, seconds, authorization })).perSecond;
    },
  };
}

async function readBriefly({ contender, headers }: Session, path: string): Promise<number> {
  const began = performance.now();
  const head = `GET ${path} HTTP/1.1\r\n${headers}Accept: ${OCI_MANIFEST}\r\n\r\n`;
  await eachOnWires(contender.url, READING, Array.from({ length: BRIEF }), async (wire) => {
    const { bodyLength } = await expectStatus(200, wire, head);
    if (bodyLength === 0) throw new Error(`nothing is at ${path}`);
  });
  return BRIEF / ((performance.now() - began) / 1_000);
}

function fetching(connections: number): Workload {
  return {
    name: `GET a large blob, ${connections} at once`,
    unit: 'MB per second',
    measure: async ({ young, large }) => await fetchLargeBlob(young, large, connections, DOWNLOADS),
  };
}

function manifestPath(repository: string, { version }: PackedChart): string {
  return `/v2/${repository}/manifests/${version}`;
}
