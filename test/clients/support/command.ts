// Runs an outside program to its end, without blocking the server stand-ins that live in the same process.
import { spawn } from 'node:child_process';
import { basename } from 'node:path';

interface CommandOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Written to its standard input. */
  readonly input?: string | undefined;
  readonly timeoutMilliseconds?: number;
}

export interface CommandResult {
  readonly commandLine: string;
  readonly status: number | null;
  readonly stdout: string;
  /** Standard output and standard error as a person sees them on a terminal; their order is not certain. */
  readonly screen: string;
}

const DEFAULT_TIMEOUT_MILLISECONDS = 90_000;

/** @throws Error when the program cannot be started or does not end in time */
export async function runCommand(
  program: string,
  parameters: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const commandLine = [basename(program), ...parameters].join(' ');
  const timeout = options.timeoutMilliseconds ?? DEFAULT_TIMEOUT_MILLISECONDS;
  const child = spawn(program, parameters, { cwd: options.directory, env: options.environment });
  let stdout = '';
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    screen += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
  });
  // A program that ends without reading its input closes the pipe; its exit status tells the story.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    reject(new Error(`"${commandLine}" did not end within ${timeout / 1000} s. It printed:\n${screen}`));
  }, timeout);
  child.once('error', (cause) =>
    reject(new Error(`"${commandLine}" could not be started: ${cause.message}`, { cause })),
  );
  child.once('close', (status) => resolve({ commandLine, status, stdout, screen }));
  return promise.finally(() => clearTimeout(timer));
}

/** @throws Error with the whole screen when the command failed */
export function mustSucceed(result: CommandResult): string {
  if (result.status !== 0) {
    throw new Error(
      `"${result.commandLine}" should succeed but ended with ${result.status}. It printed:\n${result.screen}`,
    );
  }
  return result.screen;
}

/** @throws Error with the whole screen when the command succeeded */
export function mustFail(result: CommandResult): string {
  if (result.status === 0) {
    throw new Error(`"${result.commandLine}" should be refused but succeeded. It printed:\n${result.screen}`);
  }
  return result.screen;
}
