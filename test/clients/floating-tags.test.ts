// Floating tags with real clients: pulled like versions, in no list, and written by nobody but the server.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chartArchive } from './support/chart-archive.ts';
import { ClientHome } from './support/client-home.ts';
import { clientPath, describeWalk, requireClient } from './support/found-clients.ts';
import type { Helm } from './support/helm.ts';
import { RegistryCaller } from './support/registry-caller.ts';
import { type Account, ADMINISTRATOR, type ServerProcess, startServer } from './support/server-process.ts';

const KEPT = 'is kept by the registry, on the newest stable version';

let server: ServerProcess;
let ci: Account;
let registry: RegistryCaller;

beforeAll(async () => {
  server = await startServer();
  ci = await server.addAccount('ci', { team: 'maintainer' });
  registry = new RegistryCaller(server.host, ADMINISTRATOR);
  await server.manage('namespace', 'set', 'team', '--floating-tags', 'true');
});
afterAll(async () => server?.stop());

describeWalk((client) => {
  const chart = `web-${client.version.replaceAll('.', '-')}`;
  let helm: Helm;
  const files = new Map<string, string>();

  async function publish(version: string): Promise<void> {
    files.set(version, await helm.publish({ name: chart, version }, `oci://${server.host}/team`));
  }

  /** The version that helm finds when it is told to take this one. */
  async function found(version: string): Promise<string | undefined> {
    const output = await helm.output('show', 'chart', `oci://${server.host}/team/${chart}`, '--version', version);
    return /^version: (.+)$/m.exec(output)?.[1];
  }

  beforeAll(async () => {
    helm = await client.loggedIn(server.host, ci);
    for (const version of ['1.2.0', '1.2.1', '1.3.0-rc.1']) await publish(version);
  });

  test('a floating tag is pulled like a version, with the bytes of the newest one', async () => {
    const folder = await helm.home.makeFolder('pulled');
    const reference = `oci://${server.host}/team/${chart}`;
    await helm.succeed('pull', reference, '--version', '1.2', '--destination', folder, '--untar', '--untardir', folder);
    expect(await readFile(join(folder, chart, 'Chart.yaml'), 'utf8')).toContain('version: 1.2.1\n');
    expect([await found('1.2'), await found('1')]).toEqual(['1.2.1', '1.2.1']);
  });

  test('it follows the push of a newer version, and goes back when that is deleted', async () => {
    await publish('1.2.2');
    await publish('1.10.0');
    expect([await found('1.2'), await found('1')]).toEqual(['1.2.2', '1.10.0']);
    const digest = await registry.digestOf(`team/${chart}`, '1.10.0');
    await registry.call(`team/${chart}`, `manifests/${digest}`, { method: 'DELETE' });
    expect([await found('1.2'), await found('1')]).toEqual(['1.2.2', '1.2.2']);
  });

  test('ranges and lists know only versions', async () => {
    expect([await found('^1.0.0'), await found('~1.2.0')]).toEqual(['1.2.2', '1.2.2']);
    expect(await registry.tags(`team/${chart}`)).toEqual(['1.2.0', '1.2.1', '1.2.2', '1.3.0-rc.1']);
  });

  test('a version that would be a floating tag is refused', async () => {
    const file = await helm.package({ name: chart, version: '1.2' });
    const screen = await helm.fail('push', file, `oci://${server.host}/team`);
    expect(screen).toContain(client.printed('409 Conflict', `tag "1.2" of team/${chart} ${KEPT} 1.2.x`));
    expect(await found('1.2')).toBe('1.2.2');
  });
});

describe('other clients', () => {
  let home: ClientHome;

  beforeAll(async () => {
    home = await ClientHome.make();
    await home.storeDockerLogin(server.host, ci);
    for (const name of ['oras-db', 'crane-db']) {
      for (const version of ['1.0.0', '1.1.0']) {
        await registry.pushChart(`team/${name}`, version, await chartArchive({ name, version }));
      }
    }
  });

  test.skipIf(clientPath('oras') === undefined)('oras pulls by a floating tag, and may not set it', async () => {
    const oras = requireClient('oras');
    const at = `${server.host}/team/oras-db`;
    const resolved = async () => (await home.output(oras, ['resolve', '--plain-http', `${at}:1`])).trim();
    expect(await resolved()).toBe(await registry.digestOf('team/oras-db', '1.1.0'));
    expect(await home.output(oras, ['repo', 'tags', '--plain-http', at])).toBe('1.0.0\n1.1.0\n');
    const set = await home.fail(oras, ['tag', '--plain-http', `${at}:1.0.0`, '1']);
    expect(set).toContain(`tag "1" of team/oras-db ${KEPT} 1.x`);
    // oras deletes what a tag points at, here the version 1.1.0: the floating tag goes back to the one before.
    await home.succeed(oras, ['manifest', 'delete', '--force', '--plain-http', `${at}:1`]);
    expect(await home.output(oras, ['repo', 'tags', '--plain-http', at])).toBe('1.0.0\n');
    expect(await resolved()).toBe(await registry.digestOf('team/oras-db', '1.0.0'));
  });

  test.skipIf(clientPath('crane') === undefined)('crane may neither set a floating tag nor delete it', async () => {
    const crane = requireClient('crane');
    const at = `${server.host}/team/crane-db`;
    const digest = (await home.output(crane, ['digest', '--insecure', `${at}:1.0`])).trim();
    expect(digest).toBe(await registry.digestOf('team/crane-db', '1.0.0'));
    expect(await home.output(crane, ['ls', '--insecure', at])).toBe('1.0.0\n1.1.0\n');
    expect(await home.fail(crane, ['tag', '--insecure', `${at}:1.0.0`, '1'])).toContain(KEPT);
    expect(await home.fail(crane, ['delete', '--insecure', `${at}:1`])).toContain(KEPT);
  });
});
