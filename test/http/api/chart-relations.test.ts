// What a version depends on, and what depends on a chart, as far as the caller may know.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packTar } from '../../support/chart-builder.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi } from './support/api.ts';
import { type NewChart, publish, putNotice, setNamespace } from './support/charts.ts';
import { addUser } from './support/people.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);
const HOST = registry.url.slice('http://'.length);
let eve = '';

function dependingOn(...dependencies: readonly object[]): NewChart {
  return { metadata: { dependencies: dependencies as never } };
}

beforeAll(async () => {
  eve = await addUser(registry, 'eve');
  await setNamespace(registry, { path: 'open', visibility: 'public' });
  for (const version of ['1.0.0', '1.1.0', '1.2.0', '2.0.0', '3.0.0-rc.1'])
    await publish(registry, 'open/common', version);
  await putNotice(registry, 'open/common', '1.2.0', { kind: 'yanked' });
  await publish(registry, 'private/hidden', '1.0.0');
});

describe('dependencies', () => {
  const APP = '/charts/open/app/-/versions/1.0.0/dependencies';
  const PLAIN = { alias: null, condition: null, locked: null, bundled: null };
  const ABSENT = { ...PLAIN, newestAllowed: null, newest: null, outdated: false };

  beforeAll(async () => {
    const bundled = gzipSync(
      await packTar([{ name: 'bundled/Chart.yaml', content: 'apiVersion: v2\nname: bundled\nversion: 4.5.6\n' }]),
    );
    const lock = [
      'dependencies:',
      `- { name: common, repository: "oci://${HOST}/open", version: 1.0.0 }`,
      `- { name: common, repository: "oci://${HOST}/open", version: 2.0.0 }`,
      '- { name: bundled, repository: "", version: 4.5.6 }',
      'digest: sha256:abc',
    ];
    const files = { 'Chart.lock': lock.join('\n'), 'charts/bundled-4.5.6.tgz': bundled as unknown as string };
    await publish(registry, 'open/app', '1.0.0', {
      ...dependingOn(
        { name: 'common', version: '^1', repository: `oci://${HOST}/open`, condition: 'common.enabled' },
        { name: 'common', version: '>=2', repository: `http://${HOST}/open`, alias: 'second' },
        { name: 'bundled', version: '~4.5', repository: '' },
        { name: 'common', version: '^9', repository: `oci://${HOST}/open/`, alias: 'none' },
        { name: 'common', version: '1.2.0', repository: `oci://${HOST}/open`, alias: 'exact' },
        { name: 'hidden', version: '^1', repository: `oci://${HOST}/private` },
        { name: 'absent', version: '^1', repository: `oci://${HOST}/private` },
        { name: 'redis', version: '^1', repository: 'https://charts.example.com' },
        { name: 'named', version: '^1', repository: '@open' },
        { name: 'beside', version: 'nonsense', repository: 'file://../beside' },
      ),
      files,
    });
  });

  test('come in the order of Chart.yaml, each with where it is and what its range admits today', async () => {
    const here = { place: 'here', chart: 'open/common' };
    expect(await api.all(APP, { as: eve })).toEqual([
      {
        ...{
          ...PLAIN,
          ...here,
          name: 'common',
          range: '^1',
          location: `oci://${HOST}/open`,
          condition: 'common.enabled',
        },
        ...{ newestAllowed: '1.1.0', newest: '2.0.0', outdated: true, locked: '1.0.0' },
      },
      {
        ...{ ...PLAIN, ...here, name: 'common', alias: 'second', range: '>=2', location: `http://${HOST}/open` },
        ...{ newestAllowed: '2.0.0', newest: '2.0.0', outdated: false, locked: '2.0.0' },
      },
      {
        ...{ ...ABSENT, name: 'bundled', range: '~4.5', location: '', place: 'local', chart: null },
        ...{ locked: '4.5.6', bundled: '4.5.6' },
      },
      {
        ...{ ...PLAIN, ...here, name: 'common', alias: 'none', range: '^9', location: `oci://${HOST}/open/` },
        ...{ newestAllowed: null, newest: '2.0.0', outdated: true, locked: '1.0.0' },
      },
      {
        // An exact version is found though it is yanked.
        ...{ ...PLAIN, ...here, name: 'common', alias: 'exact', range: '1.2.0', location: `oci://${HOST}/open` },
        ...{ newestAllowed: '1.2.0', newest: '2.0.0', outdated: true, locked: '1.0.0' },
      },
      {
        ...{ ...ABSENT, name: 'hidden', range: '^1', location: `oci://${HOST}/private` },
        ...{ place: 'here', chart: 'private/hidden' },
      },
      {
        ...{ ...ABSENT, name: 'absent', range: '^1', location: `oci://${HOST}/private` },
        ...{ place: 'here', chart: 'private/absent' },
      },
      {
        ...{ ...ABSENT, name: 'redis', range: '^1', location: 'https://charts.example.com' },
        ...{ place: 'elsewhere', chart: null },
      },
      { ...ABSENT, name: 'named', range: '^1', location: '@open', place: 'alias', chart: null },
      { ...ABSENT, name: 'beside', range: 'nonsense', location: 'file://../beside', place: 'local', chart: null },
    ]);
  });

  test('come in pages', async () => {
    const whole = await api.all(APP);
    for (const limit of [1, 3, 10]) expect(await api.all(`${APP}?limit=${limit}`)).toEqual(whole);
  });

  test('that are private tell of their versions only who may read them', async () => {
    const hidden = async (as?: string) =>
      (await api.all(APP, as === undefined ? {} : { as })).find(({ name }) => name === 'hidden');
    expect(await hidden()).toMatchObject({ newestAllowed: '1.0.0', newest: '1.0.0' });
    expect(await hidden(eve)).toMatchObject({ newestAllowed: null, newest: null });
  });

  test('of a chart without any are none', async () => {
    expect(await api.all('/charts/open/common/-/versions/1.0.0/dependencies')).toEqual([]);
  });
});

