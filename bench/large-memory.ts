// How much memory the server has while large blobs come and go, one at a time and four at once: should it grow with them, or with their number, it shows.
//
//   node bench/large-memory.ts [--size 512]   mebibytes of each blob
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ADMINISTRATOR, startChartroom } from './chartroom.ts';
import { openSession } from './contender.ts';
import { fetchLargeBlob, makeLargeBlob, pushLargeBlob } from './large-blobs.ts';
import { median, table } from './report.ts';
import type { Server } from './server.ts';

const MEBIBYTE = 1024 * 1024;
const BLOBS = 4;
/** Milliseconds from one look at the memory to the next. */
const INTERVAL = 20;

const { values } = parseArgs({ options: { size: { type: 'string', default: '512' } } });
const size = Number(values.size);
const folder = await mkdtemp(join(tmpdir(), 'chartroom-bench-'));
try {
  await using chartroom = await startChartroom(folder, []);
  const { server } = chartroom;
  const contender = { name: 'Chartroom', url: new URL(server.url), account: ADMINISTRATOR };
  const session = await openSession(contender, 'team/large/web');
  // What the program takes for its first one belongs to no transfer.
  await pushLargeBlob(session, makeLargeBlob(8));
  const [first, ...others] = Array.from({ length: 1 + BLOBS }, () => makeLargeBlob(size));
  if (!first) throw new Error('there is no blob');
  const rows = [
    ['nothing', ...(await memoryDuring(server, async () => undefined))],
    ['PUT, 1 at once', ...(await memoryDuring(server, () => pushLargeBlob(session, first)))],
    [`PUT, ${BLOBS} at once`, ...(await memoryDuring(server, () => pushAll(others)))],
    ['GET, 1 at once', ...(await memoryDuring(server, () => fetchLargeBlob(session, first, 1)))],
    [`GET, ${BLOBS} at once`, ...(await memoryDuring(server, () => fetchLargeBlob(session, first, BLOBS)))],
  ];
  console.log(table([`resident set with ${size} MiB each`, 'least', 'median', 'most'], rows));

  async function pushAll(blobs: readonly ReturnType<typeof makeLargeBlob>[]): Promise<void> {
    await Promise.all(blobs.map((blob) => pushLargeBlob(session, blob)));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** @returns the least, the median and the most */
async function memoryDuring(server: Server, work: () => Promise<unknown>): Promise<readonly string[]> {
  const seen: number[] = [];
  const look = async (): Promise<void> => {
    seen.push((await server.memory()) ?? Number.NaN);
  };
  await look();
  const timer = setInterval(() => void look(), INTERVAL);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  await look();
  return [Math.min(...seen), median(seen), Math.max(...seen)].map((bytes) => `${Math.round(bytes / MEBIBYTE)} MiB`);
}
