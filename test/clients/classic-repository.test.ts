// The registry as a classic Helm repository: added, searched and pulled from with real helm, whichever way the charts came.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MANAGER } from '../support/manager.ts';
import { ADMIN } from '../support/start-registry.ts';
import { ClassicRepositories, pull, search } from './support/classic.ts';
import { ClockedRegistry } from './support/clocked-registry.ts';
import { type ClusterStandIn, startClusterStandIn } from './support/cluster-stand-in.ts';
import { describeHelm, describeWalk } from './support/found-clients.ts';
import { type Helm, printedDigest } from './support/helm.ts';
import type { Account } from './support/server-process.ts';

let registry: ClockedRegistry;
let cluster: ClusterStandIn;
let ann: Account;
let classic: ClassicRepositories;

beforeAll(async () => {
  [registry, cluster] = await Promise.all([ClockedRegistry.start(), startClusterStandIn()]);
  ann = await registry.addUser('ann', { team: 'writer' });
  classic = new ClassicRepositories(registry.host, ann);
});
afterAll(async () => {
  cluster?.stop();
  await registry?.[Symbol.asyncDispose]();
});

describeWalk((client) => {
  /** Of its own for each helm: published versions stay. */
  const namespace = `team/v${client.version.replaceAll('.', '-')}`;
  let helm: Helm;

  beforeAll(async () => {
    helm = await client.loggedIn(registry.host, ann);
    await helm.write('kubeconfig.yaml', cluster.kubeconfig);
    const target = `oci://${registry.host}/${namespace}`;
    for (const version of ['1.0.0', '1.2.0+build.7', '2.0.0-rc.1'])
      await helm.publish({ name: 'web', version }, target);
    await classic.upload(namespace, await helm.package({ name: 'web', version: '1.1.0', replicas: 5 }));
    await classic.upload(namespace, await helm.package({ name: 'api', version: '3.0.0' }));
    await classic.add(helm, 'team', `/${namespace}`);
  });

  test('helm search repo lists every version of every chart, whichever way it came', async () => {
    expect(await search(helm)).toEqual([
      ...['team/api 3.0.0', 'team/web 2.0.0-rc.1', 'team/web 1.2.0+build.7', 'team/web 1.1.0', 'team/web 1.0.0'],
    ]);
    expect(await search(helm, 'real-client', '--version', '^1.0.0')).toEqual([
      ...['team/web 1.2.0+build.7', 'team/web 1.1.0', 'team/web 1.0.0'],
    ]);
  });

  test('what is pushed, or uploaded, is there after the next helm repo update', async () => {
    const fresh = await client.loggedIn(registry.host, ann);
    const own = `${namespace}/update`;
    await classic.add(fresh, 'own', `/${own}`);
    expect(await search(fresh)).toEqual([]);
    await fresh.publish({ name: 'pushed', version: '1.0.0' }, `oci://${registry.host}/${own}`);
    await classic.upload(own, await fresh.package({ name: 'uploaded', version: '1.0.0' }));
    expect(await fresh.succeed('repo', 'update')).toContain('Successfully got an update from the "own"');
    expect(await search(fresh)).toEqual(['own/pushed 1.0.0', 'own/uploaded 1.0.0']);
  });

  test.each([
    [['--version', '^1'], 'web-1.2.0+build.7.tgz'],
    [['--version', '1.1.0'], 'web-1.1.0.tgz'],
    [['--version', '~1.1.0'], 'web-1.1.0.tgz'],
    [['--devel'], 'web-2.0.0-rc.1.tgz'],
    [[], 'web-1.2.0+build.7.tgz'],
  ])('helm pull team/web %j writes %s', async (words, file) => {
    expect((await pull(helm, 'team/web', ...words)).names).toEqual([file]);
  });

  test('helm template, install --dry-run and show find a chart by its repository', async () => {
    const rendered = await helm.output('template', 'shop', 'team/web', '--version', '1.1.x');
    expect(rendered).toContain('chartVersion: "1.1.0"');
    expect(rendered).toContain('replicas: "5"');
    const dryRun = [...client.clientDryRun, '--disable-openapi-validation'];
    const installed = await helm.output('install', 'shop', 'team/web', '--version', '^1', ...dryRun);
    expect(installed).toContain('chartVersion: "1.2.0+build.7"');
    expect(await helm.output('show', 'values', 'team/web', '--version', '1.1.0')).toContain('replicas: 5');
    const repo = ['--repo', `http://${registry.host}/${namespace}`, '--username', ann.name, '--password', ann.password];
    expect(await helm.output('show', 'chart', 'api', ...repo)).toContain('version: 3.0.0');
  });

  test('a chart that was uploaded is pulled over OCI, and one that was pushed over HTTP, byte for byte', async () => {
    const uploaded = await helm.package({ name: 'either', version: '1.0.0' });
    expect((await classic.upload(namespace, uploaded)).status).toBe(201);
    const { names, folder } = await pull(helm, `oci://${registry.host}/${namespace}/either`, '--version', '1.0.0');
    expect(names).toEqual(['either-1.0.0.tgz']);
    expect(await readFile(join(folder, 'either-1.0.0.tgz'))).toEqual(await readFile(uploaded));
    const pushed = await helm.publish({ name: 'either', version: '2.0.0' }, `oci://${registry.host}/${namespace}`);
    await helm.succeed('repo', 'update');
    const { folder: other } = await pull(helm, 'team/either', '--version', '2.0.0');
    expect(await readFile(join(other, 'either-2.0.0.tgz'))).toEqual(await readFile(pushed));
  });

  test('all that somebody may read is one repository, too', async () => {
    await classic.add(helm, 'all', '/-/all');
    expect(await search(helm, 'all/', '--version', '1.1.0')).toContain(`all/${namespace}/web 1.1.0`);
    expect((await pull(helm, `all/${namespace}/web`, '--version', '1.1.0')).names).toEqual(['web-1.1.0.tgz']);
  });

  test('a yanked version is found no more, and is there by its address and over OCI', async () => {
    const target = `${namespace}/yank`;
    for (const version of ['1.0.0', '1.1.0']) {
      await helm.publish({ name: 'web', version }, `oci://${registry.host}/${target}`);
    }
    await yank(`${target}/web`, '1.1.0');
    await classic.add(helm, 'yank', `/${target}`);
    expect(await search(helm, 'yank/')).toEqual(['yank/web 1.0.0']);
    expect((await pull(helm, 'yank/web', '--version', '^1')).names).toEqual(['web-1.0.0.tgz']);
    expect((await pull(helm, `oci://${registry.host}/${target}/web`, '--version', '1.1.0')).names).toEqual([
      'web-1.1.0.tgz',
    ]);
    const address = `http://${registry.host}/${target}/charts/web-1.1.0.tgz`;
    const login = ['--username', ann.name, '--password', ann.password];
    expect((await pull(helm, address, ...login)).names).toEqual(['web-1.1.0.tgz']);
  });

  test('a deprecated version is shown as such', async () => {
    const file = await helm.package({ name: 'old', version: '1.0.0' });
    await classic.upload(namespace, file);
    await put(`${namespace}/old/-/notice`, { kind: 'deprecated' });
    await helm.succeed('repo', 'update');
    expect(await search(helm, 'team/old')).toEqual(['team/old 1.0.0']);
    await classic.add(helm, 'again', `/${namespace}`);
    const index = await readFile(join(helm.home.folder, 'helm-cache/repository/again-index.yaml'), 'utf8');
    expect(index).toMatch(/"name":"old".*"deprecated":true/);
  });

  test('a robot adds a repository with its secret as the password', async () => {
    const name = `bot-${client.version.replaceAll('.', '-')}`;
    const robot = await registry.addRobot(name, { namespace, charts: 'web', actions: ['pull'] });
    const fresh = await client.fresh();
    await classic.add(fresh, 'team', `/${namespace}`, robot);
    expect(await search(fresh, 'team/', '--version', '1.1.0')).toEqual(['team/web 1.1.0']);
    expect((await pull(fresh, 'team/web', '--version', '1.1.0')).names).toEqual(['web-1.1.0.tgz']);
  });

  test.each([
    ['a wrong password', () => ['--username', 'ann', '--password', 'wrong'], '401 Unauthorized'],
    ['no password', () => [], '401 Unauthorized'],
  ])('with %s helm repo add says why', async (_what, login, status) => {
    const url = `http://${registry.host}/${namespace}`;
    const screen = await (await client.fresh()).fail('repo', 'add', 'team', url, ...login());
    expect(screen).toContain(`failed to fetch ${url}/index.yaml : ${status}`);
  });

  test('a namespace without a right is not found, and one with nothing in it can be added', async () => {
    const fresh = await client.fresh();
    const login = ['--username', ann.name, '--password', ann.password];
    const screen = await fresh.fail('repo', 'add', 'other', `http://${registry.host}/other`, ...login);
    expect(screen).toContain('404 Not Found');
    await classic.add(fresh, 'new', '/team/nothing/yet');
    expect(await search(fresh)).toEqual([]);
  });

  test('of what everybody may read nobody is asked who they are, nor is a stale password in the way', async () => {
    const open = `open-${client.version.replaceAll('.', '-')}`;
    await registry.accounts.namespaces.setVisibility({ path: open, visibility: 'public' }, MANAGER);
    await registry.publish(`${open}/web`);
    const fresh = await client.fresh();
    await fresh.succeed('repo', 'add', 'open', `http://${registry.host}/${open}`);
    await classic.add(fresh, 'stale', `/${open}`, { name: 'ann', password: 'wrong' });
    for (const name of ['open', 'stale']) expect((await pull(fresh, `${name}/web`)).names).toEqual(['web-1.0.0.tgz']);
  });

  describe('with a query in the address of the repository', () => {
    test('block YAML reads as well', async () => {
      await classic.add(helm, 'yaml', `/${namespace}?format=yaml`);
      expect(await search(helm, 'yaml/web', '--version', '1.1.0')).toEqual(['yaml/web 1.1.0']);
      expect((await pull(helm, 'yaml/web', '--version', '1.1.0')).names).toEqual(['web-1.1.0.tgz']);
    });

    test('?urls=oci leads helm to the registry, with the login that it has there', async () => {
      await classic.add(helm, 'oci', `/${namespace}?urls=oci`);
      const answers: string[] = [];
      const end = registry.onAnswer((answer) => answers.push(answer));
      expect((await pull(helm, 'oci/web', '--version', '1.1.0')).names).toEqual(['web-1.1.0.tgz']);
      expect((await pull(helm, 'oci/web', '--version', '^1')).names).toEqual(['web-1.2.0+build.7.tgz']);
      end();
      expect(answers.filter((answer) => answer.includes('.tgz'))).toEqual([]);
    });
  });
});

