// A folder in memory where that can be had, so that a sync costs nothing: what is tried here, no real disk decides.
import { mkdtemp, realpath, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TemporaryFolder } from '../support/chartroom-process.ts';

const MEMORY = '/dev/shm';
/** Containers mostly have 64 MiB there: bytes. */
const ENOUGH = 2 * 1024 ** 3;

/** The path has no links in it. */
export async function memoryFolder(): Promise<TemporaryFolder> {
  const isEnough = await statfs(MEMORY).then(
    ({ bavail, bsize }) => bavail * bsize >= ENOUGH,
    () => false,
  );
  const path = await realpath(await mkdtemp(join(isEnough ? MEMORY : tmpdir(), 'chartroom-torture-')));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
