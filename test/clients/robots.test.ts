// Robots, the accounts of CI and clusters, as their jobs see them: within their scopes, beyond them, and when they end.
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MANAGER } from '../support/manager.ts';
import { writeChart } from './support/chart-source.ts';
import { ClockedRegistry, shown } from './support/clocked-registry.ts';
import { describeHelm, describeWalk } from './support/found-clients.ts';
import { type ServerProcess, startServer } from './support/server-process.ts';

const CHART = { name: 'web', version: '1.0.0' };
const HOUR = 3600_000;

describeWalk((client) => {
  let registry: ClockedRegistry;
  let host: string;

  beforeAll(async () => {
    registry = await ClockedRegistry.start();
    host = registry.host;
    await registry.publish('team/redis', 'closed/web', 'other/web');
  });
  afterAll(async () => registry?.[Symbol.asyncDispose]());

  describe('within its scopes', () => {
    test('a robot logs in with its secret, whatever user name is typed', async () => {
      const { password } = await registry.addRobot('any-name', { namespace: 'team', actions: ['pull'] });
      for (const name of ['any-name', 'ci', 'somebody@example.com']) {
        const helm = await client.fresh();
        expect(await helm.login(host, { name, password })).toContain('Login Succeeded');
        await helm.succeed('show', 'chart', `oci://${host}/team/redis`);
      }
    });

    test('it pushes, pulls, shows and renders', async () => {
      const ci = await registry.addRobot('publisher', { namespace: 'team', actions: ['push'] });
      const helm = await client.loggedIn(host, ci);
      await helm.publish(CHART, `oci://${host}/team`);
      const reference = [`oci://${host}/team/web`, '--version', '1.0.0'];
      const folder = await helm.home.makeFolder('pulled');
      await helm.succeed('pull', ...reference, '--destination', folder);
      expect(await readdir(folder)).toEqual(['web-1.0.0.tgz']);
      expect(await helm.output('show', 'values', ...reference)).toContain('replicas: 1');
      expect(await helm.output('template', 'shop', ...reference)).toContain('name: shop-web');
    });

    test.skipIf(!client.fetchesDependenciesWithoutTls)('it fetches dependencies', async () => {
      const ci = await registry.addRobot('fetcher', { namespace: 'team', actions: ['pull'] });
      const helm = await client.loggedIn(host, ci);
      const dependencies = [{ name: 'redis', version: '^1.0.0', repository: `oci://${host}/team` }];
      const folder = await writeChart(helm.home.folder, { name: 'shop', version: '1.0.0', dependencies });
      await helm.succeed('dependency', 'update', folder);
      expect(await readdir(`${folder}/charts`)).toEqual(['redis-1.0.0.tgz']);
    });

    test('charts whose names fit the pattern of a scope may be pushed, others may not', async () => {
      const ci = await registry.addRobot('patterns', { namespace: 'globs', charts: 'web-*', actions: ['push'] });
      const helm = await client.loggedIn(host, ci);
      await helm.publish({ ...CHART, name: 'web-api' }, `oci://${host}/globs`);
      const screen = await helm.fail('push', await helm.package(CHART), `oci://${host}/globs`);
      expect(screen).toContain(client.printed('403 Forbidden', 'denied: robot patterns may not'));
      expect(await registry.administrator.tags('globs/web-api')).toEqual(['1.0.0']);
      expect(await registry.administrator.tags('globs/web')).toBeUndefined();
    });
  });

  describe('beyond its scopes', () => {
    test('a robot that may pull and not push is told who, what, why, and what to do', async () => {
      const ci = await registry.addRobot('reader', { namespace: 'closed', actions: ['pull'] });
      const helm = await client.loggedIn(host, ci);
      await helm.succeed('pull', `oci://${host}/closed/web`, '--version', '1.0.0');
      const file = await helm.package({ ...CHART, version: '1.1.0' });
      const screen = await helm.fail('push', file, `oci://${host}/closed`);
      const message =
        `denied: robot reader may not push to closed/web: log in as somebody who may with "helm registry login ${host} --plain-http", ` +
        'or ask a maintainer to add the scope closed:push: "chartroom robot show reader" lists those that it has, and "chartroom robot set reader --scope …" replaces all of them';
      expect(screen).toContain(client.printed('403 Forbidden', message));
      expect(await registry.administrator.tags('closed/web')).toEqual(['1.0.0']);
    });

    test('a push is refused and nothing is stored, and the scope to ask for is named', async () => {
      const ci = await registry.addRobot('pusher', { namespace: 'team', actions: ['push'] });
      const helm = await client.loggedIn(host, ci);
      const file = await helm.package({ ...CHART, name: 'intruder' });
      const screen = await helm.fail('push', file, `oci://${host}/other`);
      // Helm 3.21 asks to pull before it asks to push, and learns of the first that it may not.
      const [start, scope] = ['denied: robot pusher may not', 'ask a maintainer to add the scope other:'];
      for (const part of [start, scope]) expect(screen).toContain(client.printed('403 Forbidden', part));
      expect(await registry.administrator.tags('other/intruder')).toBeUndefined();
    });

    test('a chart that it may not read is refused like one that does not exist', async () => {
      const ci = await registry.addRobot('curious', { namespace: 'team', actions: ['pull'] });
      const helm = await client.loggedIn(host, ci);
      const closed = await helm.fail('pull', `oci://${host}/other/web`, '--version', '1.0.0');
      expect(closed).toContain(client.printed('403 Forbidden', 'denied: robot curious may not pull from other/web: '));
      const missing = await helm.fail('pull', `oci://${host}/absent/web`, '--version', '1.0.0');
      expect(missing.replaceAll('absent', 'other')).toBe(closed);
    });
  });

  describe('when it ends', () => {
    const scope = { namespace: 'closed', actions: ['pull'] } as const;
    const pull = () => ['pull', `oci://${host}/closed/web`, '--version', '1.0.0'];

    test('after a rotation both secrets are good as long as they overlap, then only the new one', async () => {
      const old = await registry.addRobot('rotated', scope);
      const { secret } = await registry.accounts.robots.rotate('rotated', HOUR / 1000, MANAGER);
      const [before, after] = [
        await client.loggedIn(host, old),
        await client.loggedIn(host, { ...old, password: secret }),
      ];
      await before.succeed(...pull());
      await after.succeed(...pull());
      registry.clock.advance(HOUR);
      const screen = await before.fail(...pull());
      const message = `unauthorized: token ${shown(old)} of robot rotated expired on ${registry.today}: log in with another credential`;
      expect(screen).toContain(client.printed('401 Unauthorized', message));
      await after.succeed(...pull());
      await expect((await client.fresh()).login(host, old)).rejects.toThrow(message);
    });

    test('a revoked secret is refused with the next command, the other one is not', async () => {
      const old = await registry.addRobot('leaked', scope);
      const { secret } = await registry.accounts.robots.rotate('leaked', HOUR / 1000, MANAGER);
      const [before, after] = [
        await client.loggedIn(host, old),
        await client.loggedIn(host, { ...old, password: secret }),
      ];
      await registry.accounts.robots.revokeSecret('leaked', old.password.slice(4, 12), MANAGER);
      const message = `unauthorized: token ${shown(old)} of robot leaked was revoked on ${registry.today}: log in with another credential`;
      expect(await before.fail(...pull())).toContain(client.printed('401 Unauthorized', message));
      await after.succeed(...pull());
    });

    test('a disabled robot is refused with the next command, and is back when it is enabled', async () => {
      const helm = await client.loggedIn(host, await registry.addRobot('paused', scope));
      await helm.succeed(...pull());
      await registry.accounts.robots.change('paused', { disabled: true }, MANAGER);
      const message = `unauthorized: robot paused is disabled: log in with another credential, or forget this one with "helm registry logout ${host}"`;
      expect(await helm.fail(...pull())).toContain(client.printed('401 Unauthorized', message));
      await registry.accounts.robots.change('paused', { disabled: false }, MANAGER);
      await helm.succeed(...pull());
    });

    test('a removed robot is refused with the next command', async () => {
      const ci = await registry.addRobot('removed', scope);
      const helm = await client.loggedIn(host, ci);
      await registry.accounts.robots.remove('removed', MANAGER);
      const message = `unauthorized: token ${shown(ci)} is not known here, or was removed: log in with another one, or forget this one with "helm registry logout ${host}"`;
      expect(await helm.fail(...pull())).toContain(client.printed('401 Unauthorized', message));
      await expect(helm.login(host, ci)).rejects.toThrow(message);
    });

    test('a scope that is taken away ends with the next command', async () => {
      const helm = await client.loggedIn(host, await registry.addRobot('narrowed', scope));
      await helm.succeed(...pull());
      await registry.accounts.robots.change(
        'narrowed',
        { scopes: [{ namespace: 'team', actions: ['pull'] }] },
        MANAGER,
      );
      const message = 'denied: robot narrowed may not pull from closed/web';
      expect(await helm.fail(...pull())).toContain(client.printed('403 Forbidden', message));
    });
  });
});

describe('on the command line', () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => server?.stop());

  describeHelm((client) => {
    test('"chartroom robot add" prints the secret, and the helm command that logs in with it', async () => {
      const name = `ci-${client.version}`;
      const added = await server.chartroom(['robot', 'add', name, '--scope', 'team:push']);
      const [, command = ''] = /It logs in with "helm (.+)"/.exec(added.screen) ?? [];
      // The command line does not know that this server listens where the system found a free port.
      const words = command.replace(/localhost:\d+/, server.host).split(' ');
      const helm = await client.fresh();
      const login = await helm.home.succeed(client.path, words, added.stdout);
      expect(login).toContain('Login Succeeded');
      await helm.publish({ ...CHART, name: `web-${client.version.charAt(0)}` }, `oci://${server.host}/team`);
      expect(server.log).toContain('/token');
      expect(server.log).not.toContain(added.stdout.trim());
    });
  });
});
