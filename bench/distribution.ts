// The CNCF distribution registry, as its own image configures it, with and without an htpasswd file.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { stringify } from 'yaml';
import { type Server, startServer } from './server.ts';

const VERSION = 'v3.1.2';
const MODULE = `github.com/distribution/distribution/v3/cmd/registry@${VERSION}`;
const CACHE = join(import.meta.dirname, '../.cache/bench');

export const ACCOUNT = { name: 'ann', password: 'the-password-of-ann' };

/** Lines for `ACCOUNT` by the cost of bcrypt, as `htpasswd -nbB -C COST` prints them. 5 is its default, 10 that of Go's bcrypt. */
const HTPASSWD = {
  5: 'ann:$2y$05$bSylWpTyz8LPLNRA2e2NOuyE9sr84Fab0U2z80w1b1754DTGj2dam',
  10: 'ann:$2y$10$6wKIbdfSqqyCk62R/rMyVOgp/a4FZhl5QhkWrMygAyRFTDwKkaaiW',
} as const;

/** On PATH, or made with `go install` in `.cache/`. @throws Error when it is nowhere */
export function findRegistry(): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), CACHE];
  const found = folders.map((folder) => join(folder, 'registry')).find(isExecutable);
  if (found !== undefined) return found;
  mkdirSync(CACHE, { recursive: true });
  const environment = { ...process.env, GOBIN: CACHE };
  const { status } = spawnSync('go', ['install', MODULE], { env: environment, stdio: 'inherit' });
  if (status !== 0) throw new Error(`go install ${MODULE} failed: name a registry with --registry PATH`);
  return join(CACHE, 'registry');
}

/** `v3.1.2` */
export function versionOf(program: string): string {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return / (v\d+\.[\d.]+)/.exec(stdout)?.[1] ?? stdout.trim();
}

/** @param options.cost undefined: everybody may do everything */
export async function startDistribution(
  program: string,
  options: { readonly folder: string; readonly cost?: keyof typeof HTPASSWD },
): Promise<Server> {
  const { folder, cost } = options;
  const name = `distribution-${cost ?? 'open'}`;
  const passwords = join(folder, `${name}.htpasswd`);
  const configPath = join(folder, `${name}.yaml`);
  if (cost !== undefined) await writeFile(passwords, `${HTPASSWD[cost]}\n`);
  const config = {
    version: 0.1,
    log: { fields: { service: 'registry' } },
    storage: { cache: { blobdescriptor: 'inmemory' }, filesystem: { rootdirectory: join(folder, 'distribution') } },
    http: { headers: { 'X-Content-Type-Options': ['nosniff'] } },
    ...(cost === undefined ? {} : { auth: { htpasswd: { realm: 'charts', path: passwords } } }),
  };
  await writeFile(configPath, stringify(config));
  return await startServer((port) => ({
    program,
    words: ['serve', configPath],
    environment: {
      REGISTRY_HTTP_ADDR: `127.0.0.1:${port}`,
      // Nobody here collects traces, and trying to send them would cost time.
      OTEL_TRACES_EXPORTER: 'none',
    },
    logPath: join(folder, `${name}.log`),
  }));
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
