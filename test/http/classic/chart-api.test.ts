// ChartMuseum's API where it reads and deletes charts: its answers, its status codes, and the rights of this registry.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MANAGER } from '../../support/manager.ts';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';
import { addMember } from '../support/members.ts';
import { apiPath, type IndexEntry, indexOf, refusalOf, upload } from './support/uploads.ts';

const WEB = { name: 'web', version: '1.0.0' };
const FILES = { 'values.yaml': 'replicas: 3 # how many\n', 'templates/a.yaml': 'kind: A\n', 'README.md': '# web\n' };

describe('what is there', () => {
  let registry: TestRegistry;
  let ann: string;
  beforeAll(async () => {
    registry = await startRegistry();
    ann = await addMember(registry, 'ann', { role: 'reader', namespace: 'team/web' });
    for (const version of ['1.0.0', '1.2.0+7', '2.0.0-rc.1'])
      await upload(registry, 'team', { ...WEB, version, files: FILES });
    for (const name of ['api', 'db']) await upload(registry, 'team', { name, version: '1.0.0' });
    await upload(registry, '', { name: 'root', version: '1.0.0' });
    await upload(registry, 'team/below', WEB);
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  const read = async (path: string, as?: string): Promise<unknown> => {
    const answer = await registry.request('GET', path, as === undefined ? {} : { as });
    expect([path, answer.status, answer.headers.get('content-type')]).toEqual([
      ...[path, 200, 'application/json; charset=utf-8'],
    ]);
    return await answer.json();
  };

  test('is the index of the namespace, without what is around its entries', async () => {
    expect(await read('/api/team/charts')).toEqual(await indexOf(registry, '/team/index.yaml'));
    expect(await read('/api/charts')).toEqual(await indexOf(registry, '/index.yaml'));
    expect(Object.keys((await read('/api/team/charts', ann)) as object)).toEqual(['web']);
  });

  test.each([
    ['offset=1', ['db', 'web']],
    ['limit=1', ['api']],
    ['offset=1&limit=1', ['db']],
    ['offset=2&limit=5', ['web']],
    ['offset=3', []],
    ['offset=00&limit=02', ['api', 'db']],
  ])('is cut to a page of charts: %s', async (query, names) => {
    expect(Object.keys((await read(`/api/team/charts?${query}`)) as object)).toEqual(names);
  });

  test.each([
    ['offset=-1', 'offset is not a valid non-negative integer'],
    ['offset=x', 'offset is not a valid non-negative integer'],
    ['limit=0', 'limit is not a valid positive integer'],
    ['limit=', 'limit is not a valid positive integer'],
    ['limit=1e3', 'limit is not a valid positive integer'],
  ])('is refused by a page that is none, in the words of ChartMuseum: %s', async (query, message) => {
    expect(await refusalOf(await registry.request('GET', `/api/team/charts?${query}`))).toEqual([400, message]);
  });

  test('of a chart is the list of its versions, the newest first', async () => {
    const versions = (await read('/api/team/charts/web')) as readonly IndexEntry[];
    expect(versions).toEqual((await indexOf(registry, '/team/index.yaml')).web);
    expect(versions.map(({ version }) => version)).toEqual(['2.0.0-rc.1', '1.2.0+7', '1.0.0']);
  });

  test.each([
    ['1.0.0', '1.0.0'],
    ['1.2.0%2B7', '1.2.0+7'],
    ['1.2.0+7', '1.2.0+7'],
    ['latest', '1.2.0+7'],
  ])('of a version is its entry: %s', async (asked, version) => {
    const { web = [] } = await indexOf(registry, '/team/index.yaml');
    expect(await read(`/api/team/charts/web/${asked}`)).toEqual(web.find((entry) => entry.version === version));
  });

  test('of a version are its values as they stand in the chart, and its templates with their bytes', async () => {
    const values = await registry.request('GET', '/api/team/charts/web/1.0.0/values');
    expect([values.headers.get('content-type'), await values.text()]).toEqual([
      ...['application/yaml', FILES['values.yaml']],
    ]);
    expect(await read('/api/team/charts/web/1.0.0/templates')).toEqual({
      templates: [{ name: 'templates/a.yaml', data: Buffer.from('kind: A\n').toString('base64') }],
      values: { replicas: 3 },
    });
  });

  test('of a chart with more files than are listed at once are all templates', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 1001 }, (_, index) => [`templates/${index}.yaml`, `${index}`]),
    );
    await upload(registry, 'many', { name: 'many', version: '1.0.0', files: many });
    const { templates } = (await read('/api/many/charts/many/1.0.0/templates')) as { templates: readonly unknown[] };
    expect(templates).toHaveLength(1001);
  });

  test('of a chart that is very large is not sent in one answer', async () => {
    const large = Object.fromEntries(
      Array.from({ length: 8 }, (_, index) => [`templates/${index}.yaml`, Buffer.alloc(4.2 * 1024 * 1024)]),
    );
    expect((await upload(registry, 'large', { name: 'large', version: '1.0.0', files: large })).status).toBe(201);
    const answer = await registry.request('GET', '/api/large/charts/large/1.0.0/templates');
    expect(await refusalOf(answer)).toEqual([400, expect.stringContaining('pull it with helm pull')]);
    expect((await registry.request('GET', '/api/large/charts/large/1.0.0/values')).status).toBe(200);
  });

  test.each(['/api/team/charts', '/api/team/charts/web', '/api/team/charts/web/1.0.0', '/api/team/charts/web/latest'])(
    'is asked for with HEAD as well: %s',
    async (path) => {
      const answer = await registry.request('HEAD', path);
      expect([answer.status, await answer.text()]).toEqual([200, '']);
    },
  );

  test.each([
    ['/api/team/charts/none', 'there is no chart team/none'],
    ['/api/team/charts/none/1.0.0', 'there is no version "1.0.0" of none'],
    ['/api/team/charts/web/9.9.9', 'there is no version "9.9.9" of web'],
    ['/api/team/charts/web/1.2.0_7x', 'there is no version "1.2.0_7x" of web'],
    ['/api/team/charts/none/latest', 'there is no version "latest" of none'],
    ['/api/team/charts/web/9.9.9/values', 'there is no version "9.9.9" of web'],
    ['/api/team/charts/web/1.0.0/files', 'there is nothing at GET /api/team/charts/web/1.0.0/files'],
    ['/api/team/charts/web/x', 'there is nothing at GET /api/team/charts/web/x'],
  ])('or it is a 404: %s', async (path, message) => {
    expect(await refusalOf(await registry.request('GET', path))).toEqual([404, message]);
  });

  test.each([
    ['/api/team/charts', 404],
    ['/api/team/charts/web', 404],
    ['/api/team/charts/web/1.0.0', 404],
    ['/api/team/charts/web/1.0.0/values', 404],
    ['/api/team/charts/none/1.0.0', 404],
  ])('is hidden from strangers, and nobody must log in: %s', async (path, status) => {
    const stranger = `stranger:stranger-password`;
    if ((await registry.request('GET', '/v2/', { as: stranger })).status === 401) await addMember(registry, 'stranger');
    expect((await refusalOf(await registry.request('GET', path, { as: stranger })))[0]).toBe(status);
    const nobody = await registry.request('GET', path, { as: undefined });
    expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Basic /)]);
  });
});

