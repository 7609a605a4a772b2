// Health: open to everybody, and true.
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { errorOf } from '../support/artifacts.ts';
import { startRegistry } from '../support/start-registry.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

test.each(['/livez', '/readyz'])('%s is ok for everybody, with any credential or none', async (path) => {
  for (const as of [undefined, 'admin:wrong-password', 'Bearer nonsense']) {
    const answer = await registry.request('GET', path, { as });
    expect([answer.status, await answer.text()]).toEqual([200, 'ok\n']);
    expect(answer.headers.get('www-authenticate')).toBe(null);
  }
});

test.each(['/livez', '/readyz', '/'])('%s answers HEAD, as wget --spider asks', async (path) => {
  const answer = await registry.request('HEAD', path, { as: undefined });
  expect([answer.status, await answer.text()]).toEqual([200, '']);
});

test('while blobs cannot be stored, the registry is alive and not ready, and says no more than that', async () => {
  const [folder, aside] = [join(registry.dataDir, 'uploads'), join(registry.dataDir, 'aside')];
  await rename(folder, aside);
  const ready = await registry.request('GET', '/readyz', { as: undefined });
  expect(ready.status).toBe(503);
  const { message } = await errorOf(ready);
  expect(message).toBe('the database or the blob store cannot be used; the log says why');
  expect((await registry.request('GET', '/livez', { as: undefined })).status).toBe(200);
  await rename(aside, folder);
  expect((await registry.request('GET', '/readyz', { as: undefined })).status).toBe(200);
});

test('a request that fails for a reason of ours is 500, names its id in the log, and does not tell the reason', async () => {
  const [folder, aside] = [join(registry.dataDir, 'uploads'), join(registry.dataDir, 'aside')];
  await rename(folder, aside);
  const post = () =>
    registry.request('POST', `/v2/team/web/blobs/uploads/?digest=${digestOf(Buffer.from('abc'))}`, { body: 'abc' });
  const answer = await post();
  await rename(aside, folder);
  expect(answer.status).toBe(500);
  const { code, message } = await errorOf(answer);
  expect(code).toBe('UNKNOWN');
  expect(message).toContain(`its log says why under request id ${answer.headers.get('x-request-id')}`);
  expect(message).not.toContain(registry.dataDir);
  expect((await post()).status).toBe(201);
});
