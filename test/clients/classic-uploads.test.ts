// Charts that are uploaded the classic way, and charts that depend on classic repositories, as helm and its plugin see them.
import { mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeChart } from './support/chart-source.ts';
import { ClassicRepositories, pull, search } from './support/classic.ts';
import { ClockedRegistry } from './support/clocked-registry.ts';
import { mustFail, mustSucceed } from './support/command.ts';
import { clientPath, describeHelm, describeWalk, requireClient } from './support/found-clients.ts';
import type { Helm, HelmClient } from './support/helm.ts';
import type { Account } from './support/server-process.ts';
import { makeSigningKey, type SigningKey } from './support/signing-key.ts';

let registry: ClockedRegistry;
let ann: Account;
let classic: ClassicRepositories;

beforeAll(async () => {
  registry = await ClockedRegistry.start();
  ann = await registry.addUser('ann', { team: 'maintainer' });
  classic = new ClassicRepositories(registry.host, ann);
});
afterAll(async () => registry?.[Symbol.asyncDispose]());

/** Of its own for each helm: published versions stay. */
function namespaceOf(client: HelmClient, purpose: string): string {
  return `team/${purpose}-${client.version.replaceAll('.', '-')}`;
}

async function manifest(repository: string, tag: string): Promise<string> {
  const answer = await registry.administrator.call(repository, `manifests/${tag}`);
  if (answer.status !== 200) throw new Error(`${repository}:${tag}: ${answer.status} ${answer.body}`);
  return answer.body;
}

describeHelm((client) => {
  test('the manifest of an uploaded chart is that which helm push makes of the file, byte for byte', async () => {
    const helm = await client.loggedIn(registry.host, ann);
    const [one, other] = [namespaceOf(client, 'uploaded'), namespaceOf(client, 'pushed')];
    const file = await helm.package({ name: 'web', version: '1.0.0+7', dependencies: [] });
    const written = new Date(registry.clock.now());
    await utimes(file, written, written);
    expect((await classic.upload(one, file)).status).toBe(201);
    await helm.succeed('push', file, `oci://${registry.host}/${other}`);
    const pushed = await manifest(`${other}/web`, '1.0.0_7');
    const created = /"org\.opencontainers\.image\.created":"([^"]+)"/.exec(pushed)?.[1] ?? '';
    // Helm names the time in the time zone of its machine, which this registry cannot know.
    const inUtc = pushed.replace(created, `${new Date(created).toISOString().slice(0, 19)}Z`);
    expect(await manifest(`${one}/web`, '1.0.0_7')).toBe(inUtc);
  });

  test('helm dependency update takes charts from classic repositories and from oci:// together', async () => {
    const helm = await client.loggedIn(registry.host, ann);
    const namespace = namespaceOf(client, 'dependencies');
    for (const version of ['1.0.0', '1.4.0', '2.0.0']) {
      await classic.upload(namespace, await helm.package({ name: 'classic', version }));
      for (const name of ['modern', 'direct']) {
        await helm.publish({ name, version }, `oci://${registry.host}/${namespace}`);
      }
    }
    await classic.add(helm, 'team', `/${namespace}`);
    const url = `http://${registry.host}/${namespace}`;
    const folder = await writeChart(helm.home.folder, {
      name: 'shop',
      version: '1.0.0',
      dependencies: [
        { name: 'classic', version: '^1.0.0', repository: url },
        { name: 'modern', version: '1.x', repository: '@team' },
        { name: 'direct', version: '~2.0', repository: `oci://${registry.host}/${namespace}` },
      ],
    });
    await helm.succeed('dependency', 'update', folder);
    expect(await readdir(join(folder, 'charts'))).toEqual([
      'classic-1.4.0.tgz',
      'direct-2.0.0.tgz',
      'modern-1.4.0.tgz',
    ]);
    await helm.succeed('dependency', 'build', folder);
    expect(await helm.output('template', 'shop', folder)).toContain('chartVersion: "2.0.0"');
  });
});

