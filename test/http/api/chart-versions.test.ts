// The versions of a chart, the newest first.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestClock } from '../../support/clock.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi, type Page } from './support/api.ts';
import { publish, pull, putNotice, setNamespace } from './support/charts.ts';

const clock = new TestClock('2026-11-23T10:00:00Z');
const registry = await startRegistry({}, clock);
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);

const VERSIONS = ['1.9.0', '1.10.0', '1.10.1-rc.2', '1.10.1-rc.10', '1.10.1', '2.0.0-beta', '1.2.0+7', 'v0.9.0'];
const IN_ORDER = ['2.0.0-beta', '1.10.1', '1.10.1-rc.10', '1.10.1-rc.2', '1.9.0', '1.2.0+7', 'v0.9.0'];
const WEB = '/charts/team/web/-/versions';
type Version = Readonly<Record<string, unknown>>;

beforeAll(async () => {
  await setNamespace(registry, { path: 'team', floatingTags: true });
  for (const version of VERSIONS) {
    await publish(registry, 'team/web', version, { metadata: { appVersion: `app ${version}` } });
    clock.advance(1_000);
  }
  await putNotice(registry, 'team/web', '1.10.0', { kind: 'yanked', reason: 'loses data', replacement: '1.10.1' });
  await putNotice(registry, 'team/web', '1.9.0', { kind: 'deprecated' });
});

async function versionsOf(query: string): Promise<readonly unknown[]> {
  return (await api.all<Version>(`${WEB}${query}`)).map(({ version }) => version);
}

test('come by SemVer, without those that are yanked, in pages of any size', async () => {
  for (const limit of [1, 2, 3, 100]) expect(await versionsOf(`?limit=${limit}`)).toEqual(IN_ORDER);
});

test('have everything that tells one from the other', async () => {
  const [first, second] = await api.all<Version>(`${WEB}?limit=100`);
  expect(first).toEqual({
    ...{ version: '2.0.0-beta', tag: '2.0.0-beta', prerelease: true, deprecated: false, yanked: false, notice: null },
    digest: expect.stringMatching(/^sha256:/),
    contentDigest: expect.stringMatching(/^sha256:/),
    ...{ createdAt: '2026-11-23T10:00:05.000Z', createdBy: 'admin', signed: false, size: expect.any(Number) },
    ...{ appVersion: 'app 2.0.0-beta', pulls: 0, floatingTags: [] },
  });
  expect(second).toMatchObject({ version: '1.10.1', prerelease: false, floatingTags: ['1', '1.10'] });
});

test('have a tag in which "+" is "_"', async () => {
  expect(await api.all<Version>(WEB)).toContainEqual(expect.objectContaining({ version: '1.2.0+7', tag: '1.2.0_7' }));
});

test('say what their notices say', async () => {
  const notice = { about: 'version', createdBy: 'admin', createdAt: '2026-11-23T10:00:08.000Z' };
  const [yanked] = await api.all<Version>(`${WEB}?yanked=true`);
  expect(yanked).toMatchObject({
    ...{ version: '1.10.0', yanked: true, deprecated: false, floatingTags: [] },
    notice: { ...notice, kind: 'yanked', reason: 'loses data', replacement: '1.10.1' },
  });
  const deprecated = (await api.all<Version>(WEB)).filter((version) => version.deprecated);
  expect(deprecated).toEqual([
    expect.objectContaining({
      ...{ version: '1.9.0', yanked: false },
      notice: { ...notice, kind: 'deprecated', reason: '', replacement: '' },
    }),
  ]);
});

describe('that are yanked', () => {
  test.each([
    ['', IN_ORDER],
    ['&yanked=false', IN_ORDER],
    ['&yanked=true', ['1.10.0']],
    ['&yanked=any', IN_ORDER.toSpliced(4, 0, '1.10.0')],
  ])('are left out, alone, or among the others: %s', async (query, expected) => {
    for (const limit of [1, 3, 100]) expect(await versionsOf(`?limit=${limit}${query}`)).toEqual(expected);
  });
});

