// Which version stands for a range: what CI pins.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi } from './support/api.ts';
import { publish, putNotice } from './support/charts.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);

const VERSIONS = ['1.0.0', '1.1.0', '1.2.0', '1.3.0-rc.1', '1.2.0+7', '2.0.0', '3.0.0-beta', 'v4.0.0', '0.1.0'];

beforeAll(async () => {
  for (const version of VERSIONS) await publish(registry, 'team/web', version);
  await publish(registry, 'team/web', '1.2.1', { provenance: 'signed', metadata: { deprecated: true } });
  await putNotice(registry, 'team/web', '2.0.0', { kind: 'yanked', reason: 'loses data', replacement: '1.2.1' });
  await publish(registry, 'team/next', '1.0.0-rc.1');
  await publish(registry, 'team/loose', 'v1.0.0');
  await publish(registry, 'team/past', '1.0.0');
  await putNotice(registry, 'team/past', '1.0.0', { kind: 'yanked' });
});

function address(range: string | undefined, rest = '', chart = 'team/web'): string {
  const query = range === undefined ? '' : `range=${encodeURIComponent(range)}`;
  return `/charts/${chart}/-/resolve?${query}${rest}`;
}

test('a range is answered with what pins the version', async () => {
  const { body } = await api.send<Readonly<Record<string, string>>>('GET', address('^1'));
  const manifest = await registry.request('HEAD', '/v2/team/web/manifests/1.2.1');
  const { layers } = (await (await registry.request('GET', '/v2/team/web/manifests/1.2.1')).json()) as {
    layers: { digest: string; size: number; mediaType: string }[];
  };
  const archive = layers.find(({ mediaType }) => mediaType.includes('content'));
  expect(body).toEqual({
    ...{ chart: 'team/web', range: '^1', version: '1.2.1', tag: '1.2.1', size: archive?.size, appVersion: null },
    digest: manifest.headers.get('docker-content-digest'),
    contentDigest: archive?.digest,
    ...{ createdAt: expect.stringMatching(/Z$/), createdBy: 'admin', prerelease: false, yanked: false, notice: null },
    ...{ signed: true, deprecated: true },
    pinnedReference: `oci://${registry.url.slice(7)}/team/web@${body.digest}`,
  });
});

describe('the answer is what helm would choose', () => {
  test.each([
    [undefined, '', '1.2.1'],
    ['*', '', '1.2.1'],
    ['~1.1', '', '1.1.0'],
    ['1.x', '', '1.2.1'],
    ['>=1.0 <1.2', '', '1.1.0'],
    ['^0', '', '0.1.0'],
    ['1.0 - 1.1', '', '1.1.0'],
    // These are texts for which helm asks a registry literally, and a classic repository as ranges.
    ['1', '', '1.2.1'],
    ['1.1', '', '1.1.0'],
    ['v1.1', '', '1.1.0'],
    ['=1.2.0', '', '1.2.0+7'],
    ['^1', '&prerelease=true', '1.3.0-rc.1'],
    ['^1', '&prerelease=false', '1.2.1'],
    ['^1.0.0-0', '', '1.3.0-rc.1'],
    [undefined, '&prerelease=true', '3.0.0-beta'],
    ['>0.0.0-0', '', '3.0.0-beta'],
    ['^3', '&prerelease=true', undefined],
    ['^3.0.0-0', '', '3.0.0-beta'],
  ])('%s%s is %s', async (range, rest, version) => {
    const { status, body } = await api.send('GET', address(range, rest));
    expect([status, body.version]).toEqual(version === undefined ? [404, undefined] : [200, version]);
  });
});

describe('a version is found by its own name', () => {
  test.each([
    ['1.0.0', '1.0.0'],
    ['1.3.0-rc.1', '1.3.0-rc.1'],
    ['1.2.0+7', '1.2.0+7'],
    ['1.2.0_7', '1.2.0+7'],
    ['v4.0.0', 'v4.0.0'],
    // Not the range =1.2.0, which admits the build above it too.
    ['1.2.0', '1.2.0'],
  ])('%s', async (text, version) => {
    expect((await api.send('GET', address(text))).body).toMatchObject({ version, yanked: false });
  });

  test('also when the "+" in the address means a space', async () => {
    const { body } = await api.send('GET', '/charts/team/web/-/resolve?range=1.2.0+7');
    expect(body).toMatchObject({ version: '1.2.0+7', range: '1.2.0 7' });
  });

  test('and when it is yanked, which is said', async () => {
    expect((await api.send('GET', address('2.0.0'))).body).toMatchObject({
      ...{ version: '2.0.0', yanked: true },
      notice: { kind: 'yanked', reason: 'loses data', replacement: '1.2.1' },
    });
    expect((await api.send('GET', address('^2'))).status).toBe(404);
  });
});

describe('where nothing fits, the refusal says what there is', () => {
  test.each([
    [address('^9'), 'no version of team/web is in the range "^9": its newest is 1.2.1'],
    [
      address('^2'),
      'no version of team/web is in the range "^2": its newest is 1.2.1; 2.0.0 is yanked, so only its exact name finds it',
    ],
    [
      address('>2.0.0'),
      'no version of team/web is in the range ">2.0.0": its newest is 1.2.1; 3.0.0-beta would be, with prerelease=true',
    ],
    [
      address('^4'),
      'no version of team/web is in the range "^4": its newest is 1.2.1; v4.0.0 is not strict SemVer, so only its exact name finds it',
    ],
    [address('^1', '', 'team/next'), 'no version of team/next is in the range "^1": its newest is 1.0.0-rc.1'],
    [
      address(undefined, '', 'team/next'),
      'no version of team/next is in the range "*": its newest is 1.0.0-rc.1; 1.0.0-rc.1 would be, with prerelease=true',
    ],
    [
      address('^1', '', 'team/loose'),
      'no version of team/loose is in the range "^1": its newest is v1.0.0; v1.0.0 is not strict SemVer, so only its exact name finds it',
    ],
    [
      address('^1', '', 'team/past'),
      'no version of team/past is in the range "^1": all of its versions are yanked; 1.0.0 is yanked, so only its exact name finds it',
    ],
    [address('9.9.9'), 'no version of team/web is in the range "9.9.9": its newest is 1.2.1'],
    [address('^1', '', 'team/none'), 'there is no chart team/none, or no version of it any more'],
  ])('%s', async (path, detail) => {
    expect(await api.refusal(404, 'GET', path)).toBe(detail);
  });
});

test.each([
  ['latest', 400, /^"latest" is no range of versions: write it like "\^1\.2"/],
  ['>>1', 400, /is no range of versions/],
  ['1.0.0 || ', 400, /is no range of versions/],
  ['', 400, /must not have fewer than 1 characters/],
  ['1'.repeat(513), 400, /must not have more than 512 characters/],
  ['\u0000', 400, /must not have control characters/],
  ['\u202e^1', 400, /^"\?\^1" is no range of versions/],
])('what is no range is refused: %j', async (range, status, detail) => {
  expect(await api.refusal(status, 'GET', address(range))).toMatch(detail);
});

test('a misspelled parameter is refused, and not ignored', async () => {
  expect(await api.refusal(400, 'GET', address('^1', '&prereleases=true'))).toBe(
    'the query has what is not known here: "prereleases"',
  );
  expect(await api.refusal(400, 'GET', address('^1', '&prerelease=1'))).toBe(
    '"prerelease" in the query must be one of "true", "false"',
  );
});