describe('a yanked version', () => {
  test('is in no list, and there for whoever names it', async () => {
    await using registry = await startRegistry();
    for (const version of ['1.0.0', '1.1.0']) await upload(registry, 'team', { ...WEB, version });
    const notice = { body: JSON.stringify({ kind: 'yanked' }), headers: { 'content-type': 'application/json' } };
    await registry.request('PUT', '/api/v1/charts/team/web/-/versions/1.1.0/notice', notice);
    const versions = async (path: string) => (await (await registry.request('GET', path)).json()) as IndexEntry[];
    expect((await versions('/api/team/charts/web')).map(({ version }) => version)).toEqual(['1.0.0']);
    expect(await versions('/api/team/charts/web/latest')).toMatchObject({ version: '1.0.0' });
    expect(await versions('/api/team/charts/web/1.1.0')).toMatchObject({ version: '1.1.0' });
  });
});

describe('deleting a version', () => {
  test('takes it out of the index and of the tags, and its number stays used up', async () => {
    await using registry = await startRegistry();
    await upload(registry, 'team', { ...WEB, version: '1.0.0+7' });
    await upload(registry, 'team', WEB);
    const answer = await registry.request('DELETE', '/api/team/charts/web/1.0.0%2B7');
    expect([answer.status, await answer.json()]).toEqual([200, { deleted: true }]);
    expect((await indexOf(registry, '/team/index.yaml')).web?.map(({ version }) => version)).toEqual(['1.0.0']);
    expect(await (await registry.request('GET', '/v2/team/web/tags/list')).json()).toMatchObject({ tags: ['1.0.0'] });
    const again = await registry.request('DELETE', '/api/team/charts/web/1.0.0%2B7');
    expect(await refusalOf(again)).toEqual([404, 'there is no version "1.0.0+7" of web']);
    const other = await upload(registry, 'team', { ...WEB, version: '1.0.0+7', files: { 'a.txt': 'other' } });
    expect((await refusalOf(other))[0]).toBe(409);
    expect((await upload(registry, 'team', { ...WEB, version: '1.0.0+7' })).status).toBe(201);
  });

  test('takes the right to delete', async () => {
    await using registry = await startRegistry();
    await upload(registry, 'team', WEB);
    await registry.accounts.namespaces.setVisibility({ path: 'team', visibility: 'public' }, MANAGER);
    const writer = await addMember(registry, 'writer', { role: 'writer', namespace: 'team' });
    const maintainer = await addMember(registry, 'maintainer', { role: 'maintainer', namespace: 'team' });
    const path = apiPath('team', 'charts/web/1.0.0');
    expect(await refusalOf(await registry.request('DELETE', path, { as: writer }))).toEqual([
      ...[403, expect.stringContaining('writer may not delete from team/web')],
    ]);
    expect((await refusalOf(await registry.request('DELETE', path, { as: undefined })))[0]).toBe(401);
    expect((await registry.request('DELETE', path, { as: maintainer })).status).toBe(200);
  });

  test('is not deleting whatever else has a tag', async () => {
    await using registry = await startRegistry({});
    await upload(registry, 'team', WEB);
    expect((await registry.request('DELETE', '/api/team/charts/web/latest')).status).toBe(404);
    expect((await registry.request('DELETE', '/api/team/charts/web')).status).toBe(405);
    expect((await registry.request('DELETE', '/api/team/charts')).status).toBe(405);
    expect(Object.keys(await indexOf(registry, '/team/index.yaml'))).toEqual(['web']);
  });
});

test('below /api/v1 is another API, whose refusals have another form, also of an upload that cannot be', async () => {
  await using registry = await startRegistry();
  for (const path of ['/api/v1/charts', '/api/v1/team/prov']) {
    const answer = await registry.request('POST', path, { body: 'x', headers: { 'content-type': 'text/plain' } });
    expect(answer.status).toBeGreaterThanOrEqual(404);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('to a namespace "v1"') });
  }
});
