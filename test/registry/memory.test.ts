// A large upload takes no more memory than a small one: bytes pass through, they are not gathered.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import {
  ADMIN_ENVIRONMENT,
  ADMIN_NAME,
  ADMIN_PASSWORD,
  basic,
  type Serving,
  serveChartroom,
  temporaryFolder,
} from '../support/chartroom-process.ts';

const MIB = 1024 * 1024;
const ADMIN = basic(ADMIN_NAME, ADMIN_PASSWORD);
const CHUNK = Buffer.alloc(MIB, 'not the same in every mebibyte, since its number stands at the beginning ');

test('pushing and pulling 512 MiB takes hardly more memory than 16 MiB', async () => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, environment: ADMIN_ENVIRONMENT };
  const report = join(import.meta.dirname, 'report-memory.mjs');
  await using server = await serveChartroom(options, [], ['--import', report]);
  await pushAndPull(server, 16);
  const small = await mostMemory(server);
  await pushAndPull(server, 512);
  const large = await mostMemory(server);
  expect(small).toBeGreaterThan(16 * MIB);
  expect((large - small) / MIB).toBeLessThan(150);
}, 60_000);

/** Bytes that the process has had at the most since it began. */
async function mostMemory({ child }: Serving): Promise<number> {
  const answered = once(child, 'message');
  child.send('report');
  const [bytes] = (await answered) as [number];
  return bytes;
}

async function pushAndPull(server: Serving, mebibytes: number): Promise<void> {
  const hash = createHash('sha256');
  for (const chunk of generated(mebibytes)) hash.update(chunk);
  const digest = `sha256:${hash.digest('hex')}`;
  const pushed = await fetch(`${server.url}/v2/large/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    headers: { ...ADMIN, 'content-type': 'application/octet-stream' },
    body: Readable.toWeb(Readable.from(generated(mebibytes), { objectMode: false })),
    duplex: 'half',
  } as RequestInit);
  expect(pushed.status).toBe(201);
  const pulled = await fetch(`${server.url}/v2/large/blobs/${digest}`, { headers: ADMIN });
  let bytes = 0;
  for await (const chunk of pulled.body ?? []) bytes += chunk.length;
  expect(bytes).toBe(mebibytes * MIB);
}

function* generated(mebibytes: number): Iterable<Buffer> {
  for (let number = 0; number < mebibytes; number += 1) {
    const chunk = Buffer.from(CHUNK);
    chunk.writeUInt32BE(number);
    yield chunk;
  }
}
