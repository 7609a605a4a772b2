// Yanking and deprecating by the command line, on the data folder and on a server.
import { afterAll, describe, expect, test } from 'vitest';
import { openDataFolder } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { pushChart } from '../support/artifacts.ts';
import { type Ended, runChartroom, temporaryFolder } from '../support/chartroom-process.ts';
import { AUTHOR } from '../support/manager.ts';
import { startRegistry } from '../support/start-registry.ts';
import { failure, success } from './registry-folder.ts';

const registry = await startRegistry();
const folder = await temporaryFolder();
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});
for (const version of ['1.0.0', '1.1.0+b', '1.2.0']) await pushChart(registry, 'team/web', { name: 'web', version });

async function local(...words: readonly string[]): Promise<Ended> {
  return await runChartroom([...words, '--data-dir', registry.dataDir], { folder: folder.path });
}

async function tags(): Promise<unknown> {
  const answer = await registry.request('GET', '/v2/team/web/tags/list');
  return ((await answer.json()) as { readonly tags: unknown }).tags;
}

async function warning(tag: string): Promise<string | null> {
  return (await registry.request('HEAD', `/v2/team/web/manifests/${tag}`)).headers.get('warning');
}

describe('on the data folder, while the server runs', () => {
  test('a version is yanked with its reason and replacement, and let back', async () => {
    expect(
      await local('yank', 'team/web', '1.1.0+b', '--reason', 'loses data, see #7', '--replacement', '1.2.0'),
    ).toEqual(success('team/web 1.1.0+b is yanked: "chartroom unyank team/web 1.1.0+b" takes that back'));
    expect(await tags()).toEqual(['1.0.0', '1.2.0']);
    expect(await warning('1.1.0_b')).toBe('299 - "team/web 1.1.0+b is yanked: loses data, see #7; use 1.2.0 instead"');
    expect(await local('unyank', '/team/web/', '1.1.0+b')).toEqual(success('team/web 1.1.0+b is not yanked any more'));
    expect(await tags()).toEqual(['1.0.0', '1.1.0_b', '1.2.0']);
  });

  test('a version, or all of a chart, is deprecated, and that is taken back', async () => {
    expect(await local('deprecate', 'team/web', '1.0.0', '--replacement', '1.2.0')).toEqual(
      success('team/web 1.0.0 is deprecated: "chartroom undeprecate team/web 1.0.0" takes that back'),
    );
    expect(await local('deprecate', 'team/web', '--reason', 'nobody maintains it')).toEqual(
      success('team/web is deprecated: "chartroom undeprecate team/web" takes that back'),
    );
    expect([await warning('1.0.0'), await warning('1.2.0')]).toEqual([
      '299 - "team/web 1.0.0 is deprecated; use 1.2.0 instead"',
      '299 - "team/web is deprecated: nobody maintains it"',
    ]);
    expect(await local('undeprecate', 'team/web')).toEqual(success('team/web is not deprecated any more'));
    expect(await local('undeprecate', 'team/web', '1.0.0')).toEqual(
      success('team/web 1.0.0 is not deprecated any more'),
    );
    expect([await warning('1.0.0'), await warning('1.2.0')]).toEqual([null, null]);
  });

  test('--json prints what is said now', async () => {
    const { stdout } = await local('deprecate', 'team/web', '1.0.0', '--reason', 'old', '--json');
    expect(JSON.parse(stdout)).toEqual({
      ...{ kind: 'deprecated', about: 'version', reason: 'old', replacement: '' },
      ...{ createdAt: expect.any(String), createdBy: expect.any(String) },
    });
    await local('undeprecate', 'team/web', '1.0.0');
  });
});

test('one opposite does not take back the other', async () => {
  await local('deprecate', 'team/web', '1.0.0');
  expect(await local('unyank', 'team/web', '1.0.0')).toEqual(failure('team/web:1.0.0 is deprecated, and not yanked'));
  expect(await warning('1.0.0')).toBe('299 - "team/web 1.0.0 is deprecated"');
  await local('undeprecate', 'team/web', '1.0.0');
  expect(await local('undeprecate', 'team/web', '1.0.0')).toEqual(failure('team/web:1.0.0 is not deprecated'));
});

test.each([
  [['yank', 'team/web'], 'usage: chartroom yank CHART VERSION [--reason TEXT] [--replacement TEXT]'],
  [['yank', 'team/web', '9.9.9'], 'team/web has no version with the tag "9.9.9"'],
  [
    ['deprecate', 'team/none'],
    "there is no repository team/none: nothing was ever pushed to it (helm appends the chart's name to the path it pushes to)",
  ],
  [['yank', 'team/web', '1.0.0', '--reason', 'two\nlines'], '"reason" in the body must not have control characters'],
  [
    ['yank', 'team/web', '1.0.0', '--reason', 'x'.repeat(501)],
    '"reason" in the body must not have more than 500 characters',
  ],
  [
    ['yank', 'team//web', '1.0.0'],
    '"team//web" is no name of a chart: write it as "chartroom chart list" shows it, such as team/web',
  ],
])('%o is refused with the reason', async (words, message) => {
  expect(await local(...words)).toEqual(failure(message));
});

test('on a server it takes the right to delete, and not to manage', async () => {
  const config = { ...loadConfig({ flags: {}, environment: {} }), dataDir: registry.dataDir };
  await using data = await openDataFolder(config);
  const tokenOf = async (name: string, role: 'maintainer' | 'writer') => {
    await data.accounts.users.add({ name, password: `${name}-password`, administrator: false }, AUTHOR);
    await data.accounts.grants.put({ holder: 'user', name, namespace: 'team', role }, AUTHOR);
    const asked = { name: 'cli', management: true, expiresAt: null, scopes: null };
    return (await data.accounts.personalTokens.add(name, asked, AUTHOR)).secret;
  };
  const remote = async (token: string, ...words: readonly string[]) =>
    await runChartroom([...words, '--server', registry.url], {
      folder: folder.path,
      environment: { CHARTROOM_TOKEN: token },
    });
  const writer = await tokenOf('wim', 'writer');
  expect((await remote(writer, 'yank', 'team/web', '1.2.0')).stderr).toMatch(
    /^chartroom: wim may not delete from team\/web: /,
  );
  const maintainer = await tokenOf('mia', 'maintainer');
  expect(await remote(maintainer, 'yank', 'team/web', '1.2.0')).toMatchObject({ code: 0, stderr: '' });
  expect(await tags()).not.toContain('1.2.0');
  expect(await remote(maintainer, 'unyank', 'team/web', '1.2.0')).toMatchObject({ code: 0, stderr: '' });
});
