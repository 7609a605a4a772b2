// The life of a server of two processes: it starts, loses one and gets another one, and ends with all of them.
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { pushArtifact } from '../support/artifacts.ts';
import { runChartroom, serveChartroom, temporaryFolder } from '../support/chartroom-process.ts';
import { ADMIN, openConnection, startTwoProcesses } from '../support/several-processes.ts';

test('a process that dies is told in the log and started again, and the others go on', async () => {
  await using folder = await temporaryFolder();
  await using both = await startTwoProcesses(folder.path);
  process.kill(both.readerPid, 'SIGKILL');
  await expect.poll(() => both.server.stdout(), { timeout: 10_000 }).toContain('"why":"SIGKILL"');
  expect((await both.main.send('GET', '/v2/')).status).toBe(200);
  // Its connections have ended, so a client makes another one.
  using other = await openConnection(both.server);
  expect((await other.send('GET', '/v2/')).status).toBe(200);
  const ready = () => [...both.server.stdout().matchAll(/a process for reading is ready/g)].length;
  await expect.poll(ready, { timeout: 20_000 }).toBe(2);
  using again = await openConnection(both.server);
  const registry = both.main.registry as Parameters<typeof pushArtifact>[0];
  await pushArtifact(registry, 'team/web', 'latest', 'content');
  const token = JSON.parse((await both.main.send('GET', '/token?scope=repository:team/web:pull')).text).token;
  expect((await again.send('GET', '/v2/team/web/tags/list', { as: `Bearer ${token}` })).status).toBe(200);
  await expect.poll(() => both.logged('/v2/team/web/tags/list').length, { timeout: 10_000 }).toBe(1);
  const [line] = both.logged('/v2/team/web/tags/list');
  expect([both.readerPid, both.server.child.pid]).not.toContain(line?.pid);
});

test('no process is left when the main one is killed', async () => {
  await using folder = await temporaryFolder();
  await using both = await startTwoProcesses(folder.path);
  // It resolves when nobody has the output open any more.
  const { signal } = await both.server.stop('SIGKILL');
  expect(signal).toBe('SIGKILL');
  // So the folder can be served again.
  await using next = await serveChartroom({ folder: folder.path }, ['--processes', '2']);
  using connection = await openConnection(next);
  expect((await connection.send('GET', '/readyz', { as: undefined })).status).toBe(200);
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  'after %s, what runs ends in order in each process, then all of them end',
  async (signal) => {
    await using folder = await temporaryFolder();
    await using both = await startTwoProcesses(folder.path);
    const bytes = Buffer.from('that comes slowly');
    const uploads = [];
    // Over a new connection each: one of them is the reader's, which passes it on.
    for (const repository of ['team/one', 'team/other']) {
      const path = `/v2/${repository}/blobs/uploads/?digest=${digestOf(bytes)}`;
      const headers = {
        authorization: ADMIN,
        'content-length': bytes.length,
        'content-type': 'application/octet-stream',
      };
      const upload = request(`${both.server.url}${path}`, { method: 'POST', headers, agent: false });
      const answer = once(upload, 'response');
      upload.write(bytes.subarray(0, 4));
      uploads.push({ upload, answer });
      const running = () =>
        both.main.send('GET', '/metrics').then(({ text }) => /requests_running (\d+)/.exec(text)?.[1]);
      // This request for the metrics is one of them.
      await expect.poll(running, { timeout: 10_000 }).not.toBe('1');
    }
    // A terminal sends it to all.
    process.kill(both.readerPid, signal);
    both.server.child.kill(signal);
    await expect.poll(() => both.server.stdout(), { timeout: 10_000 }).toContain('chartroom is stopping');
    for (const { upload, answer } of uploads) {
      upload.end(bytes.subarray(4));
      const [{ statusCode }] = await answer;
      expect(statusCode).toBe(201);
    }
    const { code, stdout } = await both.server.ended;
    expect(code).toBe(0);
    expect(stdout).toContain('chartroom has stopped');
    expect(stdout).not.toContain('is started again');
  },
);

test('a second server on the same address is refused', async () => {
  await using folder = await temporaryFolder();
  await using other = await temporaryFolder();
  await using server = await serveChartroom({ folder: folder.path }, ['--processes', '2']);
  for (const processes of ['1', '2']) {
    const words = ['serve', '--port', String(server.port), '--processes', processes];
    const { code, stderr } = await runChartroom(words, { folder: other.path });
    expect([code, stderr]).toEqual([1, expect.stringContaining(String(server.port))]);
  }
});

test('a request that comes as early as its connection is answered, whichever process has that', async () => {
  await using folder = await temporaryFolder();
  await using both = await startTwoProcesses(folder.path);
  for (let round = 0; round < 4; round += 1) {
    const socket = connect({ host: '127.0.0.1', port: both.server.port });
    socket.write('GET /v2/team/web/tags/list HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const piece of socket) text += String(piece);
    expect(text).toMatch(/^HTTP\/1.1 401 /);
  }
});
