// What a large index.yaml costs: how fast it is sent, how fast "unchanged" is said, beside a server that has nothing else to do, and the memory of all of it.
//
//   node bench/large-index.ts                        10,000 versions, then 100,000
//   --versions 1000,2000  --rounds N  --seconds N    how many, how often, how long each load lasts
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ADMINISTRATOR, basic, startOn } from './chartroom.ts';
import { sendLoad } from './load.ts';
import { median, rounded } from './report.ts';
import { SeededFolder } from './seeded-folder.ts';
import { type Server, startServer } from './server.ts';

const CONNECTIONS = 4;
const ACCEPT = 'Accept-Encoding: gzip';
const MEGABYTE = 1_000_000;
const MEBIBYTE = 1024 * 1024;
/** Until what a server does by itself after its start is over: seconds of which it uses hardly any processor time. */
const QUIET_SECONDS = 6;

const { values } = parseArgs({
  options: {
    versions: { type: 'string', default: '10000,100000' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
  },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const authorization = basic(ADMINISTRATOR);

const folder = await mkdtemp(join(tmpdir(), 'chartroom-bench-'));
try {
  console.log(`Node ${process.version}; ${rounds} rounds of ${seconds} s, ${CONNECTIONS} connections\n`);
  console.log(
    '| versions | MB, gzip | sent, MB/s | bare, MB/s | ratio | unchanged, /s | MiB idle | MiB with the index | MiB after all |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|');
  let seeded = 0;
  for (const versions of values.versions.split(',').map(Number)) {
    {
      await using data = await SeededFolder.open(join(folder, 'chartroom'));
      await data.addVersions('team/many/web', seeded, versions - seeded);
      seeded = versions;
    }
    console.log(`| ${[versions, ...(await measure())].join(' | ')} |`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(): Promise<readonly string[]> {
  await using server = await startOn(folder);
  await quiet(server);
  const idle = await mebibytes(server);
  const url = `${server.url}/team/many/index.yaml`;
  const { bytes, tag } = await fetchPacked(url);
  await quiet(server);
  const withIndex = await mebibytes(server);
  const path = join(folder, 'index.yaml');
  await writeFile(path, bytes);
  await using bare = await startServer((port) => ({
    program: process.execPath,
    words: [join(import.meta.dirname, 'bare-bytes.ts'), path, String(port)],
    environment: {},
    logPath: join(folder, 'bare.log'),
  }));
  const rates = { ours: [] as number[], theirs: [] as number[], unchanged: [] as number[] };
  const load = { connections: CONNECTIONS, seconds, authorization, headers: [ACCEPT] };
  for (let round = 0; round < rounds; round += 1) {
    rates.ours.push((await sendLoad({ ...load, url })).perSecond);
    rates.theirs.push((await sendLoad({ ...load, url: bare.url })).perSecond);
    const known = [ACCEPT, `If-None-Match: ${tag}`];
    rates.unchanged.push((await sendLoad({ ...load, url, headers: known })).perSecond);
  }
  const [ours, theirs] = [median(rates.ours), median(rates.theirs)];
  const sizes = [bytes.length / MEGABYTE, (ours * bytes.length) / MEGABYTE, (theirs * bytes.length) / MEGABYTE];
  return [...sizes, ours / theirs, median(rates.unchanged)]
    .map(rounded)
    .concat(idle, withIndex, await mebibytes(server));
}

/** As it goes over the wire to helm and every other client that takes it compressed. */
async function fetchPacked(url: string): Promise<{ readonly bytes: Buffer; readonly tag: string }> {
  const asking = get(url, { headers: { authorization, 'accept-encoding': 'gzip' } });
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  const { etag, 'content-encoding': coding } = answer.headers;
  if (etag === undefined || coding !== 'gzip') throw new Error(`${url} answers ${answer.statusCode} as ${coding}`);
  return { bytes: await buffer(answer), tag: etag };
}

async function mebibytes(server: Server): Promise<string> {
  return rounded(((await server.memory()) ?? 0) / MEBIBYTE);
}

async function quiet(server: Server): Promise<void> {
  for (let seconds = 0; seconds < QUIET_SECONDS; ) {
    const before = (await server.processorTime()) ?? 0;
    await wait(1_000);
    seconds = ((await server.processorTime()) ?? 0) - before < 0.03 ? seconds + 1 : 0;
  }
}
