// A server that stops: what was begun is answered, what comes later on a kept connection is refused as a registry does.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { expect, test } from 'vitest';
import { openApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { eventually } from './support/eventually.ts';
import { open } from './support/raw-request.ts';

test('closes each connection with its answer, and refuses what begins now with 503 in the OCI form', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'chartroom-test-'));
  const config = { ...loadConfig({ flags: {}, environment: {} }), dataDir, auth: 'none' as const };
  const app = await openApp(config, pino({ level: 'silent' }));
  const url = await app.server.listen({ host: '127.0.0.1', port: 0 });
  const opened = await fetch(`${url}/v2/web/blobs/uploads/`, { method: 'POST' });
  const location = opened.headers.get('location') ?? '';
  const [running, late] = await Promise.all([connection(url), connection(url)]);
  running.write(`PATCH ${location} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nabc`);
  late.write('GET /v2/ HTTP/1.1\r\nHost: localhost\r\n');
  await eventually(async () => (await fetch(`${url}${location}`)).headers.get('range')).toBe('0-2');
  const stopped = app[Symbol.asyncDispose]();
  await eventually(() => app.server.server.listening).toBe(false);
  late.write('\r\n');
  expect(await late.answer()).toMatch(
    /^HTTP\/1\.1 503 [\s\S]*\r\n\r\n\{"errors":\[\{"code":"UNKNOWN","message":"[^"]*stopping/,
  );
  expect(await late.answer()).toMatch(/\r\nconnection: close\r\n/i);
  running.write('def');
  expect(await running.answer()).toMatch(/^HTTP\/1\.1 202 [\s\S]*\r\nrange: 0-5\r\n/i);
  expect(await running.answer()).toMatch(/\r\nconnection: close\r\n/i);
  await stopped;
  await rm(dataDir, { recursive: true });
});

/** A connection that does not ask to be closed; its answer is all that comes until the server closes it. */
async function connection(url: string): Promise<{ write(text: string): void; answer(): Promise<string> }> {
  const socket = await open(url);
  let text = '';
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('close', () => resolve());
  return {
    write: (more) => void socket.write(more),
    answer: async () => {
      await closed;
      return text;
    },
  };
}
