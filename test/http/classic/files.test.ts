// Packed charts and provenance files of a classic repository: to whom, how, and how often they count as pulled.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/oci/digest.ts';
import { MANAGER } from '../../support/manager.ts';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';
import { addMember, tokenFor } from '../support/members.ts';
import { archiveOf, refusalOf, signed, upload, uploadForm } from './support/uploads.ts';

const WEB = { name: 'web', version: '1.0.0' };
const WEB_2 = { name: 'web-2', version: '1.0.0' };

let registry: TestRegistry;
let archive: Buffer;
let files: { readonly chart: Buffer; readonly prov: Buffer };
const people = new Map<string, string>();

beforeAll(async () => {
  registry = await startRegistry();
  archive = await archiveOf(WEB);
  files = await signed({ ...WEB, version: '1.1.0+7' });
  await upload(registry, 'team', WEB);
  await uploadForm(registry, '/api/team/charts', files);
  await upload(registry, '', { name: 'root', version: '1.0.0' });
  await upload(registry, 'open', WEB);
  await upload(registry, 'open', { name: 'secret', version: '1.0.0' });
  const { namespaces } = registry.accounts;
  await namespaces.setVisibility({ path: 'open', visibility: 'public' }, MANAGER);
  await namespaces.setVisibility({ path: 'open/secret', visibility: 'private' }, MANAGER);
  people.set('reader', await addMember(registry, 'reader', { role: 'reader', namespace: 'team' }));
  people.set('stranger', await addMember(registry, 'stranger'));
  people.set('wrong', 'reader:wrong-password');
});
afterAll(() => registry[Symbol.asyncDispose]());

async function bytesAt(path: string): Promise<Buffer> {
  const answer = await registry.request('GET', path);
  expect([path, answer.status]).toEqual([path, 200]);
  return Buffer.from(await answer.arrayBuffer());
}

