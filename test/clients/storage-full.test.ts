// A full disk as people with helm see it: the message, pulls that go on, and a push that works once there is room.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/ports/clock.ts';
import { ADMIN, startRegistry, type TestRegistry } from '../support/start-registry.ts';
import { StorageFaults } from '../support/storage-faults.ts';
import { describeHelm } from './support/found-clients.ts';

const [name = '', password = ''] = ADMIN.split(':');
const MESSAGE = 'response status code 507: unknown: the registry has no room left for this, and stored nothing of it;';

const faults = new StorageFaults();
let registry: TestRegistry;
let host: string;

beforeAll(async () => {
  registry = await startRegistry({}, systemClock, faults);
  host = `localhost:${new URL(registry.url).port}`;
});
afterEach(async () => {
  faults.space = undefined;
  faults.blobs.clear();
  await readinessIs('ok\n');
});
afterAll(async () => registry?.[Symbol.asyncDispose]());

async function readinessIs(text: string): Promise<void> {
  const ready = async () => await (await registry.request('GET', '/readyz')).text();
  await expect.poll(ready, { timeout: 20_000 }).toBe(text);
}

describeHelm((client) => {
  test('while only the reserve is left, helm push prints why, helm pull works, and a later push does', async () => {
    const helm = await client.fresh();
    const target = `oci://${host}/full-${client.version}`;
    await helm.login(host, { name, password });
    await helm.publish({ name: 'web', version: '1.0.0' }, target);
    const file = await helm.package({ name: 'web', version: '2.0.0' });
    faults.space = { freeBytes: 0, totalBytes: 1e12, freeFiles: undefined };
    await readinessIs('ok\ndegraded: the storage is full, pushes are refused\n');
    expect(await helm.fail('push', file, target)).toContain(MESSAGE);
    expect(await helm.succeed('pull', `${target}/web`, '--version', '1.0.0')).toContain('Digest: sha256:');
    faults.space = undefined;
    await readinessIs('ok\n');
    expect(await helm.succeed('push', file, target)).toContain('Pushed: ');
  });

  test('when there is no room midway, helm push prints the same', async () => {
    const helm = await client.fresh();
    const target = `oci://${host}/midway-${client.version}`;
    await helm.login(host, { name, password });
    const file = await helm.package({ name: 'web', version: '1.0.0' });
    faults.blobs.set('append', 'ENOSPC');
    expect(await helm.fail('push', file, target)).toContain(MESSAGE);
    faults.blobs.clear();
    expect(await helm.succeed('push', file, target)).toContain('Pushed: ');
  });
});
