// What a registry keeps on its disk, so that a test can say that nothing is left behind.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestRegistry } from '../../support/start-registry.ts';

/** Paths of all files below `uploads` and `blobs`. */
export async function storedFiles(registry: TestRegistry): Promise<readonly string[]> {
  const found = await Promise.all(
    ['uploads', 'blobs'].map(async (folder) => {
      const entries = await readdir(join(registry.dataDir, folder), { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => `${folder}/${entry.name}`);
    }),
  );
  return found.flat().sort();
}
