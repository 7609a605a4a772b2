// How a server stops: running requests end, new ones are refused, and nothing that was acknowledged is lost.
import { once } from 'node:events';
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import {
  ADMIN_ENVIRONMENT,
  ADMIN_NAME,
  ADMIN_PASSWORD,
  basic,
  type Serving,
  serveChartroom,
  temporaryFolder,
  written,
} from '../support/chartroom-process.ts';

const ADMIN = basic(ADMIN_NAME, ADMIN_PASSWORD);
const BYTES = Buffer.alloc(200_000, 'abcdefg');
const DIGEST = digestOf(BYTES);
const STOPPING = /"msg":"(chartroom is stopping)/;

test('a signal to stop lets a running upload finish, which is then stored', async () => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, environment: ADMIN_ENVIRONMENT };
  await using server = await serveChartroom(options);
  const upload = await beginUpload(server);
  server.child.kill('SIGTERM');
  await written(server, STOPPING);
  expect((await upload.finish()).statusCode).toBe(201);
  const ended = await server.ended;
  expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(ended.stdout).toContain('"msg":"chartroom has stopped"');
  await using again = await serveChartroom(options);
  const answer = await fetch(`${again.url}/v2/web/blobs/${DIGEST}`, { headers: ADMIN });
  expect(Buffer.from(await answer.arrayBuffer()).equals(BYTES)).toBe(true);
});

test('a server that stops takes no new connection and, on one that is open, no new request', async () => {
  await using folder = await temporaryFolder();
  await using server = await serveChartroom({ folder: folder.path, environment: ADMIN_ENVIRONMENT });
  const upload = await beginUpload(server);
  server.child.kill('SIGTERM');
  await written(server, STOPPING);
  await untilRefused(server.port);
  await upload.finish();
  const second = httpRequest(`${server.url}/livez`, { agent: upload.agent });
  second.end();
  const outcome = await once(second, 'response').then(
    ([response]: readonly IncomingMessage[]) => response?.statusCode,
    () => 'no connection',
  );
  expect(outcome).not.toBe(200);
  expect((await server.ended).code).toBe(0);
});

test('a connection that a client keeps open for later does not hold up the stop', async () => {
  await using folder = await temporaryFolder();
  await using server = await serveChartroom({ folder: folder.path, environment: ADMIN_ENVIRONMENT });
  const agent = new Agent({ keepAlive: true });
  const upload = await beginUpload(server, agent);
  await upload.finish();
  const running = await beginUpload(server, new Agent({ keepAlive: true }));
  server.child.kill('SIGTERM');
  await written(server, STOPPING);
  await running.finish();
  const ended = await server.ended;
  expect(ended.code).toBe(0);
  expect(ended.stdout).not.toContain('cut off');
});

test.each<[NodeJS.Signals, NodeJS.Signals]>([
  ['SIGTERM', 'SIGTERM'],
  ['SIGTERM', 'SIGINT'],
  ['SIGINT', 'SIGINT'],
  ['SIGINT', 'SIGTERM'],
])('after %s, a %s stops it at once', async (first, second) => {
  await using folder = await temporaryFolder();
  await using server = await serveChartroom({ folder: folder.path, environment: ADMIN_ENVIRONMENT });
  const upload = await beginUpload(server);
  server.child.kill(first);
  await written(server, STOPPING);
  server.child.kill(second);
  expect(await server.ended).toMatchObject({ code: null, signal: second });
  await expect(upload.finish()).rejects.toThrow();
});

interface RunningUpload {
  readonly agent: Agent;
  readonly finish: () => Promise<IncomingMessage>;
}

/** Sends the first half of a blob, and waits until the server has taken something of it. */
async function beginUpload(server: Serving, agent = new Agent({ keepAlive: true })): Promise<RunningUpload> {
  const started = await fetch(`${server.url}/v2/web/blobs/uploads/`, { method: 'POST', headers: ADMIN });
  const location = `${server.url}${started.headers.get('location')}`;
  const request: ClientRequest = httpRequest(`${location}?digest=${DIGEST}`, {
    method: 'PUT',
    agent,
    headers: { ...ADMIN, 'content-length': BYTES.length, 'content-type': 'application/octet-stream' },
  });
  request.write(BYTES.subarray(0, BYTES.length / 2));
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  answered.catch(() => undefined);
  await untilReceiving(location);
  const finish = async (): Promise<IncomingMessage> => {
    request.end(BYTES.subarray(BYTES.length / 2));
    const [response] = await answered;
    await text(response);
    return response;
  };
  return { agent, finish };
}

/** Tries new connections until one is refused. */
async function untilRefused(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const outcome = await once(socket, 'connect').then(
      () => 'connected',
      (error: NodeJS.ErrnoException) => error.code,
    );
    socket.destroy();
    if (outcome === 'ECONNREFUSED') return;
  }
}

async function untilReceiving(location: string): Promise<void> {
  for (;;) {
    const standing = await fetch(location, { headers: ADMIN });
    await standing.text();
    if (standing.headers.get('range') !== '0-0') return;
  }
}
