// artifacthub-repo.yml: what it says, where it is, and who may read it; and the artifact that says the same of one chart.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { descriptorOf, pushBlob, pushChart, putManifest } from '../../support/artifacts.ts';
import { MANAGER } from '../../support/manager.ts';
import { ADMIN, startRegistry } from '../../support/start-registry.ts';
import { addMember } from '../support/members.ts';

const ID = '4e6a2b90-3c5d-4f7e-8a1b-2c3d4e5f6a7b';
const OWNERS = [
  { name: 'Ann "A": Ærø # {x}', email: 'ann@example.com' },
  { name: '- yes', email: 'bob+hub@example.com' },
];

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const { namespaces, robots } = registry.accounts;

async function claim(path: string, repositoryID: string | null, owners = OWNERS): Promise<void> {
  await namespaces.set({ path, artifactHub: { repositoryID, owners } }, MANAGER);
}

async function read(path: string, as: string | undefined = ADMIN, headers: Record<string, string> = {}) {
  return await registry.request('GET', path, { as, headers });
}

describe('artifacthub-repo.yml', () => {
  test('says what the namespace itself says, in YAML', async () => {
    await claim('team', ID);
    await claim('', null, []);
    const answer = await read('/team/artifacthub-repo.yml');
    const text = await answer.text();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/yaml']);
    expect(parse(text)).toEqual({ repositoryID: ID, owners: OWNERS });
    expect(text.split('\n').slice(0, 3)).toEqual([
      `repositoryID: ${ID}`,
      'owners:',
      expect.stringMatching(/^ {2}- name: "/),
    ]);
    expect(parse(await (await read('/artifacthub-repo.yml')).text())).toEqual({ owners: [] });
    expect((await read('/team/a/artifacthub-repo.yml')).status).toBe(404);
  });

  test('is not sent again to whoever has it, until it says something else', async () => {
    await claim('team', ID);
    const first = await read('/team/artifacthub-repo.yml');
    const known = { 'if-none-match': first.headers.get('etag') ?? '' };
    expect((await read('/team/artifacthub-repo.yml', ADMIN, known)).status).toBe(304);
    await claim('team', null);
    expect((await read('/team/artifacthub-repo.yml', ADMIN, known)).status).toBe(200);
  });

  test('is not there where nothing is said, or in what can be no namespace', async () => {
    await namespaces.set({ path: 'team', artifactHub: null, visibility: 'public' }, MANAGER);
    const answer = await read('/team/artifacthub-repo.yml');
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { error: 'there is no artifacthub-repo.yml in team that you may read' },
    ]);
    for (const path of ['/Team/artifacthub-repo.yml', '/a//b/artifacthub-repo.yml', '/v2/artifacthub-repo.yml']) {
      expect([path, (await read(path)).status]).toEqual([path, expect.toBeOneOf([400, 404])]);
    }
  });
});

describe('artifacthub-repo.yml of a private namespace', () => {
  const who = new Map<string, string | undefined>([
    ['nobody', undefined],
    ['a wrong password', 'admin:wrong'],
    ['an administrator', ADMIN],
  ]);
  beforeAll(async () => {
    who.set('a reader', await addMember(registry, 'reader', { role: 'reader', namespace: 'private' }));
    who.set('a reader of one chart', await addMember(registry, 'one', { role: 'reader', namespace: 'private/web' }));
    who.set('a stranger', await addMember(registry, 'stranger', { role: 'maintainer', namespace: 'elsewhere' }));
    const scopes = [{ namespace: 'private', actions: ['pull'] as const }];
    const { secret } = await robots.add({ name: 'puller', namespace: '/', scopes, expiresAt: null }, MANAGER);
    who.set('a robot', `puller:${secret}`);
    for (const repository of ['private/web', 'elsewhere/web']) {
      await pushChart(registry, repository, { name: 'web', version: '1.0.0' });
      const answer = await registry.request('GET', `/token?scope=repository:${repository}:pull`, { as: ADMIN });
      const { token } = (await answer.json()) as { readonly token: string };
      who.set(`a token for ${repository}`, `Bearer ${token}`);
    }
  });
  beforeEach(() => claim('private', ID));

  test.each([
    ['an administrator', 200],
    ['a reader', 200],
    ['a reader of one chart', 200],
    ['a robot', 200],
    ['a token for private/web', 200],
    ['a token for elsewhere/web', 404],
    ['a stranger', 404],
    ['a wrong password', 404],
    ['nobody', 404],
  ])('is for %s: %i', async (name, status) => {
    const answer = await registry.request('GET', '/private/artifacthub-repo.yml', { as: who.get(name) });
    const absent = await registry.request('GET', '/none/artifacthub-repo.yml', { as: who.get(name) });
    expect([answer.status, absent.status]).toEqual([status, 404]);
    if (status === 404) expect(await answer.text()).toBe((await absent.text()).replace('none', 'private'));
  });

  test('is for everybody once everybody may read there', async () => {
    await namespaces.set({ path: 'private', visibility: 'public' }, MANAGER);
    for (const name of ['nobody', 'a stranger', 'a wrong password', 'a token for elsewhere/web']) {
      const answer = await registry.request('GET', '/private/artifacthub-repo.yml', { as: who.get(name) });
      expect([name, answer.status]).toEqual([name, 200]);
    }
    await namespaces.set({ path: 'private', visibility: null }, MANAGER);
  });
});

describe('the artifact that tells Artifact Hub who owns one chart', () => {
  const CONFIG = 'application/vnd.cncf.artifacthub.config.v1+yaml';
  const LAYER = 'application/vnd.cncf.artifacthub.repository-metadata.layer.v1.yaml';

  async function push(text: string): Promise<number> {
    const [config, layer] = [Buffer.alloc(0), Buffer.from(text)];
    for (const blob of [config, layer]) await pushBlob(registry, 'team/web', blob);
    const manifest = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: descriptorOf(config, CONFIG),
      layers: [descriptorOf(layer, LAYER)],
    };
    const bytes = Buffer.from(JSON.stringify(manifest));
    return (await putManifest(registry, 'team/web', 'artifacthub.io', bytes)).status;
  }

  test('is taken, and replaced, whatever tags are fixed, and is in no list of charts', async () => {
    await registry.restart({ fixedTags: ['*'], fixedChartTags: ['*'] });
    await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0' });
    expect([await push('repositoryID: one\n'), await push('repositoryID: two\n')]).toEqual([201, 201]);
    const manifest = await registry.request('GET', '/v2/team/web/manifests/artifacthub.io');
    const { layers } = (await manifest.json()) as { readonly layers: readonly { readonly digest: string }[] };
    const file = await registry.request('GET', `/v2/team/web/blobs/${layers[0]?.digest}`);
    expect(await file.text()).toBe('repositoryID: two\n');
    const index = await (await read('/team/index.yaml')).text();
    expect([index.includes('1.0.0'), index.includes('artifacthub')]).toEqual([true, false]);
    const versions = await registry.request('GET', '/api/v1/charts/team/web/-/versions');
    const { items } = (await versions.json()) as { readonly items: readonly { readonly tag: string }[] };
    expect(items.map(({ tag }) => tag)).toEqual(['1.0.0']);
    expect((await registry.request('DELETE', '/v2/team/web/manifests/artifacthub.io')).status).toBe(202);
  });
});
