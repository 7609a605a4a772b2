// The program as an operator runs it: `node src/main.mjs …` as a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../../src/main.mjs');

/** The administrator of servers that are started with `ADMIN_ENVIRONMENT`. */
export const ADMIN_NAME = 'admin';
export const ADMIN_PASSWORD = 'administrator-password';
export const ADMIN_ENVIRONMENT = { CHARTROOM_ADMIN_PASSWORD: ADMIN_PASSWORD };

/** Without it, each of many hundred processes would compile the same files again. */
const COMPILE_CACHE = join(import.meta.dirname, '../../node_modules/.cache/compiled');

export interface ProcessOptions {
  /** Where the process runs, and where `./data` is. */
  readonly folder: string;
  /** `CHARTROOM_…` and others; of this process's own environment only what programs need to start. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What it reads from standard input. */
  readonly input?: string;
}

/** How a process ended, and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that may be running still. */
interface Running {
  readonly child: ChildProcess;
  /** What it wrote so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<Ended>;
}

export interface Serving extends Running, AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<Ended>;
}

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

const running = new Set<ChildProcess>();
// A test that fails must leave none behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'chartroom-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export function startChartroom(
  words: readonly string[],
  options: ProcessOptions,
  nodeFlags: readonly string[] = [],
): Running {
  const child = spawn(process.execPath, [...nodeFlags, MAIN, ...words], {
    cwd: options.folder,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: options.folder,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      ...options.environment,
    },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', 'ipc'],
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  child.stdin?.on('error', () => undefined).end(options.input);
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}

export async function runChartroom(words: readonly string[], options: ProcessOptions): Promise<Ended> {
  return await startChartroom(words, options).ended;
}

/** Starts `chartroom serve` on a free port and waits until it listens. Throws when it ends instead. */
export async function serveChartroom(
  options: ProcessOptions,
  flags: readonly string[] = [],
  nodeFlags: readonly string[] = [],
): Promise<Serving> {
  const started = startChartroom(['serve', '--port', '0', ...flags], options, nodeFlags);
  const { child, ended } = started;
  const url = await Promise.race([written(started, /"url":"(http:[^"]+)"/), ended.then(() => undefined)]);
  if (url === undefined)
    throw new Error(`the server ended instead of listening:\n${JSON.stringify(await ended, null, 1)}`);
  const stop = async (signal: NodeJS.Signals): Promise<Ended> => {
    child.kill(signal);
    return await ended;
  };
  const dispose = async (): Promise<void> => {
    await stop('SIGKILL');
  };
  return { ...started, url, port: Number(new URL(url).port), stop, [Symbol.asyncDispose]: dispose };
}

/** Waits until the process has written something to standard output; gives the first group. Never resolves otherwise. */
export async function written({ child, stdout }: Running, pattern: RegExp): Promise<string> {
  const find = (): string | undefined => pattern.exec(stdout())?.[1];
  return (
    find() ??
    (await new Promise((resolve) => {
      child.stdout?.on('data', () => {
        const found = find();
        if (found !== undefined) resolve(found);
      });
    }))
  );
}

/** `Authorization: Basic` */
export function basic(name: string, password: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` };
}