describe('a packed chart', () => {
  test('comes byte for byte, with its length, its type and its digest as the entity tag', async () => {
    const answer = await registry.request('GET', '/team/charts/web-1.0.0.tgz');
    const headers = Object.fromEntries(
      ['content-type', 'content-length', 'etag', 'accept-ranges'].map((name) => [name, answer.headers.get(name)]),
    );
    expect(headers).toEqual({
      'content-type': 'application/gzip',
      'content-length': String(archive.length),
      etag: `"${digestOf(archive)}"`,
      'accept-ranges': 'bytes',
    });
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(archive);
    expect(await bytesAt('/charts/root-1.0.0.tgz')).toEqual(await archiveOf({ name: 'root', version: '1.0.0' }));
  });

  test.each(['web-1.1.0+7.tgz', 'web-1.1.0%2B7.tgz'])('is found by a version with build metadata: %s', async (file) => {
    expect(await bytesAt(`/team/charts/${file}`)).toEqual(files.chart);
  });

  test('answers HEAD without its bytes, a known entity tag with 304, and a range with a part', async () => {
    const head = await registry.request('HEAD', '/team/charts/web-1.0.0.tgz');
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      ...[200, String(archive.length), ''],
    ]);
    const known = { 'if-none-match': `"${digestOf(archive)}"` };
    expect((await registry.request('GET', '/team/charts/web-1.0.0.tgz', { headers: known })).status).toBe(304);
    const part = await registry.request('GET', '/team/charts/web-1.0.0.tgz', { headers: { range: 'bytes=10-19' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${archive.length}`]);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(archive.subarray(10, 20));
    const beyond = await registry.request('GET', '/team/charts/web-1.0.0.tgz', { headers: { range: 'bytes=999999-' } });
    expect(beyond.status).toBe(416);
    expect((await refusalOf(beyond))[1]).toContain('beyond the end');
  });

  test('may be kept for ever by whoever has it, where published versions never change', async () => {
    const cacheControl = async (path: string, of = registry) =>
      (await of.request('GET', path)).headers.get('cache-control');
    expect(await cacheControl('/team/charts/web-1.0.0.tgz')).toBe('private, max-age=31536000, immutable');
    for (const settings of [{ fixedChartTags: ['*', '!*-dev'] }, { republishDeleted: true }]) {
      await using other = await startRegistry(settings);
      await upload(other, '', { ...WEB, version: '1.0.0-dev' });
      expect(await cacheControl('/charts/web-1.0.0-dev.tgz', other)).toBe('private, no-cache');
    }
  });

  test('that was yanked is still there for whoever names it', async () => {
    await using other = await startRegistry();
    await upload(other, 'team', WEB);
    const put = { body: JSON.stringify({ kind: 'yanked', reason: 'broken' }), headers: JSON_TYPE };
    const yanked = await other.request('PUT', '/api/v1/charts/team/web/-/versions/1.0.0/notice', put);
    expect(yanked.status).toBe(200);
    expect(await (await other.request('GET', '/team/index.yaml')).json()).toMatchObject({ entries: {} });
    expect((await other.request('GET', '/team/charts/web-1.0.0.tgz')).status).toBe(200);
  });

  test('that was deleted is not', async () => {
    await using other = await startRegistry();
    await upload(other, 'team', WEB);
    await other.request('DELETE', '/v2/team/web/manifests/1.0.0');
    const refusal = await refusalOf(await other.request('GET', '/team/charts/web-1.0.0.tgz'));
    expect(refusal).toEqual([404, 'there is no web-1.0.0.tgz in team']);
  });
});

const JSON_TYPE = { 'content-type': 'application/json' };

describe('a provenance file', () => {
  test('stands beside its chart', async () => {
    const answer = await registry.request('GET', '/team/charts/web-1.1.0+7.tgz.prov');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/pgp-signature']);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(files.prov);
  });

  test('is found where helm appends its ending to a query that stands in the address of the repository', async () => {
    expect(await bytesAt('/team/charts/web-1.1.0+7.tgz?urls=tgz.prov')).toEqual(files.prov);
    expect(await bytesAt('/team/charts/web-1.1.0+7.tgz?urls=tgz')).toEqual(files.chart);
  });

  test('that a chart does not have is missed in so many words', async () => {
    expect(await refusalOf(await registry.request('GET', '/team/charts/web-1.0.0.tgz.prov'))).toEqual([
      ...[404, 'web 1.0.0 was published without a provenance file'],
    ]);
  });
});

describe('who gets what', () => {
  test.each([
    ['reader', '/team/charts/web-1.0.0.tgz', 200],
    ['reader', '/team/charts/web-1.0.0.tgz.prov', 404],
    ['reader', '/team/charts/web-9.9.9.tgz', 404],
    ['reader', '/charts/root-1.0.0.tgz', 404],
    ['reader', '/open/charts/web-1.0.0.tgz', 200],
    ['reader', '/open/charts/secret-1.0.0.tgz', 404],
    ['stranger', '/team/charts/web-1.0.0.tgz', 404],
    ['stranger', '/team/charts/web-1.0.0.tgz.prov', 404],
    ['nobody', '/team/charts/web-1.0.0.tgz', 401],
    ['nobody', '/team/charts/web-9.9.9.tgz', 401],
    ['nobody', '/open/charts/web-1.0.0.tgz', 200],
    ['nobody', '/open/charts/web-9.9.9.tgz', 404],
    ['nobody', '/open/charts/secret-1.0.0.tgz', 401],
    ['nobody', '/open/charts/none-1.0.0.tgz', 404],
    ['wrong', '/open/charts/web-1.0.0.tgz', 200],
    ['wrong', '/open/charts/secret-1.0.0.tgz', 401],
    ['wrong', '/team/charts/web-1.0.0.tgz', 401],
  ])('%s, %s: %i', async (who, path, status) => {
    const answer = await registry.request('GET', path, { as: people.get(who) });
    expect(answer.status).toBe(status);
    if (status !== 200) await refusalOf(answer);
    else expect(answer.headers.has('warning')).toBe(who === 'wrong');
  });

  test('what is private is refused as what is not there, word for word, though its name fits several charts', async () => {
    await using other = await startRegistry();
    const stranger = await addMember(other, 'stranger');
    const ask = async () => {
      const answers = [];
      for (const as of [undefined, stranger]) {
        for (const file of ['web-2-1.0.0.tgz', 'web-2-1.0.0.tgz.prov']) {
          answers.push(await refusalOf(await other.request('GET', `/team/charts/${file}`, { as })));
        }
      }
      return answers;
    };
    const before = await ask();
    await upload(other, 'team', WEB_2);
    expect(await ask()).toEqual(before);
    expect(before.map(([status]) => status)).toEqual([401, 401, 404, 404]);
    expect((await other.request('GET', '/team/charts/web-2-1.0.0.tgz')).status).toBe(200);
  });

  test('a token of ours is worth what it covers', async () => {
    const token = await tokenFor(registry, people.get('reader'), 'repository:team/other:pull');
    const path = '/team/charts/web-1.0.0.tgz';
    expect((await registry.request('GET', path, { as: token })).status).toBe(401);
    const covering = await tokenFor(registry, people.get('reader'), 'repository:team/web:pull');
    expect((await registry.request('GET', path, { as: covering })).status).toBe(200);
  });

  test.each(['web.tgz', 'web-latest.tgz', 'Web-1.0.0.tgz', '..%2Fweb-1.0.0.tgz', `${'a-1'.repeat(500)}.tgz`])(
    'what can be the file of no chart is not there: %s',
    async (file) => {
      expect((await refusalOf(await registry.request('GET', `/team/charts/${file}`)))[0]).toBe(404);
    },
  );

  test('a file is read, and nothing else', async () => {
    const answer = await registry.request('PUT', '/team/charts/web-1.0.0.tgz', { body: archive });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await refusalOf(answer))[1]).toContain('there is no PUT /team/charts/web-1.0.0.tgz: only GET, HEAD');
  });
});

describe('pulls', () => {
  test('are counted once for each chart that is fetched from its start', async () => {
    await using other = await startRegistry();
    const both = await signed(WEB);
    await uploadForm(other, '/api/team/charts', both);
    const get = async (path: string, method = 'GET', headers: Record<string, string> = {}) => {
      const answer = await other.request(method, path, { headers });
      await answer.arrayBuffer();
      return answer.headers.get('etag') ?? '';
    };
    const etag = await get('/team/charts/web-1.0.0.tgz');
    await get('/team/charts/web-1.0.0.tgz', 'GET', { range: 'bytes=0-9' });
    await get('/team/charts/web-1.0.0.tgz', 'GET', { range: 'bytes=10-' });
    await get('/team/charts/web-1.0.0.tgz', 'GET', { 'if-none-match': etag });
    await get('/team/charts/web-1.0.0.tgz', 'HEAD');
    await get('/team/charts/web-1.0.0.tgz.prov');
    await get('/team/index.yaml');
    // What was counted is written when the server stops.
    await other.restart();
    const answer = await other.request('GET', '/api/v1/charts/team/web/-/versions/1.0.0');
    expect(await answer.json()).toMatchObject({ pulls: 2 });
  });
});
