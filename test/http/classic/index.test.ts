// index.yaml: what it has, for whom, and in which form.
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { digestOf } from '../../../src/oci/digest.ts';
import { pushArtifact, pushChart } from '../../support/artifacts.ts';
import { TestClock } from '../../support/clock.ts';
import { MANAGER } from '../../support/manager.ts';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';
import { addMember, tokenFor } from '../support/members.ts';
import { sendRaw } from '../support/raw-request.ts';
import { archiveOf, indexOf, refusalOf, upload } from './support/uploads.ts';

const clock = new TestClock('2026-11-23T10:02:33.123Z');
const WEB = { name: 'web', version: '1.0.0' };

describe('the index of a namespace', () => {
  let registry: TestRegistry;
  let ann: string;
  beforeAll(async () => {
    registry = await startRegistry({}, clock);
    ann = await addMember(registry, 'ann', { role: 'reader', namespace: 'team' });
    await pushChart(registry, 'team/web', WEB);
    await upload(registry, 'team', { ...WEB, version: '1.1.0+7' });
    await upload(registry, 'team', { name: 'api', version: '2.0.0' });
    await upload(registry, 'team/below', WEB);
    await upload(registry, '', { name: 'root', version: '1.0.0' });
    await pushArtifact(registry, 'team/image', '3.0.0', 'no chart');
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  test('has every chart right in it, however it came, the newest version first', async () => {
    const entries = await indexOf(registry, '/team/index.yaml');
    const versions = Object.entries(entries).map(([name, all]) => [name, all.map(({ version }) => version)]);
    expect(versions).toEqual([
      ['api', ['2.0.0']],
      ['web', ['1.1.0+7', '1.0.0']],
    ]);
    expect(Object.keys(await indexOf(registry, '/index.yaml'))).toEqual(['root']);
    expect(Object.keys(await indexOf(registry, '/team/below/index.yaml'))).toEqual(['web']);
  });

  test('says of each version when it was published, its digest, and where it is', async () => {
    const { api = [] } = await indexOf(registry, '/team/index.yaml');
    const digest = digestOf(await archiveOf({ name: 'api', version: '2.0.0' })).slice('sha256:'.length);
    const fields = { apiVersion: 'v2', name: 'api', version: '2.0.0', created: '2026-11-23T10:02:33.123Z', digest };
    expect(api).toEqual([{ ...fields, urls: ['charts/api-2.0.0.tgz'] }]);
    const { web = [] } = await indexOf(registry, '/team/index.yaml');
    expect(web.map(({ urls }) => urls)).toEqual([['charts/web-1.1.0+7.tgz'], ['charts/web-1.0.0.tgz']]);
  });

  test('of all namespaces has whole names as keys, and addresses from the root', async () => {
    const entries = await indexOf(registry, '/-/all/index.yaml', { as: ann });
    expect(Object.keys(entries)).toEqual(['team/api', 'team/below/web', 'team/web']);
    expect(entries['team/below/web']?.map(({ urls }) => urls)).toEqual([['/team/below/charts/web-1.0.0.tgz']]);
    expect(Object.keys(await indexOf(registry, '/-/all/index.yaml'))).toContain('root');
  });

  test('is JSON with the type of YAML, JSON when JSON is asked for by name, or block YAML', async () => {
    const plain = await registry.request('GET', '/team/index.yaml');
    const json = await registry.request('GET', '/team/index.yaml?format=json');
    const yaml = await registry.request('GET', '/team/index.yaml?format=yaml');
    expect(plain.headers.get('content-type')).toBe('application/yaml');
    expect(json.headers.get('content-type')).toBe('application/json');
    expect(yaml.headers.get('content-type')).toBe('application/yaml');
    const text = await plain.text();
    expect(await json.text()).toBe(text);
    const block = await yaml.text();
    expect(block).toMatch(/^apiVersion: v1\nentries:\n {2}"?api"?:\n/);
    expect(parse(block)).toEqual(JSON.parse(text));
    expect(json.headers.get('etag')).toBe(plain.headers.get('etag'));
    expect(yaml.headers.get('etag')).not.toBe(plain.headers.get('etag'));
  });

  test('has the addresses that are asked for, or those of the setting', async () => {
    const { web = [] } = await indexOf(registry, '/team/index.yaml?urls=oci');
    const host = new URL(registry.url).host;
    expect(web.map(({ urls }) => urls)).toEqual([[`oci://${host}/team/web:1.1.0+7`], [`oci://${host}/team/web:1.0.0`]]);
    await using other = await startRegistry({ indexUrls: 'oci', publicUrl: 'https://charts.example.com' });
    await upload(other, '', WEB);
    expect((await indexOf(other, '/index.yaml')).web?.[0]?.urls).toEqual(['oci://charts.example.com/web:1.0.0']);
    expect((await indexOf(other, '/index.yaml?urls=tgz')).web?.[0]?.urls).toEqual(['charts/web-1.0.0.tgz']);
  });

  test.each(['localhost:5000', '127.0.0.1'])('may name this machine as %s in its addresses', async (host) => {
    const answer = await sendRaw(registry.url, {
      method: 'GET',
      target: '/team/index.yaml?urls=oci',
      headers: [`Host: ${host}`],
    });
    expect(answer.body).toContain(`oci://${host}/team/web:1.0.0`);
  });

  test.each(['charts.example.com', '192.0.2.1:5000', 'localhost.example.com', '[::1]:5000'])(
    'names no other host that a request makes up: %s',
    async (host) => {
      const target = '/team/index.yaml?urls=oci';
      const answer = await sendRaw(registry.url, { method: 'GET', target, headers: [`Host: ${host}`] });
      expect([answer.status, answer.body]).toEqual([400, expect.stringContaining('publicUrl')]);
    },
  );

  test.each([
    ['format=toml', '"format=toml" in the query: it may be json or yaml'],
    ['urls=ftp', '"urls=ftp" in the query: it may be tgz or oci'],
  ])('is refused in a form that there is not: %s', async (query, message) => {
    expect(await refusalOf(await registry.request('GET', `/team/index.yaml?${query}`))).toEqual([400, message]);
  });

  test('answers HEAD as GET, without the document', async () => {
    const headers = { 'accept-encoding': 'identity' };
    const get = await registry.request('GET', '/team/index.yaml', { headers });
    const head = await registry.request('HEAD', '/team/index.yaml', { headers });
    for (const name of ['content-type', 'content-length', 'etag', 'cache-control', 'vary']) {
      expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)]);
    }
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
    expect(get.headers.get('content-length')).toBe(String((await get.arrayBuffer()).byteLength));
  });
});

