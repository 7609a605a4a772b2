// A folder in which a registry was started once, for commands to work on.
import { join } from 'node:path';
import pino from 'pino';
import { openApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ADMIN_PASSWORD, type Ended, runChartroom, temporaryFolder } from '../support/chartroom-process.ts';

export interface RegistryFolder extends AsyncDisposable {
  readonly path: string;
  /** Runs `chartroom …` in the folder; the words are separated by single spaces. */
  readonly chartroom: (words: string, input?: string) => Promise<Ended>;
}

/** The user `admin` is there, and nobody else. */
export async function registryFolder(): Promise<RegistryFolder> {
  const folder = await temporaryFolder();
  const defaults = loadConfig({ flags: {}, environment: {} });
  const config = { ...defaults, dataDir: join(folder.path, 'data'), adminPassword: ADMIN_PASSWORD };
  await (await openApp(config, pino({ level: 'silent' })))[Symbol.asyncDispose]();
  return {
    path: folder.path,
    chartroom: (words, input) =>
      runChartroom(words.split(' '), { folder: folder.path, ...(input === undefined ? {} : { input }) }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** What a command leaves that has done what it was asked for. */
export function success(...lines: readonly string[]): Ended {
  return { code: 0, signal: null, stdout: lines.map((line) => `${line}\n`).join(''), stderr: '' };
}

/** What a command leaves that could not: one line that says why. */
export function failure(line: string): Ended {
  return { code: 1, signal: null, stdout: '', stderr: `chartroom: ${line}\n` };
}
