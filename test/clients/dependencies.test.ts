// Charts that depend on charts in the registry, by range, from two namespaces, one of them with a thousand versions.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chartArchive } from './support/chart-archive.ts';
import { type ChartSource, writeChart } from './support/chart-source.ts';
import { describeWalk } from './support/found-clients.ts';
import { RegistryCaller } from './support/registry-caller.ts';
import { type Account, ADMINISTRATOR, type ServerProcess, startServer } from './support/server-process.ts';

/** 1,000 versions: 1.0.0 to 20.49.0. */
const VERSIONS = Array.from({ length: 1000 }, (_, index) => `${1 + Math.floor(index / 50)}.${index % 50}.0`);
const PUSHES_AT_ONCE = 8;

async function pushAllVersions(registry: RegistryCaller, repository: string): Promise<void> {
  const waiting = [...VERSIONS];
  const push = async () => {
    for (let version = waiting.pop(); version !== undefined; version = waiting.pop()) {
      await registry.pushChart(repository, version, await chartArchive({ name: 'postgresql', version }));
    }
  };
  await Promise.all(Array.from({ length: PUSHES_AT_ONCE }, push));
}

let server: ServerProcess;
let developer: Account;
let registry: RegistryCaller;

beforeAll(async () => {
  server = await startServer();
  developer = await server.addAccount('developer', { databases: 'reader', caches: 'reader' });
  registry = new RegistryCaller(server.host, ADMINISTRATOR);
  await pushAllVersions(registry, 'databases/postgresql');
  for (const version of ['7.0.0', '7.4.2', '8.0.0']) {
    await registry.pushChart('caches/redis', version, await chartArchive({ name: 'redis', version }));
  }
});
afterAll(async () => server?.stop());

function shop(postgresql: string): ChartSource {
  return {
    name: 'shop',
    version: '1.0.0',
    dependencies: [
      { name: 'postgresql', version: postgresql, repository: `oci://${server.host}/databases` },
      { name: 'redis', version: '^7.0.0', repository: `oci://${server.host}/caches` },
    ],
  };
}

test('the tags of a thousand versions come in pages that are complete and in order', async () => {
  const pages = await registry.tagPages('databases/postgresql', 300);
  expect(pages.map((page) => page.length)).toEqual([300, 300, 300, 100]);
  expect(pages.flat()).toEqual([...VERSIONS].sort());
});

describeWalk((client) => {
  test.skipIf(!client.fetchesDependenciesWithoutTls)(
    'helm dependency update takes the newest version that each range allows, out of two namespaces',
    async () => {
      const helm = await client.loggedIn(server.host, developer);
      const folder = await writeChart(helm.home.folder, shop('12.x'));
      await helm.succeed('dependency', 'update', folder);
      expect(await readdir(join(folder, 'charts'))).toEqual(['postgresql-12.49.0.tgz', 'redis-7.4.2.tgz']);
      const rendered = await helm.output('template', 'shop', folder);
      expect(rendered).toContain('name: shop-postgresql');
      expect(rendered).toContain('chartVersion: "12.49.0"');
      expect(rendered).toContain('chartVersion: "7.4.2"');
    },
  );

  test.skipIf(!client.fetchesDependenciesWithoutTls)(
    'helm dependency build fetches again what the lock file names',
    async () => {
      const helm = await client.loggedIn(server.host, developer);
      const folder = await writeChart(helm.home.folder, shop('12.x'));
      await helm.succeed('dependency', 'update', folder);
      await rm(join(folder, 'charts'), { recursive: true });
      await helm.succeed('dependency', 'build', folder);
      expect(await readdir(join(folder, 'charts'))).toEqual(['postgresql-12.49.0.tgz', 'redis-7.4.2.tgz']);
    },
  );

  test.skipIf(!client.fetchesDependenciesWithoutTls)(
    'a range that no version satisfies is refused by helm with the name of the dependency',
    async () => {
      const helm = await client.loggedIn(server.host, developer);
      const folder = await writeChart(helm.home.folder, shop('99.x'));
      const screen = await helm.fail('dependency', 'update', folder);
      expect(screen).toContain('postgresql');
    },
  );

  test('without a version, the newest of a thousand is found', async () => {
    const helm = await client.loggedIn(server.host, developer);
    const output = await helm.output('show', 'chart', `oci://${server.host}/databases/postgresql`);
    expect(output).toContain('version: 20.49.0');
  });
});
