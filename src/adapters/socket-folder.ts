// A folder for the sockets over which the processes of a server talk: nobody else may enter it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StorageUnusable } from '../ports/storage-unusable.ts';

/** Of a socket's path, macOS takes 103 bytes, Linux 107; its name has 20 at the most. */
const MAXIMUM_LENGTH = 80;

interface SocketFolder extends AsyncDisposable {
  readonly path: string;
}

/**
 * In the folder for temporary files, or, where that cannot be written to, in the data folder.
 * @throws StorageUnusable when neither will do
 */
export async function makeSocketFolder(dataDir: string): Promise<SocketFolder> {
  for (const parent of [tmpdir(), dataDir]) {
    // What mkdtemp makes is for this user alone.
    const path = await mkdtemp(join(parent, 'chartroom-')).catch(() => undefined);
    if (path === undefined) continue;
    const remove = () => rm(path, { recursive: true, force: true });
    if (Buffer.byteLength(path) <= MAXIMUM_LENGTH) return { path, [Symbol.asyncDispose]: remove };
    await remove();
  }
  throw new StorageUnusable(
    `with more than one process, the folder ${tmpdir()} must be one with a short path to which this user may write: set TMPDIR to such a folder, or "processes: 1"`,
  );
}