describe('the same index again', () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry();
    await upload(registry, 'team', WEB);
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  test('is a 304 without a body until something changes, and must be asked for', async () => {
    const first = await registry.request('GET', '/team/index.yaml');
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[^"]+"$/);
    expect(first.headers.get('cache-control')).toBe('private, no-cache');
    for (const method of ['GET', 'HEAD']) {
      const again = await registry.request(method, '/team/index.yaml', { headers: { 'if-none-match': etag } });
      expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, etag, '']);
    }
    await upload(registry, 'team', { ...WEB, version: '1.0.1' });
    const changed = await registry.request('GET', '/team/index.yaml', { headers: { 'if-none-match': etag } });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(etag);
  });

  test.each([
    ['gzip', 'gzip', gunzipSync],
    ['zstd', 'zstd', zstdDecompressSync],
    ['gzip;q=0.5, zstd', 'zstd', zstdDecompressSync],
  ] as const)('comes compressed for "%s", with an entity tag of its own', async (accepted, coding, decompress) => {
    const plain = await registry.request('GET', '/team/index.yaml', { headers: { 'accept-encoding': 'identity' } });
    const text = await plain.text();
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(plain.headers.get('vary')).toMatch(/\bAccept-Encoding\b/);
    const headers = [`Accept-Encoding: ${accepted}`];
    const answer = await sendRaw(registry.url, { method: 'GET', target: '/team/index.yaml', headers });
    expect(answer.headers.get('content-encoding')).toBe(coding);
    const bytes = Buffer.from(answer.body, 'latin1');
    expect(answer.headers.get('content-length')).toBe(String(bytes.length));
    expect(decompress(bytes).toString()).toBe(text);
    const etag = answer.headers.get('etag') ?? '';
    expect(etag).not.toBe(plain.headers.get('etag'));
    const same = [...headers, `If-None-Match: ${etag}`];
    expect((await sendRaw(registry.url, { method: 'GET', target: '/team/index.yaml', headers: same })).status).toBe(
      304,
    );
    const other = [...headers, `If-None-Match: ${plain.headers.get('etag')}`];
    expect((await sendRaw(registry.url, { method: 'GET', target: '/team/index.yaml', headers: other })).status).toBe(
      200,
    );
  });
});