describe('dependents', () => {
  const COMMON = '/charts/open/common/-/dependents';

  beforeAll(async () => {
    const common = { name: 'common', repository: `oci://${HOST}/open` };
    await publish(registry, 'open/a', '1.0.0', dependingOn({ ...common, version: '^2' }));
    await publish(registry, 'open/a', '1.1.0', dependingOn({ ...common, version: '^1' }));
    await publish(
      registry,
      'open/b',
      '1.0.0',
      dependingOn({ ...common, version: '>=1', alias: 'x' }, { ...common, version: '^9', alias: 'y' }),
    );
    // Its newest version does not depend on it any more.
    await publish(registry, 'open/c', '1.0.0', dependingOn({ ...common, version: '^1' }));
    await publish(registry, 'open/c', '2.0.0');
    await publish(registry, 'open/d', '1.0.0', dependingOn({ ...common, version: '^1', repository: '@open' }));
    await publish(
      registry,
      'open/e',
      '1.0.0',
      dependingOn({ ...common, version: '^1', repository: 'https://charts.example.com/open' }),
    );
    await publish(
      registry,
      'open/f',
      '1.0.0',
      dependingOn({ ...common, version: '^1', repository: `oci://${HOST}/elsewhere` }),
    );
    await publish(
      registry,
      'private/g',
      '1.0.0',
      dependingOn({ ...common, version: '2.0.0', repository: `http://${HOST}/open` }),
    );
  });

  const of = (...charts: readonly string[]) => charts.map((chart) => expect.objectContaining({ chart }));

  test('are the charts whose newest version has an address that leads here', async () => {
    expect(await api.all(COMMON)).toEqual([
      {
        ...{ chart: 'open/a', version: '1.1.0' },
        ranges: [
          { range: '^1', location: `oci://${HOST}/open`, certain: true, newestAllowed: '1.1.0', allowsNewest: false },
        ],
      },
      // Every entry of that name with such an address, and none of another name.
      {
        ...{ chart: 'open/app', version: '1.0.0' },
        ranges: ['^1', '>=2', '^9', '1.2.0'].map((range) => expect.objectContaining({ range, certain: true })),
      },
      {
        ...{ chart: 'open/b', version: '1.0.0' },
        ranges: [
          { range: '>=1', location: `oci://${HOST}/open`, certain: true, newestAllowed: '2.0.0', allowsNewest: true },
          { range: '^9', location: `oci://${HOST}/open`, certain: true, newestAllowed: null, allowsNewest: false },
        ],
      },
      {
        ...{ chart: 'open/d', version: '1.0.0' },
        ranges: [{ range: '^1', location: '@open', certain: false, newestAllowed: '1.1.0', allowsNewest: false }],
      },
      {
        ...{ chart: 'private/g', version: '1.0.0' },
        ranges: [
          {
            range: '2.0.0',
            location: `http://${HOST}/open`,
            certain: true,
            newestAllowed: '2.0.0',
            allowsNewest: true,
          },
        ],
      },
    ]);
  });

  test('that are private are known to those who may read them', async () => {
    const open = of('open/a', 'open/app', 'open/b', 'open/d');
    for (const limit of [1, 2, 100]) {
      expect(await api.all(`${COMMON}?limit=${limit}`)).toEqual([...open, ...of('private/g')]);
      expect(await api.all(`${COMMON}?limit=${limit}`, { as: eve })).toEqual(open);
      expect(await api.all(`${COMMON}?limit=${limit}`, { as: undefined })).toEqual(open);
    }
  });

  test('can be those whose ranges admit a version', async () => {
    const admitting = async (version: string) =>
      (await api.all(`${COMMON}?version=${version}`)).map(({ chart }) => chart);
    expect(await admitting('1.0.0')).toEqual(['open/a', 'open/app', 'open/b', 'open/d']);
    expect(await admitting('2.0.0')).toEqual(['open/app', 'open/b', 'private/g']);
    expect(await admitting('9.1.0')).toEqual(['open/app', 'open/b']);
    expect(await admitting('1.0.0_7')).toEqual(['open/a', 'open/app', 'open/b', 'open/d']);
    expect(await admitting('0.1.0')).toEqual([]);
    expect(await admitting('nonsense')).toEqual([]);
  });

  test('come back with an older version, when the newest is yanked', async () => {
    expect(await api.all('/charts')).toContainEqual(expect.objectContaining({ chart: 'open/c', version: '2.0.0' }));
    expect(await api.all(COMMON)).not.toContainEqual(expect.objectContaining({ chart: 'open/c' }));
    await putNotice(registry, 'open/c', '2.0.0', { kind: 'yanked' });
    expect(await api.all(COMMON)).toContainEqual(expect.objectContaining({ chart: 'open/c', version: '1.0.0' }));
  });

  test('are none of a chart that nobody depends on', async () => {
    expect(await api.all('/charts/open/a/-/dependents')).toEqual([]);
    expect((await api.send('GET', '/charts/open/none/-/dependents')).status).toBe(404);
  });
});
