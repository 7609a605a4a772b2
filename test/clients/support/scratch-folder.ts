// Folders that tests write into, all inside one that is removed when the run ends.
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';

export async function scratchFolder(purpose: string): Promise<string> {
  return mkdtemp(join(inject('scratch'), `${purpose}-`));
}
