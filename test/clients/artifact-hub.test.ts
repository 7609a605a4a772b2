// Artifact Hub's two ways to learn who owns a chart: the artifact that oras pushes, and the file beside the index.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { chartArchive } from './support/chart-archive.ts';
import { ClientHome } from './support/client-home.ts';
import { clientPath, describeHelm, requireClient } from './support/found-clients.ts';
import { RegistryCaller } from './support/registry-caller.ts';
import { type Account, ADMINISTRATOR, type ServerProcess, startServer } from './support/server-process.ts';

let server: ServerProcess;
let ci: Account;

beforeAll(async () => {
  server = await startServer({ environment: { CHARTROOM_FIXED_TAGS: '*' } });
  ci = await server.addAccount('ci', { team: 'writer' });
  const registry = new RegistryCaller(server.host, ADMINISTRATOR);
  await registry.pushChart('team/web', '1.0.0', await chartArchive({ name: 'web', version: '1.0.0' }));
});
afterAll(async () => server?.stop());

/** As Artifact Hub documents it for charts in OCI registries. */
async function pushClaim(home: ClientHome, text: string): Promise<void> {
  await writeFile(join(home.folder, 'artifacthub-repo.yml'), text);
  await home.succeed(requireClient('oras'), [
    ...['push', '--plain-http', `${server.host}/team/web:artifacthub.io`],
    ...['--config', '/dev/null:application/vnd.cncf.artifacthub.config.v1+yaml'],
    'artifacthub-repo.yml:application/vnd.cncf.artifacthub.repository-metadata.layer.v1.yaml',
  ]);
}

test.skipIf(clientPath('oras') === undefined)('the artifact is pushed with oras, and replaced', async () => {
  const home = await ClientHome.make();
  await home.storeDockerLogin(server.host, ci);
  for (const id of ['one', 'two']) {
    await pushClaim(home, `repositoryID: ${id}\n`);
    const folder = await home.makeFolder('pulled');
    const pull = ['pull', '--plain-http', `${server.host}/team/web:artifacthub.io`, '--output', folder];
    await home.succeed(requireClient('oras'), pull);
    const file = await home.output('cat', [join(folder, 'artifacthub-repo.yml')]);
    expect(file).toBe(`repositoryID: ${id}\n`);
  }
});

test('the file beside the index says what was set for the namespace, to whoever may read there', async () => {
  await server.manage('namespace', 'set', 'team', '--artifact-hub-owner', 'Ann=ann@example.com');
  const url = `http://${server.host}/team/artifacthub-repo.yml`;
  expect((await fetch(url)).status).toBe(404);
  await server.manage('namespace', 'set', 'team', '--visibility', 'public');
  expect(parse(await (await fetch(url)).text())).toEqual({ owners: [{ name: 'Ann', email: 'ann@example.com' }] });
  expect(await (await fetch(`http://${server.host}/robots.txt`)).text()).toContain('Disallow: /');
});

describeHelm((client) => {
  test('helm takes the artifact for no version', async () => {
    const home = await ClientHome.make();
    await home.storeDockerLogin(server.host, ci);
    if (clientPath('oras') !== undefined) await pushClaim(home, 'repositoryID: three\n');
    const helm = await client.loggedIn(server.host, ci);
    expect(await helm.output('show', 'chart', `oci://${server.host}/team/web`)).toContain('version: 1.0.0\n');
  });
});