describe('who sees what', () => {
  let registry: TestRegistry;
  const people = new Map<string, string>();
  beforeAll(async () => {
    registry = await startRegistry();
    for (const path of ['team/web', 'team/api', 'open/web', 'open/secret']) {
      const [namespace = '', name = ''] = path.split('/');
      await upload(registry, namespace, { name, version: '1.0.0' });
    }
    const { namespaces, robots } = registry.accounts;
    await namespaces.setVisibility({ path: 'open', visibility: 'public' }, MANAGER);
    await namespaces.setVisibility({ path: 'open/secret', visibility: 'private' }, MANAGER);
    people.set('reader', await addMember(registry, 'reader', { role: 'reader', namespace: 'team' }));
    people.set('stranger', await addMember(registry, 'stranger'));
    people.set('newcomer', await addMember(registry, 'newcomer', { role: 'writer', namespace: 'new' }));
    people.set('part', await addMember(registry, 'part', { role: 'reader', namespace: 'team/web' }));
    const scopes = [{ namespace: 'team', charts: 'a*', actions: ['pull' as const] }];
    const { secret } = await robots.add({ name: 'pattern', namespace: '/', scopes, expiresAt: null }, MANAGER);
    people.set('pattern', `pattern:${secret}`);
    people.set('wrong', 'reader:wrong-password');
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  async function seen(who: string, path: string): Promise<readonly string[] | number> {
    const answer = await registry.request('GET', path, { as: people.get(who) });
    if (answer.status !== 200) return answer.status;
    return Object.keys(((await answer.json()) as { entries: object }).entries);
  }

  test.each([
    ['nobody', '/team/index.yaml', 401],
    ['nobody', '/none/index.yaml', 401],
    ['nobody', '/open/index.yaml', ['web']],
    ['nobody', '/-/all/index.yaml', ['open/web']],
    ['reader', '/team/index.yaml', ['api', 'web']],
    ['reader', '/open/index.yaml', ['web']],
    ['reader', '/-/all/index.yaml', ['open/web', 'team/api', 'team/web']],
    ['reader', '/index.yaml', 404],
    ['part', '/team/index.yaml', ['web']],
    ['part', '/index.yaml', 404],
    ['newcomer', '/index.yaml', 404],
    ['pattern', '/team/index.yaml', ['api']],
    ['stranger', '/team/index.yaml', 404],
    ['stranger', '/none/index.yaml', 404],
    ['stranger', '/-/all/index.yaml', ['open/web']],
    ['newcomer', '/new/index.yaml', []],
    ['newcomer', '/new/below/index.yaml', []],
    ['newcomer', '/team/index.yaml', 404],
    ['wrong', '/team/index.yaml', 401],
    ['wrong', '/open/index.yaml', 401],
    ['wrong', '/-/all/index.yaml', 401],
  ])('%s reads %s and gets %j', async (who, path, expected) => {
    expect(await seen(who, path)).toEqual(expected);
  });

  test('a namespace that is not there is refused as one that is private, but for its name', async () => {
    for (const as of [undefined, people.get('stranger')]) {
      const [there, missing] = await Promise.all(
        ['team', 'none'].map(async (namespace) => {
          const answer = await registry.request('GET', `/${namespace}/index.yaml`, { as });
          const headers = [...answer.headers].filter(([name]) => !/^(?:date|x-request-id|content-length)$/.test(name));
          return { status: answer.status, headers, body: (await answer.text()).replaceAll(namespace, 'N') };
        }),
      );
      expect(there).toEqual(missing);
    }
  });

  test('nobody is asked to log in with a name and a password, which is all that these clients know', async () => {
    for (const path of ['/team/index.yaml', '/none/index.yaml', '/team/charts/web-1.0.0.tgz']) {
      const answer = await registry.request('GET', path, { as: undefined });
      const { host } = new URL(registry.url);
      expect(answer.headers.get('www-authenticate')).toBe(`Basic realm="${host}", charset="UTF-8"`);
    }
    const elsewhere = await registry.request('GET', '/v2/', { as: undefined });
    expect(elsewhere.headers.get('www-authenticate')).toMatch(/^Bearer /);
  });

  test('a credential that does not count reads what is public as a whole, with a warning', async () => {
    const { namespaces } = registry.accounts;
    await namespaces.setVisibility({ path: 'open/secret', visibility: 'public' }, MANAGER);
    const as = people.get('wrong');
    const answer = await registry.request('GET', '/open/index.yaml', { as });
    expect([answer.status, answer.headers.get('warning')]).toEqual([200, expect.stringContaining('wrong user name')]);
    await namespaces.setVisibility({ path: 'open/secret', visibility: 'private' }, MANAGER);
    const refused = await registry.request('GET', '/open/index.yaml', { as });
    expect(await refusalOf(refused)).toEqual([401, expect.stringContaining('wrong user name or password')]);
  });

  test('a token of ours is worth what it covers, also here', async () => {
    const token = await tokenFor(registry, people.get('reader'), 'repository:team/web:pull');
    expect(Object.keys(await indexOf(registry, '/team/index.yaml', { as: token }))).toEqual(['web']);
    const management = await tokenFor(registry, people.get('reader'), 'api:v1:*');
    expect(Object.keys(await indexOf(registry, '/team/index.yaml', { as: management }))).toEqual(['api', 'web']);
  });

  test('what somebody may see counts with the next request', async () => {
    const as = people.get('stranger');
    const path = '/team/index.yaml';
    expect((await registry.request('GET', path, { as })).status).toBe(404);
    await registry.accounts.grants.put(
      { holder: 'user', name: 'stranger', namespace: 'team/api', role: 'reader' },
      MANAGER.author,
    );
    expect(Object.keys(await indexOf(registry, path, { as }))).toEqual(['api']);
    await registry.accounts.namespaces.setVisibility({ path: 'team/web', visibility: 'public' }, MANAGER);
    expect(Object.keys(await indexOf(registry, path, { as }))).toEqual(['api', 'web']);
    await registry.accounts.namespaces.reset('team/web', MANAGER);
    expect(Object.keys(await indexOf(registry, path, { as }))).toEqual(['api']);
  });

  test.each(['Team', 'team..a', 'te%20am', 'a%2Fb%2F..', 'a'.repeat(256)])(
    '"%s" is no namespace',
    async (namespace) => {
      expect((await refusalOf(await registry.request('GET', `/${namespace}/index.yaml`)))[0]).toBe(400);
    },
  );
});

describe('what leaves the index', () => {
  test('a deleted version, and one that is published again comes back', async () => {
    await using registry = await startRegistry();
    await upload(registry, 'team', WEB);
    await upload(registry, 'team', { ...WEB, version: '1.1.0' });
    await registry.request('DELETE', '/v2/team/web/manifests/1.1.0');
    expect((await indexOf(registry, '/team/index.yaml')).web?.map(({ version }) => version)).toEqual(['1.0.0']);
    await upload(registry, 'team', { ...WEB, version: '1.1.0' });
    expect((await indexOf(registry, '/team/index.yaml')).web?.map(({ version }) => version)).toEqual([
      '1.1.0',
      '1.0.0',
    ]);
  });

  test('after a restart nothing else is in it than before', async () => {
    await using registry = await startRegistry({}, clock);
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await upload(registry, 'team', { ...WEB, version });
    await registry.request('DELETE', '/api/team/charts/web/1.1.0');
    const before = await registry.request('GET', '/team/index.yaml');
    await registry.restart();
    const after = await registry.request('GET', '/team/index.yaml');
    expect(await after.text()).toBe(await before.text());
  });
});
