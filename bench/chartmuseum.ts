// ChartMuseum on local storage, with its API and an account, as its own documentation starts it.
import { delimiter, join } from 'node:path';
import { isExecutable } from './distribution.ts';
import { type Server, startServer } from './server.ts';

const CACHE = join(import.meta.dirname, '../.cache/bench');

export const CHARTMUSEUM_ACCOUNT = { name: 'ann', password: 'the-password-of-ann' };

/** On PATH or in `.cache/bench/`. @throws Error when it is nowhere */
export function findChartMuseum(): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), CACHE];
  const found = folders.map((folder) => join(folder, 'chartmuseum')).find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    'there is no chartmuseum on PATH: clone github.com/helm/chartmuseum, run "go build ./cmd/chartmuseum", and name it with --chartmuseum PATH',
  );
}

export async function startChartMuseum(program: string, folder: string): Promise<Server> {
  const { name, password } = CHARTMUSEUM_ACCOUNT;
  return await startServer((port) => ({
    program,
    words: [`--port=${port}`, '--storage=local', `--storage-local-rootdir=${join(folder, 'chartmuseum')}`],
    environment: { BASIC_AUTH_USER: name, BASIC_AUTH_PASS: password, DISABLE_METRICS: 'true' },
    logPath: join(folder, 'chartmuseum.log'),
  }));
}
