// What a crash leaves behind that nobody can use any more is gone after the next start; what can be continued stays.
import { readdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import {
  ADMIN_ENVIRONMENT,
  ADMIN_NAME,
  ADMIN_PASSWORD,
  basic,
  serveChartroom,
  temporaryFolder,
} from '../support/chartroom-process.ts';

const ADMIN = basic(ADMIN_NAME, ADMIN_PASSWORD);

test('of uploads that a crash broke off, the next start keeps those that can be continued, and no others', async () => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, environment: ADMIN_ENVIRONMENT };
  const uploads = join(folder.path, 'data', 'uploads');
  const server = await serveChartroom(options);
  const started = await fetch(`${server.url}/v2/web/blobs/uploads/`, { method: 'POST', headers: ADMIN });
  const location = started.headers.get('location') ?? '';
  await fetch(`${server.url}${location}`, { method: 'PATCH', headers: ADMIN, body: 'abc' });
  const socket = connect(server.port, '127.0.0.1').on('error', () => undefined);
  const target = `/v2/web/blobs/uploads/?digest=${digestOf(Buffer.from('never sent'))}`;
  const head = ['Host: registry.test', `Authorization: ${ADMIN.authorization}`, 'Content-Length: 10'];
  socket.write([`POST ${target} HTTP/1.1`, ...head, '', 'never'].join('\r\n'));
  await vi.waitFor(async () => expect(await readdir(uploads)).toHaveLength(2), 20_000);
  await server.stop('SIGKILL');
  // Not ours, so not touched.
  await writeFile(join(uploads, 'README'), 'a file of the operator');
  await using next = await serveChartroom(options);
  expect(await readdir(uploads)).toEqual([location.split('/').at(-1), 'README'].toSorted());
  const digest = digestOf(Buffer.from('abcdef'));
  const finished = await fetch(`${next.url}${location}?digest=${digest}`, {
    method: 'PUT',
    headers: ADMIN,
    body: 'def',
  });
  expect(finished.status).toBe(201);
  expect(await readdir(uploads)).toEqual(['README']);
});
