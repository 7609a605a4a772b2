// The real server as an operator runs it: a process of its own, an empty data folder, and the command line beside it.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type CommandResult, mustSucceed, runCommand } from './command.ts';
import { scratchFolder } from './scratch-folder.ts';

const CHECKOUT = join(import.meta.dirname, '../../..');
const MAIN = join(CHECKOUT, 'src/main.mjs');
const START_TIMEOUT_MILLISECONDS = 60_000;

export interface Account {
  readonly name: string;
  readonly password: string;
}

interface ServerOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
}

export const ADMINISTRATOR: Account = { name: 'admin', password: 'administrators-own-password' };

export class ServerProcess {
  /** `localhost:PORT`, as clients name it. */
  readonly host: string;
  readonly #child: ChildProcess;
  readonly dataFolder: string;
  readonly #log: readonly string[];

  constructor(child: ChildProcess, started: { port: string; dataFolder: string; log: readonly string[] }) {
    this.host = `localhost:${started.port}`;
    this.#child = child;
    this.dataFolder = started.dataFolder;
    this.#log = started.log;
  }

  /** Everything that the server has logged so far. */
  get log(): string {
    return this.#log.join('\n');
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** `chartroom …` on the data folder of the running server. */
  async chartroom(parameters: readonly string[], input?: string): Promise<CommandResult> {
    return runCommand(process.execPath, [MAIN, ...parameters, '--data-dir', this.dataFolder], {
      environment: { PATH: process.env.PATH ?? '' },
      directory: CHECKOUT,
      input,
    });
  }

  /** `chartroom …`, which must succeed. @returns what it printed */
  async manage(...parameters: readonly string[]): Promise<string> {
    return mustSucceed(await this.chartroom(parameters));
  }

  /** @param roles by path, like `{ team: 'writer' }`; `/` is the root */
  async addAccount(
    name: string,
    roles: Readonly<Record<string, 'reader' | 'writer' | 'maintainer'>>,
  ): Promise<Account> {
    const account = { name, password: `the-password-of-${name}` };
    mustSucceed(await this.chartroom(['user', 'add', name, '--password-stdin'], `${account.password}\n`));
    for (const [path, role] of Object.entries(roles)) await this.manage('grant', 'add', name, role, path);
    return account;
  }

  /** Stops it as a service manager does. @returns the exit code */
  async stop(): Promise<number | null> {
    if (!this.isRunning) return this.#child.exitCode;
    const { promise, resolve } = Promise.withResolvers<number | null>();
    this.#child.once('exit', resolve);
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    return promise.finally(() => clearTimeout(timer));
  }
}

/** Starts a server with authentication on, unless the environment says otherwise. */
export async function startServer(options: ServerOptions = {}): Promise<ServerProcess> {
  const dataFolder = join(await scratchFolder('data'), 'data');
  const parameters = [MAIN, 'serve', '--port', '0', '--data-dir', dataFolder, ...(options.flags ?? [])];
  const environment = {
    PATH: process.env.PATH ?? '',
    CHARTROOM_ADMIN_PASSWORD: ADMINISTRATOR.password,
    ...options.environment,
  };
  const child = spawn(process.execPath, parameters, {
    cwd: CHECKOUT,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      log.push(line);
      const port = listeningPort(line);
      if (port !== undefined) resolve(port);
    });
  }
  const fail = (what: string) => reject(new Error(`the server ${what}. It printed:\n${log.join('\n')}`));
  const timer = setTimeout(() => fail('did not start listening in time'), START_TIMEOUT_MILLISECONDS);
  child.once('close', (status) => fail(`ended with ${status} instead of listening`));
  try {
    return new ServerProcess(child, { port: await promise, dataFolder, log });
  } catch (cause) {
    child.kill('SIGKILL');
    throw cause;
  } finally {
    clearTimeout(timer);
  }
}

function listeningPort(line: string): string | undefined {
  if (!line.includes('"chartroom is listening"')) return undefined;
  const entry: unknown = JSON.parse(line);
  if (typeof entry !== 'object' || entry === null || !('url' in entry)) return undefined;
  return new URL(String(entry.url)).port;
}
