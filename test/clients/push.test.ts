// Pushing: where a chart may go, and that the first push makes the repository.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWalk } from './support/found-clients.ts';
import { printedDigest } from './support/helm.ts';
import { RegistryCaller } from './support/registry-caller.ts';
import { type Account, ADMINISTRATOR, type ServerProcess, startServer } from './support/server-process.ts';

const CHART = { name: 'task-api-chart', version: '1.0.0' };

describeWalk((client) => {
  let server: ServerProcess;
  let ci: Account;
  let registry: RegistryCaller;

  beforeAll(async () => {
    server = await startServer();
    ci = await server.addAccount('ci', { '/': 'writer' });
    registry = new RegistryCaller(server.host, ci);
  });
  afterAll(async () => server?.stop());

  test('a chart goes to the root of the registry', async () => {
    const helm = await client.loggedIn(server.host, ci);
    const screen = await helm.succeed('push', await helm.package(CHART), `oci://${server.host}/`);
    expect(screen).toContain(`Pushed: ${server.host}/task-api-chart:1.0.0`);
    expect(await registry.tags('task-api-chart')).toEqual(['1.0.0']);
  });

  test('the first push to a namespace creates the repository', async () => {
    const helm = await client.loggedIn(server.host, ci);
    const file = await helm.package(CHART);
    expect(await registry.tags('fresh/task-api-chart')).toBeUndefined();
    const screen = await helm.succeed('push', file, `oci://${server.host}/fresh`);
    expect(screen).toContain(`Pushed: ${server.host}/fresh/task-api-chart:1.0.0`);
    expect(await registry.tags('fresh/task-api-chart')).toEqual(['1.0.0']);
    expect(await new RegistryCaller(server.host, ADMINISTRATOR).catalog()).toContain('fresh/task-api-chart');
  });

  test('a trailing slash makes no difference', async () => {
    const helm = await client.loggedIn(server.host, ci);
    const first = await helm.package(CHART);
    const without = await helm.succeed('push', first, `oci://${server.host}/slash`);
    const withSlash = await helm.succeed('push', first, `oci://${server.host}/slash/`);
    expect(withSlash).toContain(`Pushed: ${server.host}/slash/task-api-chart:1.0.0`);
    expect(printedDigest(withSlash)).toBe(printedDigest(without));
    await helm.succeed('push', await helm.package({ ...CHART, version: '1.1.0' }), `oci://${server.host}/slash/`);
    expect(await registry.tags('slash/task-api-chart')).toEqual(['1.0.0', '1.1.0']);
  });

  test('a chart goes four segments deep', async () => {
    const helm = await client.loggedIn(server.host, ci);
    const target = `oci://${server.host}/company/platform/payments/charts`;
    const screen = await helm.succeed('push', await helm.package(CHART), target);
    expect(screen).toContain(`Pushed: ${server.host}/company/platform/payments/charts/task-api-chart:1.0.0`);
    expect(await registry.tags('company/platform/payments/charts/task-api-chart')).toEqual(['1.0.0']);
  });

  test('the digest that helm prints is the one that the registry serves for the version', async () => {
    const helm = await client.loggedIn(server.host, ci);
    const screen = await helm.succeed('push', await helm.package(CHART), `oci://${server.host}/digest`);
    expect(await registry.digestOf('digest/task-api-chart', '1.0.0')).toBe(printedDigest(screen));
  });

  test('a path that no repository can have is refused with the reason', async () => {
    const helm = await client.loggedIn(server.host, ci);
    const screen = await helm.fail('push', await helm.package(CHART), `oci://${server.host}/Team`);
    expect(screen.toLowerCase()).toContain('invalid');
    expect(await new RegistryCaller(server.host, ADMINISTRATOR).catalog()).not.toContain('Team/task-api-chart');
  });
});