describeHelm((client) => {
  test('what was uploaded is pushed again by helm, and what helm has pushed is uploaded again', async () => {
    const helm = await client.loggedIn(registry.host, ann);
    const namespace = `team/again-${client.version.replaceAll('.', '-')}`;
    const target = `oci://${registry.host}/${namespace}`;
    const first = await helm.package({ name: 'first', version: '1.0.0+7' });
    expect((await classic.upload(namespace, first)).status).toBe(201);
    const digest = await registry.administrator.digestOf(`${namespace}/first`, '1.0.0_7');
    expect(printedDigest(await helm.succeed('push', first, target))).toMatch(/^sha256:/);
    expect(await registry.administrator.digestOf(`${namespace}/first`, '1.0.0_7')).toBe(digest);
    const second = await helm.publish({ name: 'second', version: '1.0.0' }, target);
    for (let round = 0; round < 2; round += 1) expect((await classic.upload(namespace, second)).status).toBe(201);
  });
});

async function put(path: string, notice: object): Promise<void> {
  const authorization = `Basic ${Buffer.from(ADMIN).toString('base64')}`;
  const answer = await fetch(`http://${registry.host}/api/v1/charts/${path}`, {
    method: 'PUT',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(notice),
  });
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

async function yank(repository: string, version: string): Promise<void> {
  await put(`${repository}/-/versions/${version}/notice`, { kind: 'yanked', reason: 'broken' });
}
