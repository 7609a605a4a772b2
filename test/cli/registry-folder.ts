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
  /** The same with --json. Throws when it fails. @returns what it printed, parsed */
  readonly json: <Answer = unknown>(words: string) => Promise<Answer>;
}

/** The user `admin` is there, and nobody else. */
export async function registryFolder(): Promise<RegistryFolder> {
  const folder = await temporaryFolder();
  const defaults = loadConfig({ flags: {}, environment: {} });
  const config = { ...defaults, dataDir: join(folder.path, 'data'), adminPassword: ADMIN_PASSWORD };
  await (await openApp(config, pino({ level: 'silent' })))[Symbol.asyncDispose]();
  const chartroom: RegistryFolder['chartroom'] = (words, input) =>
    runChartroom(words.split(' '), { folder: folder.path, ...(input === undefined ? {} : { input }) });
  return {
    path: folder.path,
    chartroom,
    json: async (words) => {
      const { code, stdout, stderr } = await chartroom(`${words} --json`);
      if (code !== 0 || stderr !== '') throw new Error(`"chartroom ${words} --json" failed:\n${stderr}`);
      return JSON.parse(stdout);
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** What a command leaves that has done what it was asked for. */
export function success(...lines: readonly string[]): Ended {
  return { code: 0, signal: null, stdout: lines.map((line) => `${line}\n`).join(''), stderr: '' };
}

/** What a command leaves that has found nothing to list. */
export const NOTHING_TO_SHOW: Ended = { ...success(), stderr: 'there is nothing to show\n' };

/** What a command leaves that could not: one line that says why. With code 2 it could, and found damage. */
export function failure(line: string, code: 1 | 2 = 1): Ended {
  return { code, signal: null, stdout: '', stderr: `chartroom: ${line}\n` };
}
