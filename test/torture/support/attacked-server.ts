// A server in a process of its own, that hostile requests are sent to, and what must hold of it afterwards.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { expect } from 'vitest';
import { exchange, type RawAnswer, type RawRequest, written } from '../../http/support/raw-request.ts';
import { ADMIN_NAME, ADMIN_PASSWORD, basic, serveChartroom, temporaryFolder } from '../../support/chartroom-process.ts';
import { TORTURE_ENVIRONMENT } from '../settings.ts';

/** No answer at all for so long is a hang: milliseconds. */
const PATIENCE = 60_000;
/** File handles and sockets that may come and go by themselves. */
const HANDLES_AT_EASE = 25;
/** What garbage and caches may add to what a warm server has: bytes. */
const MEMORY_AT_EASE = 500 * 1024 * 1024;
const TOP = /^(?:chartroom\.db(?:-wal|-shm)?|token-signing-keys\.json|server\.lock|blobs|damaged|uploads|journal)$/;

export interface AttackedServer extends AsyncDisposable {
  readonly url: string;
  readonly dataDir: string;
  /** As the administrator, unless the headers say otherwise. @throws when there is no answer */
  request(method: string, path: string, options?: RequestInit): Promise<Response>;
  raw(request: RawRequest): Promise<RawAnswer>;
  /** Bytes as they are (latin1); the connection has to be one that the server closes. */
  bytes(text: string): Promise<RawAnswer>;
  /** It lives, serves, holds no more than before, has logged no failure of its own, and stores nothing that is not what it says. */
  expectUnharmed(): Promise<void>;
}

/** Nothing that reaches a server from outside is its own failure, and a request that came too often shows nothing. */
export function expectAnswer(status: number): void {
  expect(status).toBeGreaterThanOrEqual(200);
  expect(status).toBeLessThan(500);
  expect(status).not.toBe(429);
}

export async function startAttackedServer(environment: Readonly<Record<string, string>> = {}): Promise<AttackedServer> {
  const folder = await temporaryFolder();
  const options = { folder: folder.path, environment: { ...TORTURE_ENVIRONMENT, ...environment } };
  const serving = await serveChartroom(options, ['--data-dir', 'data']);
  const dataDir = join(folder.path, 'data');
  const { url, child } = serving;
  const authorization = basic(ADMIN_NAME, ADMIN_PASSWORD);
  const request: AttackedServer['request'] = async (method, path, { headers = {}, ...rest } = {}) =>
    await fetch(`${url}${path}`, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE),
      headers: { ...authorization, ...headers },
      ...rest,
    });
  const bytes = async (text: string): Promise<RawAnswer> => final(await inTime(exchange(url, text)));
  expect((await request('GET', '/v2/')).status).toBe(200);
  const before = await heldBy(child.pid);
  return {
    url,
    dataDir,
    request,
    bytes,
    raw: async (raw) => await bytes(written(raw)),
    expectUnharmed: async () => {
      expect(child.exitCode).toBe(null);
      expect((await request('GET', '/readyz')).status).toBe(200);
      expect((await request('GET', '/api/v1/whoami')).status).toBe(200);
      await expect
        .poll(async () => (await heldBy(child.pid)).handles, { timeout: PATIENCE, interval: 100 })
        .toBeLessThan(before.handles + HANDLES_AT_EASE);
      expect((await heldBy(child.pid)).memory).toBeLessThan(before.memory + MEMORY_AT_EASE);
      expect(
        serving
          .stdout()
          .split('\n')
          .filter((line) => /"level":(?:50|60)/.test(line)),
      ).toEqual([]);
      expect(serving.stderr()).toBe('');
      expect((await readdir(folder.path)).toSorted()).toEqual(['data']);
      expect((await readdir(dataDir)).filter((name) => !TOP.test(name))).toEqual([]);
      expect(await wrongFiles(dataDir)).toEqual([]);
    },
    [Symbol.asyncDispose]: async () => {
      await serving[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** What came behind a 100 (Continue). */
function final(answer: RawAnswer): RawAnswer {
  if (answer.status !== 100) return answer;
  const [head = '', ...body] = answer.body.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = new Headers(
    lines.map((line): [string, string] => {
      const [name = '', value = ''] = line.split(/: (.*)/s);
      return [name, value];
    }),
  );
  return { status: Number(first.split(' ')[1] ?? 0), headers, body: body.join('\r\n\r\n') };
}

async function inTime<Value>(work: Promise<Value>): Promise<Value> {
  const late = AbortSignal.timeout(PATIENCE);
  return await new Promise((resolve, reject) => {
    late.addEventListener('abort', () => reject(new Error('the server neither answers nor closes the connection')));
    work.then(resolve, reject);
  });
}

/** Handles, and bytes of memory; nothing of either where the system does not tell. */
async function heldBy(pid: number | undefined): Promise<{ readonly handles: number; readonly memory: number }> {
  if (!existsSync(`/proc/${pid}/fd`)) return { handles: 0, memory: 0 };
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kibibytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
  return { handles: (await readdir(`/proc/${pid}/fd`)).length, memory: kibibytes * 1024 };
}

/** Files below blobs/ that are not what their names say, anything else than files of uploads below uploads/, and all below damaged/. */
async function wrongFiles(dataDir: string): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const folder of ['blobs', 'uploads', 'damaged']) {
    const entries = await readdir(join(dataDir, folder), { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((each) => !each.isDirectory())) {
      const path = join(entry.parentPath, entry.name);
      const isRight = entry.isFile() && (await mayBeIn(folder, path));
      if (!isRight) wrong.push(relative(dataDir, path));
    }
  }
  return wrong;
}

async function mayBeIn(folder: string, path: string): Promise<boolean> {
  if (folder === 'uploads') return /^[\w-]+$/.test(basename(path));
  if (folder === 'damaged') return false;
  const algorithm = basename(path).length === 128 ? 'sha512' : 'sha256';
  const hash = createHash(algorithm).update(await readFile(path));
  return hash.digest('hex') === basename(path);
}
