// Starts the server once on an empty folder, and asks it a little, so that what Node compiles for that is kept beside the program.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../src/main.mjs');
const HEALTH_CHECK = join(import.meta.dirname, 'healthcheck.mjs');
/** A build must not hang: milliseconds. */
const TIMEOUT = 120_000;

const folder = await mkdtemp(join(tmpdir(), 'chartroom-compiling-'));
const environment = {
  PATH: process.env.PATH ?? '',
  CHARTROOM_DATA_DIR: join(folder, 'data'),
  CHARTROOM_ADMIN_PASSWORD: 'only while this runs',
};
const credentials = { authorization: `Basic ${btoa(`admin:${environment.CHARTROOM_ADMIN_PASSWORD}`)}` };

try {
  const server = start([MAIN, 'serve', '--port', '0', '--processes', '2'], 'pipe');
  const url = await listening(server);
  for (const path of [
    '/v2/',
    '/token?service=chartroom&scope=repository:a/b:pull',
    '/v2/a/b/manifests/1',
    '/api/v1/whoami',
  ]) {
    // Whatever it answers: there is nothing yet.
    await (await fetch(`${url}${path}`, { headers: credentials })).text();
  }
  await succeed([HEALTH_CHECK], { CHARTROOM_PORT: new URL(url).port });
  await succeed([MAIN, 'user', 'list']);
  server.kill('SIGTERM');
  await ended(server);
} finally {
  await rm(folder, { recursive: true, force: true });
}

function start(words, stdout, more = {}) {
  const env = { ...environment, ...more };
  return spawn(process.execPath, words, {
    env,
    stdio: ['ignore', stdout, 'inherit'],
    timeout: TIMEOUT,
    killSignal: 'SIGKILL',
  });
}

async function succeed(words, more) {
  await ended(start(words, 'ignore', more));
}

async function ended(child) {
  const [code, signal] = await once(child, 'exit');
  if (code !== 0) throw new Error(`"${child.spawnargs.slice(1).join(' ')}" ended with ${code ?? signal}`);
}

/** Its address, once both of its processes are ready. */
async function listening({ stdout }) {
  let log = '';
  for await (const text of stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    log += text;
    const url = /"url":"(http:[^"]+)"/.exec(log)?.[1];
    if (url !== undefined && log.includes('a process for reading is ready')) {
      stdout.resume();
      return url;
    }
  }
  throw new Error(`the server ended instead of listening:\n${log}`);
}
