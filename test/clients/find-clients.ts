// Finds or installs the programs of the real-client suite before its first test, and says what is missing and why.
//
// A program is looked for in `.cache/clients/`, then on PATH (where its version must be exactly the wanted one), and is
// otherwise installed: with `go install` into `.cache/clients/`, or with apt-get when root. `CLIENTS=all npm run test:clients`
// also runs the walks with helm 3.12, 3.14 and 3.17. What is missing skips its tests; with CI=true a missing helm fails.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type Client, clientsToFind, type DebianSource, type GoSource } from './client-list.ts';

const CACHE = join(import.meta.dirname, '../../.cache/clients');
const INSTALL_TIMEOUT_MILLISECONDS = 20 * 60_000;

interface FoundClient {
  readonly name: string;
  /** Undefined when it could be neither found nor installed. */
  readonly path: string | undefined;
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly clients: readonly FoundClient[];
    /** A folder for everything the tests write; removed at the end. */
    readonly scratch: string;
  }
}

/** Vitest runs this once, before all test files; what it returns runs after them. */
export function setup(project: TestProject): () => void {
  const missing: string[] = [];
  const found = clientsToFind(process.env).map((client): FoundClient => {
    const result = find(client);
    if ('path' in result) {
      console.log(`client: ${client.name} is ${result.path}`);
      return { name: client.name, path: result.path };
    }
    missing.push(`SKIPPED: ${client.name} could be neither found nor installed: ${result.reason}`);
    return { name: client.name, path: undefined };
  });
  report(missing);
  if (process.env.CI === 'true' && found.some(({ name, path }) => name.startsWith('helm-') && path === undefined)) {
    throw new Error('helm is missing, and with CI=true a skipped walk must not look like a passed one');
  }
  const scratch = mkdtempSync(join(tmpdir(), 'chartroom-clients-'));
  project.provide('clients', found);
  project.provide('scratch', scratch);
  return () => {
    rmSync(scratch, { recursive: true, force: true });
    report(missing);
  };
}

function report(lines: readonly string[]): void {
  for (const line of lines) console.error(line);
}

type Finding = { readonly path: string } | { readonly reason: string };

function find(client: Client): Finding {
  const cached = join(CACHE, client.name);
  if (isExecutable(cached)) return { path: cached };
  const onPath = findOnPath(client);
  if (onPath !== undefined) return { path: onPath };
  return client.source.kind === 'go' ? installWithGo(client.source, cached) : installWithApt(client, client.source);
}

function findOnPath(client: Client): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), client.folder ?? ''];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, client.program))
    .find((path) => isExecutable(path) && hasVersion(path, client));
}

function hasVersion(path: string, client: Client): boolean {
  if (client.version === undefined) return true;
  const { stdout } = spawnSync(path, client.versionArguments, { encoding: 'utf8', timeout: 30_000 });
  return stdout.split(/[\s+]/).some((word) => word === client.version || word === `v${client.version}`);
}

function installWithGo(source: GoSource, target: string): Finding {
  if (!canRun('go', ['version'])) return missingBecause('go is not on PATH', source);
  console.log(`client: installing ${basename(target)} with go install ${source.module}`);
  mkdirSync(CACHE, { recursive: true });
  // Built beside its place and renamed into it, so that a run that is stopped or runs twice leaves no half-written program.
  const building = mkdtempSync(join(CACHE, '.building-'));
  try {
    const failure = run('go', ['install', '-trimpath', source.module], { GOBIN: building });
    if (failure !== undefined) {
      // Go repeats the module before every part of its reason.
      const reason = failure.replaceAll(`${source.module}: `, '');
      return missingBecause(`go install ${source.module}: ${reason}`, source);
    }
    const [program] = readdirSync(building);
    if (program === undefined) return missingBecause(`go install ${source.module} wrote nothing`, source);
    renameSync(join(building, program), target);
    return { path: target };
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

function missingBecause(reason: string, source: GoSource): Finding {
  return { reason: source.byHand === undefined ? reason : `${reason}; ${source.byHand}` };
}

function installWithApt(client: Client, source: DebianSource): Finding {
  if (process.getuid?.() !== 0) return { reason: `not on PATH, and only root can apt-get install ${source.package}` };
  if (!canRun('apt-get', ['--version'])) return { reason: 'not on PATH, and there is no apt-get to install it with' };
  console.log(`client: installing ${client.name} with apt-get install ${source.package}`);
  const install = ['install', '-y', '--no-install-recommends', source.package];
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  if (source.answers !== undefined) {
    const unanswered = run('debconf-set-selections', [], environment, source.answers);
    if (unanswered !== undefined) return { reason: `debconf-set-selections for ${source.package}: ${unanswered}` };
  }
  // The package lists of a fresh machine are often empty or old; bringing them up to date is only needed then.
  let failure = run('apt-get', install, environment);
  if (failure !== undefined) failure = run('apt-get', ['update'], environment) ?? run('apt-get', install, environment);
  const path = findOnPath(client);
  return path === undefined ? { reason: `apt-get install ${source.package}: ${failure}` } : { path };
}

function canRun(program: string, parameters: readonly string[]): boolean {
  return spawnSync(program, parameters, { stdio: 'ignore' }).status === 0;
}

/** @returns undefined when it succeeded, otherwise why not */
function run(
  program: string,
  parameters: readonly string[],
  environment: Record<string, string>,
  input = '',
): string | undefined {
  const result = spawnSync(program, parameters, {
    input,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    timeout: INSTALL_TIMEOUT_MILLISECONDS,
  });
  if (result.status === 0) return undefined;
  return result.error?.message ?? result.stderr.trim().split('\n').slice(-3).join(' ');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
