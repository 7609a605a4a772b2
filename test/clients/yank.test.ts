// Yanked and deprecated versions with real clients: who still gets them, who does not, and who is told.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chartArchive } from './support/chart-archive.ts';
import { ClientHome } from './support/client-home.ts';
import { clientPath, describeWalk, requireClient } from './support/found-clients.ts';
import type { Helm } from './support/helm.ts';
import { RegistryCaller } from './support/registry-caller.ts';
import { type Account, ADMINISTRATOR, type ServerProcess, startServer } from './support/server-process.ts';

let server: ServerProcess;
let ci: Account;
let registry: RegistryCaller;

beforeAll(async () => {
  server = await startServer();
  ci = await server.addAccount('ci', { team: 'writer' });
  registry = new RegistryCaller(server.host, ADMINISTRATOR);
});
afterAll(async () => server?.stop());

describeWalk((client) => {
  const chart = `web-${client.version.replaceAll('.', '-')}`;
  let helm: Helm;
  const files = new Map<string, string>();

  async function found(...flags: readonly string[]): Promise<string | undefined> {
    const output = await helm.output('show', 'chart', `oci://${server.host}/team/${chart}`, ...flags);
    return /^version: (.+)$/m.exec(output)?.[1];
  }

  beforeAll(async () => {
    helm = await client.loggedIn(server.host, ci);
    for (const version of ['1.0.0', '1.1.0', '1.1.1']) {
      files.set(version, await helm.publish({ name: chart, version }, `oci://${server.host}/team`));
    }
    await server.manage('yank', `team/${chart}`, '1.1.1', '--reason', 'loses data', '--replacement', '1.1.0');
  });

  test('neither a range nor the newest version is a yanked one', async () => {
    expect([await found(), await found('--version', '^1.0.0'), await found('--version', '~1.1.0')]).toEqual([
      ...['1.1.0', '1.1.0', '1.1.0'],
    ]);
    expect(await registry.tags(`team/${chart}`)).toEqual(['1.0.0', '1.1.0']);
  });

  test('by its exact version it is pulled, byte for byte, and by its digest', async () => {
    const digest = await registry.digestOf(`team/${chart}`, '1.1.1');
    const reference = `oci://${server.host}/team/${chart}`;
    const folder = await helm.home.makeFolder('pulled');
    await helm.succeed('pull', reference, '--version', '1.1.1', '--destination', folder);
    expect(await readFile(join(folder, `${chart}-1.1.1.tgz`))).toEqual(await readFile(files.get('1.1.1') ?? ''));
    if (client.readsVersionInReference) {
      const output = await helm.output('show', 'chart', `${reference}@${digest}`);
      expect(output).toContain('version: 1.1.1\n');
    }
  });

  test('pushing it again is accepted, and it stays yanked', async () => {
    await helm.succeed('push', files.get('1.1.1') ?? '', `oci://${server.host}/team`);
    expect(await found()).toBe('1.1.0');
  });

  test('a range that only it fits finds nothing, until it is let back', async () => {
    const screen = await helm.fail('show', 'chart', `oci://${server.host}/team/${chart}`, '--version', '>=1.1.1');
    expect(screen).toMatch(/could not locate a version/i);
    await server.manage('unyank', `team/${chart}`, '1.1.1');
    expect(await found('--version', '>=1.1.1')).toBe('1.1.1');
  });
});

describe('who pulls a yanked or deprecated version by another client is told why', () => {
  let home: ClientHome;
  const at = (tag: string) => `${server.host}/team/db:${tag}`;

  beforeAll(async () => {
    home = await ClientHome.make();
    await home.storeDockerLogin(server.host, ci);
    for (const version of ['1.0.0', '1.1.0']) {
      await registry.pushChart('team/db', version, await chartArchive({ name: 'db', version }));
    }
    await server.manage('yank', 'team/db', '1.0.0', '--reason', 'loses data', '--replacement', '1.1.0');
    await server.manage('deprecate', 'team/db', '--replacement', 'team/db2');
  });

  const YANKED = 'team/db 1.0.0 is yanked: loses data; use 1.1.0 instead';
  const DEPRECATED = 'team/db is deprecated; use team/db2 instead';

  test.skipIf(clientPath('oras') === undefined)('oras', async () => {
    const folder = await home.makeFolder('pulled');
    const pull = (tag: string) =>
      home.succeed(requireClient('oras'), ['pull', '--plain-http', at(tag), '--output', folder]);
    expect(await pull('1.0.0')).toContain(YANKED);
    expect(await pull('1.1.0')).toContain(DEPRECATED);
  });

  test.skipIf(clientPath('crane') === undefined)('crane', async () => {
    const read = (tag: string) => home.succeed(requireClient('crane'), ['manifest', '--insecure', at(tag)]);
    expect(await read('1.0.0')).toContain(YANKED);
    expect(await read('1.1.0')).toContain(DEPRECATED);
  });
});
