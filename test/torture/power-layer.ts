// The layer that forgets what was not synced, ready to be put under a server: compiled where there is a compiler.
import { execFile } from 'node:child_process';
import { access, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type FolderStep, readJournal } from './power-journal.ts';

const SOURCE = join(import.meta.dirname, 'power-layer.c');
const COMPILERS = ['cc', 'gcc', 'clang'];

export interface PowerLayer {
  /** For a server whose data folder is the one that was named, or in it. */
  readonly environment: Readonly<Record<string, string>>;
  /** What has been done to the folder since the last time. */
  takeSteps(): Promise<readonly FolderStep[]>;
}

/**
 * @param folder where the library and its journal go
 * @param watched what it watches: an absolute path without links
 * @returns why there is none, where it cannot be had
 */
export async function buildPowerLayer(folder: string, watched: string): Promise<PowerLayer | string> {
  if (process.platform !== 'linux') return `LD_PRELOAD is for Linux, this is ${process.platform}`;
  const library = join(folder, 'power-layer.so');
  for (const compiler of COMPILERS) {
    const words = ['-shared', '-fPIC', '-O2', '-o', library, SOURCE, '-ldl', '-lpthread'];
    await promisify(execFile)(compiler, words).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    const isBuilt = await access(library).then(
      () => true,
      () => false,
    );
    if (isBuilt) return layerOf(library, join(folder, 'power-journal'), watched);
  }
  return `there is no C compiler (${COMPILERS.join(', ')})`;
}

function layerOf(library: string, journal: string, watched: string): PowerLayer {
  return {
    environment: {
      LD_PRELOAD: library,
      POWER_LAYER_FOLDER: watched,
      POWER_LAYER_JOURNAL: journal,
      // Requests to the kernel through a ring would pass the layer by.
      UV_USE_IO_URING: '0',
    },
    takeSteps: async () => {
      const bytes = await readFile(journal);
      await rm(journal);
      return [...readJournal(bytes)];
    },
  };
}
