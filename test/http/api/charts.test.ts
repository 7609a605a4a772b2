// Charts, the namespaces that hold them, and one of them: to everybody what they may read, and no word of anything else.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pushArtifact } from '../../support/artifacts.ts';
import { TestClock } from '../../support/clock.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi, type Page } from './support/api.ts';
import { publish, putNotice, setNamespace } from './support/charts.ts';
import { addUser } from './support/people.ts';

const clock = new TestClock('2026-11-23T10:00:00Z');
const registry = await startRegistry({}, clock);
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);
const nobody = { as: undefined };

let ann = '';
let eve = '';

beforeAll(async () => {
  ann = await addUser(registry, 'ann', { team: 'writer' });
  eve = await addUser(registry, 'eve');
  await setNamespace(registry, { path: 'open', visibility: 'public' });
  await publish(registry, 'open/web', '1.0.0', {
    metadata: {
      description: 'Serves pages',
      appVersion: '2.4',
      type: 'application',
      icon: 'https://example.com/web.png',
      home: 'https://example.com',
      kubeVersion: '>=1.30',
      keywords: ['http', 'pages'],
      sources: ['https://example.com/source'],
      maintainers: [{ name: 'Ann', email: 'ann@example.com' }, { url: 'https://example.com/ben' }],
      annotations: { category: 'Server' },
    },
  });
  clock.advance(60_000);
  await publish(registry, 'open/web', '0.9.1');
  await publish(registry, 'team/web', '2.0.0', { as: ann });
  await publish(registry, 'team/web', '2.1.0-rc.1', { as: ann, provenance: 'signed' });
  await publish(registry, 'team/deep/common', '1.0.0', { metadata: { type: 'library', deprecated: true } });
  await publish(registry, 'root', '1.0.0');
  await pushArtifact(registry, 'open/artifact', '1.0.0', 'no chart');
});

describe('the list of charts', () => {
  test('has them by name, each with its newest stable version', async () => {
    expect(await api.all('/charts')).toEqual([
      {
        ...{ chart: 'open/web', namespace: 'open', name: 'web', version: '1.0.0', appVersion: '2.4', versions: 2 },
        ...{ description: 'Serves pages', type: 'application', icon: 'https://example.com/web.png', pulls: 0 },
        ...{ deprecated: false, signed: false },
        ...{ createdAt: '2026-11-23T10:00:00.000Z', updatedAt: '2026-11-23T10:01:00.000Z' },
      },
      expect.objectContaining({ chart: 'root', namespace: '/', name: 'root', description: null, icon: null }),
      expect.objectContaining({ chart: 'team/deep/common', type: 'library', deprecated: true }),
      // The newest is a pre-release, and the newest stable one is not signed.
      expect.objectContaining({ chart: 'team/web', version: '2.0.0', signed: false, versions: 2 }),
    ]);
  });

  test.each([
    ['nobody', () => undefined, ['open/web']],
    ['somebody without a role', () => eve, ['open/web']],
    ['a writer', () => ann, ['open/web', 'team/deep/common', 'team/web']],
  ])('has what %s may read, in pages of any size', async (_who, as, charts) => {
    for (const limit of [1, 2, 100]) {
      const listed = await api.all(`/charts?limit=${limit}`, { as: as() });
      expect(listed.map(({ chart }) => chart)).toEqual(charts);
    }
  });

  test('is that of one namespace, without those below it, when one is named', async () => {
    const charts = async (namespace: string, as?: string) =>
      (await api.all(`/charts?namespace=${namespace}`, as === undefined ? {} : { as })).map(({ chart }) => chart);
    expect(await charts('team')).toEqual(['team/web']);
    expect(await charts('/team/deep/')).toEqual(['team/deep/common']);
    expect(await charts('/')).toEqual(['root']);
    expect(await charts('none')).toEqual([]);
    expect(await charts('team', eve)).toEqual([]);
    expect(await api.refusal(400, 'GET', '/charts?namespace=Team')).toMatch(/^"Team" is not a path/);
  });

  test('is refused to a credential that does not count, for it would lack what that was shown for', async () => {
    expect(await api.refusal(401, 'GET', '/charts', { as: 'ann:wrong-password' })).toMatch(/password/);
    expect((await api.send('GET', '/charts/-/namespaces', { as: 'ann:wrong-password' })).status).toBe(401);
  });
});