describe.skipIf(clientPath('gpg') === undefined)('signed charts', () => {
  let key: SigningKey;
  beforeAll(async () => {
    key = await makeSigningKey('Chart Signer <signer@example.test>');
  });

  async function sign(helm: Helm, name: string): Promise<string> {
    const signing = ['--sign', '--key', 'Chart Signer', '--keyring', key.secretKeyring];
    return await helm.package({ name, version: '1.0.0+7' }, ...signing);
  }

  const verifying = () => ['--verify', '--keyring', key.publicKeyring, '--version', '1.0.0+7'];

  describeWalk((client) => {
    test('helm pull --verify finds the signature that came with the chart, or after it, in the repository', async () => {
      const helm = await client.loggedIn(registry.host, ann);
      const namespace = namespaceOf(client, 'signed');
      const target = `oci://${registry.host}/${namespace}`;
      await helm.succeed('push', await sign(helm, 'pushed'), target);
      expect((await classic.uploadSigned(namespace, await sign(helm, 'together'))).status).toBe(201);
      const file = await sign(helm, 'later');
      expect((await classic.upload(namespace, file)).status).toBe(201);
      expect((await classic.uploadProvenance(namespace, `${file}.prov`)).status).toBe(201);
      await classic.add(helm, 'team', `/${namespace}`);
      await classic.add(helm, 'query', `/${namespace}?urls=tgz`);
      for (const chart of ['team/pushed', 'team/together', 'team/later', 'query/together']) {
        const { names } = await pull(helm, chart, ...verifying());
        const name = chart.slice(chart.indexOf('/') + 1);
        expect(names).toEqual([`${name}-1.0.0+7.tgz`, `${name}-1.0.0+7.tgz.prov`]);
      }
      // Over OCI helm reads the layers of the manifest alone, which does not change any more.
      expect((await pull(helm, `${target}/together`, ...verifying())).names).toHaveLength(2);
      const screen = await helm.fail('pull', `${target}/later`, ...verifying());
      expect(screen).toContain('failed to fetch provenance');
    });

    test('a chart without a signature is refused by helm pull --verify', async () => {
      const helm = await client.loggedIn(registry.host, ann);
      const namespace = namespaceOf(client, 'unsigned');
      await classic.upload(namespace, await helm.package({ name: 'web', version: '1.0.0+7' }));
      await classic.add(helm, 'team', `/${namespace}`);
      expect(await helm.fail('pull', 'team/web', ...verifying())).toContain('failed to fetch provenance');
    });
  });
});

describe.skipIf(clientPath('cm-push') === undefined)('the plugin cm-push', () => {
  /** As `helm plugin install` leaves it. */
  async function installPlugin(helm: Helm): Promise<void> {
    const folder = join(helm.home.environment.HELM_DATA_HOME ?? '', 'plugins/cm-push');
    await mkdir(join(folder, 'bin'), { recursive: true });
    await symlink(requireClient('cm-push'), join(folder, 'bin/helm-cm-push'));
    const plugin = [
      'name: "cm-push"',
      'version: "0.10.4"',
      'usage: "Push a chart"',
      'description: "Push a chart"',
      'command: "$HELM_PLUGIN_DIR/bin/helm-cm-push"',
    ];
    await writeFile(join(folder, 'plugin.yaml'), `${plugin.join('\n')}\n`);
  }

  describeHelm((client) => {
    const namespace = () => namespaceOf(client, 'plugin');
    let helm: Helm;
    let login: readonly string[];
    beforeAll(async () => {
      helm = await client.fresh();
      await installPlugin(helm);
      login = ['--username', ann.name, '--password', ann.password];
    });
    const push = async (...words: readonly string[]) => await helm.run(['cm-push', ...words]);

    test('pushes a packed chart and a folder, to an address and to a repository that was added', async () => {
      const url = `http://${registry.host}/${namespace()}`;
      const file = await helm.package({ name: 'packed', version: '1.0.0' });
      expect(mustSucceed(await push(file, url, ...login))).toContain('Done.');
      await classic.add(helm, 'team', `/${namespace()}`);
      const folder = await writeChart(helm.home.folder, { name: 'folder', version: '1.0.0' });
      expect(mustSucceed(await push(folder, 'team', '--version', '1.2.3+7'))).toContain('Done.');
      await helm.succeed('repo', 'update');
      expect(await search(helm)).toEqual(['team/folder 1.2.3+7', 'team/packed 1.0.0']);
      const { folder: pulled } = await pull(helm, 'team/packed');
      expect((await readFile(join(pulled, 'packed-1.0.0.tgz'))).length).toBeGreaterThan(100);
    });

    test('prints why a version is refused, also with --force', async () => {
      const url = `http://${registry.host}/${namespace()}`;
      mustSucceed(await push(await helm.package({ name: 'twice', version: '1.0.0' }), url, ...login));
      const changed = await helm.package({ name: 'twice', version: '1.0.0', replicas: 7 });
      for (const force of [[], ['--force']]) {
        const screen = mustFail(await push(changed, url, ...login, ...force));
        expect(screen).toContain(`409: twice 1.0.0 is already published in ${namespace()}`);
        expect(screen).toContain('raise "version" in Chart.yaml and push again');
      }
    });

    test('prints what is wrong with a credential', async () => {
      const file = await helm.package({ name: 'web', version: '1.0.0' });
      const url = `http://${registry.host}/${namespace()}`;
      const wrong = mustFail(await push(file, url, '--username', ann.name, '--password', 'wrong'));
      expect(wrong).toContain('401: wrong user name or password');
      const reader = await registry.addUser(`reader-${client.version}`, { team: 'reader' });
      const refused = mustFail(await push(file, url, '--username', reader.name, '--password', reader.password));
      expect(refused).toContain(`403: ${reader.name} may not push to ${namespace()}`);
    });

    test('pushes with the secret of a robot as an access token, which need not have read anything before', async () => {
      const name = `plugin-${client.version.replaceAll('.', '-')}`;
      const scope = { namespace: `${namespace()}/new`, charts: 'web', actions: ['push' as const] };
      const robot = await registry.addRobot(name, scope);
      const file = await helm.package({ name: 'web', version: '1.0.0' });
      const url = `http://${registry.host}/${namespace()}/new`;
      expect(mustSucceed(await push(file, url, '--access-token', robot.password))).toContain('Done.');
    });
  });
});
