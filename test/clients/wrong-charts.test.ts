// Charts that other clients than helm push or tag: the same rule holds for them, and they print its reason.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChartArchive, chartArchive } from './support/chart-archive.ts';
import { ClientHome } from './support/client-home.ts';
import { clientPath, requireClient } from './support/found-clients.ts';
import { HELM_CONFIG, HELM_CONTENT, RegistryCaller } from './support/registry-caller.ts';
import { type Account, type ServerProcess, startServer } from './support/server-process.ts';

let server: ServerProcess;
let ci: Account;
let registry: RegistryCaller;

beforeAll(async () => {
  server = await startServer();
  ci = await server.addAccount('ci', { team: 'writer' });
  registry = new RegistryCaller(server.host, ci);
  await registry.pushChart('team/web', '1.0.0', await chartArchive({ name: 'web', version: '1.0.0' }));
});
afterAll(async () => server?.stop());

async function loggedInHome(): Promise<ClientHome> {
  const home = await ClientHome.make();
  await home.storeDockerLogin(server.host, ci);
  return home;
}

/** `oras push` of a config and a layer under helm's media types. @returns what oras printed when it was refused */
async function refusedPush(reference: string, chart: ChartArchive): Promise<string> {
  const home = await loggedInHome();
  await writeFile(join(home.folder, 'config.json'), chart.config);
  await writeFile(join(home.folder, 'chart.tgz'), chart.archive);
  return home.fail(requireClient('oras'), [
    'push',
    '--plain-http',
    `${server.host}/${reference}`,
    '--config',
    `config.json:${HELM_CONFIG}`,
    `chart.tgz:${HELM_CONTENT}`,
  ]);
}

describe.skipIf(clientPath('oras') === undefined)('oras push of a chart', () => {
  test('under another tag than its version is refused, naming both', async () => {
    const screen = await refusedPush('team/web:2.0.0', await chartArchive({ name: 'web', version: '1.5.0' }));
    expect(screen).toContain('manifest invalid');
    expect(screen).toContain('2.0.0');
    expect(screen).toContain('1.5.0');
    expect(await registry.tags('team/web')).toEqual(['1.0.0']);
  });

  test('into a repository with another name is refused, naming both', async () => {
    const screen = await refusedPush('team/shop:1.5.0', await chartArchive({ name: 'web', version: '1.5.0' }));
    expect(screen).toContain('team/shop');
    expect(screen).toContain('web');
    expect((await registry.tags('team/shop')) ?? []).toEqual([]);
  });

  test.each(['banana', 'latest'])('of version %s is refused with the reason', async (version) => {
    const screen = await refusedPush(`team/web:${version}`, await chartArchive({ name: 'web', version }));
    expect(screen).toContain('manifest invalid');
    expect(screen).toContain(`"${version}"`);
    expect(screen).toContain('version');
    expect(await registry.tags('team/web')).toEqual(['1.0.0']);
  });

  test('whose layer is no archive is refused as no chart', async () => {
    const { config } = await chartArchive({ name: 'web', version: '1.5.0' });
    const screen = await refusedPush('team/web:1.5.0', { config, archive: Buffer.from('these bytes are no chart') });
    expect(screen).toContain('manifest invalid');
    expect(screen).toContain('gzip');
    expect(await registry.tags('team/web')).toEqual(['1.0.0']);
  });

  test('whose config is no JSON is refused as no chart', async () => {
    const { archive } = await chartArchive({ name: 'web', version: '1.5.0' });
    const screen = await refusedPush('team/web:1.5.0', { config: Buffer.from('no json'), archive });
    expect(screen).toContain('manifest invalid');
    expect(screen).toContain('config');
  });

  test('whose config disagrees with the Chart.yaml inside is refused, naming what disagrees', async () => {
    const { config } = await chartArchive({ name: 'web', version: '1.5.0' });
    const { archive } = await chartArchive({ name: 'web', version: '1.6.0' });
    const screen = await refusedPush('team/web:1.5.0', { config, archive });
    expect(screen).toContain('manifest invalid');
    expect(screen).toContain('1.6.0');
    expect(screen).toContain('Chart.yaml');
  });

  test('over a published version is refused like with helm', async () => {
    const screen = await refusedPush(
      'team/web:1.0.0',
      await chartArchive({ name: 'web', version: '1.0.0', replicas: 2 }),
    );
    expect(screen).toContain('denied: web 1.0.0 is already published in team (');
    expect(screen).toContain('published versions never change');
  });
});

describe('tagging a published chart', () => {
  const CASES = [
    {
      program: 'oras',
      says: 'oras tag',
      parameters: (host: string, tag: string) => ['tag', '--plain-http', `${host}/team/web:1.0.0`, tag],
    },
    {
      program: 'crane',
      says: 'crane tag',
      parameters: (host: string, tag: string) => ['tag', '--insecure', `${host}/team/web:1.0.0`, tag],
    },
  ];
  for (const { program, says, parameters } of CASES) {
    describe.skipIf(clientPath(program) === undefined)(`with ${says}`, () => {
      test.each(['latest', 'banana', '9.9.9'])(
        'as %s is refused with the reason, because the chart is 1.0.0',
        async (tag) => {
          const home = await loggedInHome();
          const screen = await home.fail(requireClient(program), parameters(server.host, tag));
          expect(screen).toContain(tag);
          expect(screen).toContain('1.0.0');
          expect(await registry.tags('team/web')).toEqual(['1.0.0']);
        },
      );
    });
  }
});