test.each([
  ['nobody', () => undefined, [['open', 1]]],
  [
    'a writer',
    () => ann,
    [
      ['open', 1],
      ['team', 1],
      ['team/deep', 1],
    ],
  ],
  [
    'an administrator',
    () => 'admin:administrator-password',
    [
      ['/', 1],
      ['open', 1],
      ['team', 1],
      ['team/deep', 1],
    ],
  ],
])('namespaces are those with charts that %s may read', async (_who, as, expected) => {
  for (const limit of [1, 2, 100]) {
    const listed = await api.all(`/charts/-/namespaces?limit=${limit}`, { as: as() });
    expect(listed.map(({ path, charts }) => [path, charts])).toEqual(expected);
  }
});

describe('one chart', () => {
  test('is described as its newest version describes it', async () => {
    const { body } = await api.send('GET', '/charts/open/web', nobody);
    const host = registry.url.slice('http://'.length);
    expect(body).toEqual({
      ...{ chart: 'open/web', namespace: 'open', name: 'web', versions: 2, pulls: 0, notice: null, floatingTags: [] },
      ...{ description: 'Serves pages', type: 'application', icon: 'https://example.com/web.png' },
      ...{ home: 'https://example.com', kubeVersion: '>=1.30', annotations: { category: 'Server' } },
      ...{ keywords: ['http', 'pages'], sources: ['https://example.com/source'] },
      maintainers: [
        { name: 'Ann', email: 'ann@example.com', url: null },
        { name: null, email: null, url: 'https://example.com/ben' },
      ],
      updatedAt: '2026-11-23T10:01:00.000Z',
      newest: expect.objectContaining({ version: '1.0.0', createdAt: '2026-11-23T10:00:00.000Z', createdBy: null }),
      commands: {
        ociReference: `oci://${host}/open/web`,
        repositoryUrl: `${registry.url}/open`,
        pull: `helm pull oci://${host}/open/web --version 1.0.0 --plain-http`,
        install: `helm install my-web oci://${host}/open/web --version 1.0.0 --plain-http`,
        addRepository: `helm repo add open ${registry.url}/open`,
        installFromRepository: 'helm install my-web open/web --version 1.0.0',
      },
    });
  });

  test('of the root and of a deep namespace has the commands for it', async () => {
    const commands = async (chart: string) =>
      (await api.send<{ readonly commands: Readonly<Record<string, string>> }>('GET', `/charts/${chart}`)).body
        .commands;
    expect((await commands('root')).addRepository).toBe(`helm repo add charts ${registry.url}`);
    expect((await commands('team/deep/common')).addRepository).toBe(
      `helm repo add team-deep ${registry.url}/team/deep`,
    );
  });

  test('says who published, to whoever is logged in', async () => {
    const by = async (as: string | undefined) =>
      (await api.send<{ readonly newest: { readonly createdBy: string | null } }>('GET', '/charts/open/web', { as }))
        .body.newest.createdBy;
    expect([await by(undefined), await by(eve)]).toEqual([null, 'admin']);
  });

  test('is found with its slashes, and with them encoded', async () => {
    const plain = await api.send('GET', '/charts/team/deep/common');
    const encoded = await api.send('GET', '/charts/team%2Fdeep%2Fcommon');
    const lower = await api.send('GET', '/charts/team%2fdeep/common');
    expect([plain.status, encoded.status, lower.status]).toEqual([200, 200, 200]);
    expect([encoded.text, lower.text]).toEqual([plain.text, plain.text]);
  });

  test('that is private is as one that does not exist', async () => {
    for (const [as, status] of [
      [undefined, 401],
      [eve, 404],
    ] as const) {
      const answers = await Promise.all(
        ['team/web', 'team/wxb', 'team/deep/common', 'nil/x'].map(async (chart) => {
          const paths = ['', '/-/versions', '/-/versions/1.0.0', '/-/resolve', '/-/dependents', '/-/pulls'];
          const sent = paths.map((path) => api.send('GET', `/charts/${chart}${path}`, { as }));
          return (await Promise.all(sent)).map(({ status: got, text }) => [got, text.replaceAll(chart, 'NAME')]);
        }),
      );
      for (const answer of answers) expect(answer).toEqual(answers[0]);
      expect(answers[0]?.map(([got]) => got)).toEqual([status, status, status, status, status, status]);
    }
  });

  test.each([
    ['open/none', 404, 'there is no chart open/none, or no version of it any more'],
    // There is something, but it is no chart.
    ['open/artifact', 404, 'there is no chart open/artifact, or no version of it any more'],
    ['Open/web', 400, /^"Open\/web" is not a repository name/],
    ['open/web/', 400, /^"open\/web\/" is not a repository name/],
    ['open//web', 400, /is not a repository name/],
    ['open/../web', 404, /^there is no chart web/],
    ['open%2F..%2Fweb', 400, /is not a repository name/],
    ['%00', 400, '"chart" in the path must not have control characters'],
    [`${'a/'.repeat(128)}a`, 400, '"chart" in the path must not have more than 255 characters'],
    ['öpen', 400, /is not a repository name/],
  ])('that cannot be is refused: %s', async (chart, status, detail) => {
    expect(await api.refusal(status, 'GET', `/charts/${chart}`)).toEqual(
      typeof detail === 'string' ? detail : expect.stringMatching(detail),
    );
  });

  test('that everybody may read is answered to a wrong credential too, with a word about that', async () => {
    const answer = await api.send('GET', '/charts/open/web', { as: 'ann:another-wrong-password' });
    expect([answer.status, answer.headers.get('warning')]).toEqual([200, expect.stringMatching(/^299 - ".*password/)]);
  });

  test('without a version any more is gone, from every list as well', async () => {
    await publish(registry, 'open/gone', '1.0.0');
    expect((await api.send('GET', '/charts/open/gone')).status).toBe(200);
    await registry.request('DELETE', '/v2/open/gone/manifests/1.0.0');
    expect((await api.send('GET', '/charts/open/gone')).status).toBe(404);
    expect((await api.all('/charts')).map(({ chart }) => chart)).not.toContain('open/gone');
  });

  test('whose versions are all yanked is in no list, and still says what it was', async () => {
    await publish(registry, 'open/past', '1.0.0');
    await putNotice(registry, 'open/past', '1.0.0', { kind: 'yanked', reason: 'loses data', replacement: 'open/web' });
    expect((await api.all('/charts')).map(({ chart }) => chart)).not.toContain('open/past');
    const { body } = await api.send('GET', '/charts/open/past');
    expect(body).toMatchObject({
      ...{ versions: 0, updatedAt: null, notice: null },
      newest: {
        ...{ version: '1.0.0', yanked: true },
        notice: { kind: 'yanked', about: 'version', reason: 'loses data', replacement: 'open/web', createdBy: 'admin' },
      },
    });
  });

  test('that is deprecated as a whole says so, and so does each of its versions', async () => {
    await putNotice(registry, 'open/web', undefined, { kind: 'deprecated', reason: 'use ingress' });
    const { body } = await api.send('GET', '/charts/open/web', nobody);
    const notice = { kind: 'deprecated', about: 'chart', reason: 'use ingress', replacement: '', createdBy: null };
    expect(body).toMatchObject({ notice, newest: { deprecated: true, notice } });
    const { items } = (await api.send<Page<object>>('GET', '/charts/open/web/-/versions', nobody)).body;
    for (const item of items) expect(item).toMatchObject({ deprecated: true, yanked: false, notice });
    expect(await api.all('/charts?namespace=open')).toContainEqual(
      expect.objectContaining({ chart: 'open/web', deprecated: true }),
    );
  });
});

test('behind https the commands are those of the configured address', async () => {
  await using other = await startRegistry({ publicUrl: 'https://charts.example.com' });
  await publish(other, 'team/web', '1.0.0');
  const { body } = await (await openApi(other)).send('GET', '/charts/team/web');
  expect(body.commands).toMatchObject({
    ociReference: 'oci://charts.example.com/team/web',
    pull: 'helm pull oci://charts.example.com/team/web --version 1.0.0',
    addRepository: 'helm repo add team https://charts.example.com/team',
  });
});