describe('of a range', () => {
  test.each([
    ['^1', ['1.10.1', '1.9.0', '1.2.0+7']],
    ['>=1.10.1-0', ['2.0.0-beta', '1.10.1', '1.10.1-rc.10', '1.10.1-rc.2']],
    ['~1.10', ['1.10.1']],
    ['<1', []],
    ['>9', []],
  ])('are those that helm would find in it: %s', async (range, expected) => {
    for (const limit of [1, 2, 100]) {
      expect(await versionsOf(`?limit=${limit}&range=${encodeURIComponent(range)}`)).toEqual(expected);
    }
  });

  test('can be those that are yanked', async () => {
    expect(await versionsOf('?range=~1.10&yanked=true')).toEqual(['1.10.0']);
    expect(await versionsOf('?range=~1.10&yanked=any')).toEqual(['1.10.1', '1.10.0']);
  });

  test('are not looked for when it is none', async () => {
    expect(await api.refusal(400, 'GET', `${WEB}?range=latest`)).toMatch(/^"latest" is no range of versions/);
    expect(await api.refusal(400, 'GET', `${WEB}?range=`)).toBe(
      '"range" in the query must not have fewer than 1 characters',
    );
    expect(await api.refusal(400, 'GET', `${WEB}?yanked=yes`)).toBe(
      '"yanked" in the query must be one of "false", "true", "any"',
    );
  });
});

test('of a chart that is not there are not simply none', async () => {
  const detail = 'there is no chart team/none, or no version of it any more';
  const paths = ['', '?range=^1', '/1.0.0', '/1.0.0/files', '/1.0.0/files/README.md', '/1.0.0/dependencies'];
  for (const path of paths) expect(await api.refusal(404, 'GET', `/charts/team/none/-/versions${path}`)).toBe(detail);
});

test('floating tags are marks on versions, and never versions of their own', async () => {
  const tags = (await api.all<Version>(`${WEB}?yanked=any`)).flatMap(({ version, floatingTags }) =>
    (floatingTags as readonly string[]).map((tag) => `${tag} ${version}`),
  );
  expect(tags).toEqual(['1 1.10.1', '1.10 1.10.1', '1.9 1.9.0', '1.2 1.2.0+7']);
  expect((await api.send('GET', '/charts/team/web')).body).toMatchObject({
    floatingTags: [
      { tag: '1', version: '1.10.1' },
      { tag: '1.10', version: '1.10.1' },
      { tag: '1.2', version: '1.2.0+7' },
      { tag: '1.9', version: '1.9.0' },
    ],
  });
  expect(await api.refusal(404, 'GET', `${WEB}/1.10`)).toBe(
    'team/web has no version "1.10": 1.10 is a floating tag, ask team/web/-/resolve?range=1.10 where it points',
  );
});

test('pulls are counted for the version whose archive was fetched', async () => {
  await pull(registry, 'team/web', '1.2.0+7', 3);
  await pull(registry, 'team/web', '1.9.0');
  await registry.restart();
  const pulls = (await api.all<Version>(WEB)).filter((version) => version.pulls !== 0);
  expect(pulls.map((version) => [version.version, version.pulls])).toEqual([
    ['1.9.0', 1],
    ['1.2.0+7', 3],
  ]);
  expect((await api.send('GET', '/charts/team/web')).body).toMatchObject({ pulls: 4 });
});

test('a page goes on where it ended, whatever was published meanwhile', async () => {
  const { next = '' } = (await api.send<Page<Version>>('GET', `${WEB}?limit=2`)).body;
  await publish(registry, 'team/web', '9.0.0');
  await publish(registry, 'team/web', '1.3.0');
  const rest = (await api.all<Version>(next)).map(({ version }) => version);
  expect(rest).toEqual(['1.10.1-rc.10', '1.10.1-rc.2', '1.9.0', '1.3.0', '1.2.0+7', 'v0.9.0']);
});

test.each([
  'x',
  ...['["a","b"]', '[1]', '["x"]', '["a1b12a0"]', '["a1b12a0~ü"]'].map((key) => Buffer.from(key).toString('base64url')),
])('a cursor that was made up is refused: %s', async (cursor) => {
  expect(await api.refusal(400, 'GET', `${WEB}?cursor=${cursor}`)).toMatch(/^the cursor is none of this list/);
});
