// Open mode, for a laptop: the walk without any login, and the refusal to be open to the world.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeChart } from './support/chart-source.ts';
import { type ClusterStandIn, startClusterStandIn } from './support/cluster-stand-in.ts';
import { describeWalk } from './support/found-clients.ts';
import { RegistryCaller } from './support/registry-caller.ts';
import { type ServerProcess, startServer } from './support/server-process.ts';

const OPEN = { CHARTROOM_AUTH: 'none' };
const CHART = { name: 'task-api-chart', version: '1.0.0' };

describeWalk((client) => {
  let server: ServerProcess;
  let cluster: ClusterStandIn;

  beforeAll(async () => {
    [server, cluster] = await Promise.all([startServer({ environment: OPEN }), startClusterStandIn()]);
  });
  afterAll(async () => {
    cluster?.stop();
    await server?.stop();
  });

  test('a chart is pushed, pulled, shown, rendered and installed without any login', async () => {
    const helm = await client.fresh();
    await helm.write('kubeconfig.yaml', cluster.kubeconfig);
    const file = await helm.publish(CHART, `oci://${server.host}/team`);
    const reference = [`oci://${server.host}/team/task-api-chart`, '--version', '^1.0.0'];
    const folder = await helm.home.makeFolder('pulled');
    await helm.succeed('pull', ...reference, '--destination', folder);
    expect(await readFile(join(folder, 'task-api-chart-1.0.0.tgz'))).toEqual(await readFile(file));
    expect(await helm.output('show', 'values', ...reference)).toContain('replicas: 1');
    expect(await helm.output('template', 'shop', ...reference)).toContain('name: shop-task-api-chart');
    const dryRun = [...client.clientDryRun, '--disable-openapi-validation'];
    expect(await helm.output('install', 'shop', ...reference, ...dryRun)).toContain('name: shop-task-api-chart');
  });

  test.skipIf(!client.fetchesDependenciesWithoutTls)('dependencies are fetched without any login', async () => {
    const helm = await client.fresh();
    await helm.publish({ name: 'redis', version: '7.4.2' }, `oci://${server.host}/caches`);
    const repository = `oci://${server.host}/caches`;
    const folder = await writeChart(helm.home.folder, {
      name: 'shop',
      version: '1.0.0',
      dependencies: [{ name: 'redis', version: '^7.0.0', repository }],
    });
    await helm.succeed('dependency', 'update', folder);
    expect(await helm.output('template', 'shop', folder)).toContain('chartVersion: "7.4.2"');
  });

  test('a published version never changes here either', async () => {
    const helm = await client.fresh();
    await helm.publish({ ...CHART, name: 'fixed' }, `oci://${server.host}/team`);
    const other = await helm.package({ ...CHART, name: 'fixed', replicas: 2 });
    const screen = await helm.fail('push', other, `oci://${server.host}/team`);
    expect(screen).toContain(client.printed('409 Conflict', 'fixed 1.0.0 is already published in team ('));
  });

  test('credentials that are left over from elsewhere do no harm', async () => {
    const helm = await client.loggedIn(server.host, { name: 'somebody', password: 'something' });
    await helm.publish({ ...CHART, name: 'with-leftovers' }, `oci://${server.host}/team`);
    const answer = await new RegistryCaller(server.host).plain('/v2/team/with-leftovers/tags/list');
    expect(answer.body).toContain('"1.0.0"');
  });
});

test.each(['0.0.0.0', '::'])(
  'the server refuses to be open on %s, in a clear line and with exit code 1',
  async (host) => {
    const start = startServer({ environment: OPEN, flags: ['--host', host] });
    // A server that does start must not outlive the test.
    await start.then(
      async (server) => server.stop(),
      () => {},
    );
    await expect(start).rejects.toThrow(
      /ended with 1 instead of listening[\s\S]*CHARTROOM_AUTH is none[\s\S]*must then be 127\.0\.0\.1/,
    );
  },
);
