// Which files this process has open.
import { readdir, readlink } from 'node:fs/promises';

/** Files of a blob that this process has open; only Linux tells. */
export async function openFilesOf(encoded: string): Promise<readonly string[]> {
  if (process.platform !== 'linux') return [];
  const links = (await readdir('/proc/self/fd')).map((entry) => readlink(`/proc/self/fd/${entry}`).catch(() => ''));
  return (await Promise.all(links)).filter((path) => path.endsWith(encoded));
}
