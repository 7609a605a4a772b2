// Reading a chart straight from the registry: every command, with every way to say which version.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClusterStandIn, startClusterStandIn } from './support/cluster-stand-in.ts';
import { describeWalk } from './support/found-clients.ts';
import { type Helm, printedDigest } from './support/helm.ts';
import { type Account, type ServerProcess, startServer } from './support/server-process.ts';

interface Spelling {
  readonly says: string;
  /** Behind `oci://…/task-api-chart`, with the digest of the chart filled in. */
  readonly suffix: (digest: string) => string;
  readonly flags: readonly string[];
}

const none = () => '';
const SPELLINGS: readonly Spelling[] = [
  { says: ':1.0.0', suffix: () => ':1.0.0', flags: [] },
  { says: '--version 1.0.0', suffix: none, flags: ['--version', '1.0.0'] },
  { says: '--version ^1.0.0', suffix: none, flags: ['--version', '^1.0.0'] },
  { says: '--version 1.x', suffix: none, flags: ['--version', '1.x'] },
  { says: 'no version', suffix: none, flags: [] },
  { says: '@sha256:…', suffix: (digest) => `@${digest}`, flags: [] },
  { says: ':1.0.0@sha256:…', suffix: (digest) => `:1.0.0@${digest}`, flags: [] },
];

describeWalk((client) => {
  let server: ServerProcess;
  let cluster: ClusterStandIn;
  let helm: Helm;
  let pushed: Buffer;
  let digest: string;

  beforeAll(async () => {
    [server, cluster] = await Promise.all([startServer(), startClusterStandIn()]);
    const ci: Account = await server.addAccount('ci', { team: 'writer' });
    helm = await client.loggedIn(server.host, ci);
    await helm.write('kubeconfig.yaml', cluster.kubeconfig);
    const target = `oci://${server.host}/team`;
    const file = await helm.package({ name: 'task-api-chart', version: '1.0.0', replicas: 3 });
    pushed = await readFile(file);
    digest = printedDigest(await helm.succeed('push', file, target));
    // An older version, and a newer one that is not stable: neither is what a person means who names none.
    await helm.publish({ name: 'task-api-chart', version: '0.9.0', replicas: 9 }, target);
    await helm.publish({ name: 'task-api-chart', version: '2.0.0-rc.1', replicas: 2 }, target);
  });
  afterAll(async () => {
    cluster?.stop();
    await server?.stop();
  });

  const spellings = SPELLINGS.filter(({ suffix }) => client.readsVersionInReference || suffix === none);

  describe.each(spellings)('by $says', ({ suffix, flags }) => {
    const reference = () => [`oci://${server.host}/team/task-api-chart${suffix(digest)}`, ...flags];

    test('helm pull writes the pushed file, byte for byte', async () => {
      const folder = await helm.home.makeFolder('pulled');
      const screen = await helm.succeed('pull', ...reference(), '--destination', folder);
      expect(printedDigest(screen)).toBe(digest);
      const files = await readdir(folder);
      expect(files).toHaveLength(1);
      // By digest, helm names the file after the digest.
      if (!reference().join().includes('@')) expect(files).toEqual(['task-api-chart-1.0.0.tgz']);
      expect(await readFile(join(folder, files[0] ?? ''))).toEqual(pushed);
    });

    test('helm show chart prints the metadata', async () => {
      const output = await helm.output('show', 'chart', ...reference());
      expect(output).toContain('name: task-api-chart');
      expect(output).toContain('version: 1.0.0');
    });

    test('helm show values prints the values', async () => {
      expect(await helm.output('show', 'values', ...reference())).toContain('replicas: 3');
    });

    test('helm show readme prints the readme', async () => {
      const output = await helm.output('show', 'readme', ...reference());
      expect(output).toContain('Read me before installing task-api-chart.');
    });

    test('helm show all prints metadata, values and readme', async () => {
      const output = await helm.output('show', 'all', ...reference());
      expect(output).toContain('version: 1.0.0');
      expect(output).toContain('replicas: 3');
      expect(output).toContain('Read me before installing task-api-chart.');
    });

    test('helm template renders the chart', async () => {
      const output = await helm.output('template', 'shop', ...reference());
      expect(output).toContain('name: shop-task-api-chart');
      expect(output).toContain('chartVersion: "1.0.0"');
      expect(output).toContain('replicas: "3"');
    });

    test('helm install --dry-run=client shows what it would install', async () => {
      // The stand-in for a cluster has no schemas to validate with, and no chart needs that here.
      const dryRun = [...client.clientDryRun, '--disable-openapi-validation'];
      const output = await helm.output('install', 'shop', ...reference(), ...dryRun);
      expect(output).toContain('name: shop-task-api-chart');
      expect(output).toContain('chartVersion: "1.0.0"');
    });
  });

  test('a version that does not exist is not found, and helm says which', async () => {
    const screen = await helm.fail('pull', `oci://${server.host}/team/task-api-chart`, '--version', '7.7.7');
    expect(screen).toContain('7.7.7');
    expect(screen).toContain('not found');
  });

  test('a chart that does not exist is not found, and helm says which', async () => {
    const screen = await helm.fail('pull', `oci://${server.host}/team/no-such-chart`);
    expect(screen).toContain('team/no-such-chart');
    expect(screen.toLowerCase()).toMatch(/not found|not known|no repository|name unknown/);
  });
});
