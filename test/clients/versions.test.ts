// Several versions of one chart: what stays, what a range finds, and what only an explicit version finds.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWalk } from './support/found-clients.ts';
import type { Helm } from './support/helm.ts';
import { RegistryCaller } from './support/registry-caller.ts';
import { type Account, type ServerProcess, startServer } from './support/server-process.ts';

describeWalk((client) => {
  let server: ServerProcess;
  let ci: Account;
  let registry: RegistryCaller;

  beforeAll(async () => {
    server = await startServer();
    ci = await server.addAccount('ci', { team: 'writer' });
    registry = new RegistryCaller(server.host, ci);
  });
  afterAll(async () => server?.stop());

  /** The version that `helm show chart` finds. */
  async function versionFound(helm: Helm, chart: string, ...flags: readonly string[]): Promise<string | undefined> {
    const output = await helm.output('show', 'chart', `oci://${server.host}/team/${chart}`, ...flags);
    return /^version: (.+)$/m.exec(output)?.[1];
  }

  test('1.1.0 beside 1.0.0: both stay, each with its own bytes', async () => {
    const helm = await client.loggedIn(server.host, ci);
    const files = new Map<string, string>();
    for (const version of ['1.0.0', '1.1.0']) {
      files.set(version, await helm.publish({ name: 'two', version }, `oci://${server.host}/team`));
    }
    expect(await registry.tags('team/two')).toEqual(['1.0.0', '1.1.0']);
    for (const [version, file] of files) {
      const folder = await helm.home.makeFolder('pulled');
      await helm.succeed('pull', `oci://${server.host}/team/two`, '--version', version, '--destination', folder);
      expect(await readFile(join(folder, `two-${version}.tgz`))).toEqual(await readFile(file));
    }
    expect(await versionFound(helm, 'two')).toBe('1.1.0');
    expect(await versionFound(helm, 'two', '--version', '~1.0.0')).toBe('1.0.0');
  });

  test('versions are ordered as SemVer orders them: 1.10.0 is newer than 1.9.0', async () => {
    const helm = await client.loggedIn(server.host, ci);
    for (const version of ['1.10.0', '1.9.0']) {
      await helm.publish({ name: 'ordered', version }, `oci://${server.host}/team`);
    }
    expect(await versionFound(helm, 'ordered')).toBe('1.10.0');
  });

  test('a version with build metadata is stored under a tag with "_" for "+" and found by its version', async () => {
    const helm = await client.loggedIn(server.host, ci);
    const file = await helm.publish({ name: 'built', version: '1.2.0+build.5' }, `oci://${server.host}/team`);
    expect(await registry.tags('team/built')).toEqual(['1.2.0_build.5']);
    for (const flags of [['--version', '1.2.0+build.5'], ['--version', '^1.2.0'], []]) {
      const folder = await helm.home.makeFolder('pulled');
      await helm.succeed('pull', `oci://${server.host}/team/built`, ...flags, '--destination', folder);
      expect(await readFile(join(folder, 'built-1.2.0+build.5.tgz'))).toEqual(await readFile(file));
    }
  });

  test('only an explicit version or --devel finds a pre-release', async () => {
    const helm = await client.loggedIn(server.host, ci);
    for (const version of ['1.0.0', '2.0.0-rc.1']) {
      await helm.publish({ name: 'ahead', version }, `oci://${server.host}/team`);
    }
    expect(await versionFound(helm, 'ahead')).toBe('1.0.0');
    expect(await versionFound(helm, 'ahead', '--version', '>=1.0.0')).toBe('1.0.0');
    expect(await versionFound(helm, 'ahead', '--version', '2.0.0-rc.1')).toBe('2.0.0-rc.1');
    expect(await versionFound(helm, 'ahead', '--devel')).toBe('2.0.0-rc.1');
  });

  test('a lenient version such as v1.15.0 is accepted and found by its name, and no range finds it', async () => {
    const helm = await client.loggedIn(server.host, ci);
    await helm.publish({ name: 'lenient', version: 'v1.15.0' }, `oci://${server.host}/team`);
    expect(await registry.tags('team/lenient')).toEqual(['v1.15.0']);
    expect(await versionFound(helm, 'lenient', '--version', 'v1.15.0')).toBe('v1.15.0');
    const screen = await helm.fail('show', 'chart', `oci://${server.host}/team/lenient`, '--version', '^1.0.0');
    expect(screen).toContain('lenient');
  });
});
