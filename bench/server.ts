// A registry as a process of its own, on a free port of loopback, with its log in a file.
import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const START_DEADLINE = 30_000;
const POLL_INTERVAL = 50;
/** Of `/proc/PID/stat` (proc_pid_stat(5)): per second, on every Linux. */
const TICKS = 100;

interface ServerCommand {
  readonly program: string;
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly logPath: string;
}

export interface Server extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** What the process has used of all processors since it started: seconds. Undefined where there is no /proc. */
  processorTime(): Promise<number | undefined>;
  /** What the process has in memory: bytes. Undefined where there is no /proc. */
  memory(): Promise<number | undefined>;
}

/** Resolves when `/v2/` is answered, be it with 401. @throws Error when the process ends instead */
export async function startServer(commandFor: (port: number) => ServerCommand): Promise<Server> {
  const port = await freePort();
  const { program, words, environment, logPath } = commandFor(port);
  const log = await open(logPath, 'w');
  const child = spawn(program, words, {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...environment },
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
  const killed = (): boolean => child.kill('SIGKILL');
  process.once('exit', killed);
  const url = `http://127.0.0.1:${port}`;
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  for (let waited = 0; !(await answers(url)); waited += POLL_INTERVAL) {
    if (hasEnded || waited > START_DEADLINE) {
      killed();
      throw new Error(`${program} does not answer. It printed:\n${await readFile(logPath, 'utf8')}`);
    }
    await wait(POLL_INTERVAL);
  }
  return {
    url,
    processorTime: () => processorTimeOf(child.pid),
    memory: () => memoryOf(child.pid),
    [Symbol.asyncDispose]: async () => {
      process.off('exit', killed);
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  return await fetch(`${url}/v2/`).then(
    () => true,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  server.close();
  if (typeof address !== 'object' || address === null) throw new Error('there is no free port');
  return address.port;
}

async function processorTimeOf(pid: number | undefined): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // Behind the program's name, which may have spaces: the third field and those after it.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields && (Number(fields[11]) + Number(fields[12])) / TICKS;
}

async function memoryOf(pid: number | undefined): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(text) ?? [];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}
