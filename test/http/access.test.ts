// Who may do what: everybody by everything, and what somebody without rights can find out.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { putManifest } from '../support/artifacts.ts';
import { AUTHOR, MANAGER } from '../support/manager.ts';
import { ADMIN, type RequestOptions, startRegistry } from '../support/start-registry.ts';
import { bytesOf, imageManifest } from './support/manifests.ts';
import { addMember, tokenFor } from './support/members.ts';
import { startUpload } from './support/uploads.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

const NOTHING = digestOf(Buffer.from('never pushed'));
const BLOB = digestOf(Buffer.from('{}'));
const ROLES = ['anonymous', 'stranger', 'reader', 'writer', 'maintainer', 'administrator'] as const;
type Who = (typeof ROLES)[number];

const credentials = new Map<Who, string | undefined>([
  ['anonymous', undefined],
  ['administrator', ADMIN],
]);
const manifests = new Map<string, Buffer>();
const uploads = new Map<string, string>();

beforeAll(async () => {
  credentials.set('stranger', await addMember(registry, 'stranger', { role: 'maintainer', namespace: 'elsewhere' }));
  for (const role of ['reader', 'writer', 'maintainer'] as const) {
    const member = await addMember(registry, role, { role, namespace: 'private' });
    await registry.accounts.grants.put({ holder: 'user', name: role, role, namespace: 'public' }, AUTHOR);
    credentials.set(role, member);
  }
  await registry.accounts.namespaces.setVisibility({ path: 'public', visibility: 'public' }, MANAGER);
  for (const repository of ['private/web', 'public/web']) {
    const bytes = bytesOf(await imageManifest(registry, repository));
    await putManifest(registry, repository, 'tip', bytes);
    manifests.set(repository, bytes);
    uploads.set(repository, (await startUpload(registry, repository)).replace(/^.*\//, ''));
  }
});

/** A request that leaves everything as it is, whoever sends it. */
interface Kind {
  readonly name: string;
  readonly method: string;
  readonly path: (repository: string) => string;
  readonly options?: (repository: string) => RequestOptions;
}

const READING: readonly Kind[] = [
  { name: 'reads a manifest by tag', method: 'GET', path: (name) => `/v2/${name}/manifests/tip` },
  { name: 'asks for a manifest', method: 'HEAD', path: (name) => `/v2/${name}/manifests/tip` },
  { name: 'reads a blob', method: 'GET', path: (name) => `/v2/${name}/blobs/${BLOB}` },
  { name: 'asks for a blob', method: 'HEAD', path: (name) => `/v2/${name}/blobs/${BLOB}` },
  { name: 'lists tags', method: 'GET', path: (name) => `/v2/${name}/tags/list` },
  { name: 'lists referrers', method: 'GET', path: (name) => `/v2/${name}/referrers/${NOTHING}` },
];
const PUSHING: readonly (Kind & { readonly done: number })[] = [
  {
    name: 'pushes a manifest',
    method: 'PUT',
    path: (name) => `/v2/${name}/manifests/tip`,
    options: (name) => ({ body: manifests.get(name) ?? '', headers: { 'content-type': OCI_MANIFEST } }),
    done: 201,
  },
  { name: 'opens an upload', method: 'POST', path: (name) => `/v2/${name}/blobs/uploads/`, done: 202 },
  {
    name: 'pushes a blob',
    method: 'POST',
    path: (name) => `/v2/${name}/blobs/uploads/?digest=${BLOB}`,
    options: () => ({ body: '{}' }),
    done: 201,
  },
  {
    name: 'mounts a blob',
    method: 'POST',
    path: (name) => `/v2/${name}/blobs/uploads/?mount=${BLOB}&from=${name}`,
    done: 201,
  },
];
const UPLOADING: readonly Kind[] = ['GET', 'PATCH', 'PUT', 'DELETE'].map((method) => ({
  name: `sends ${method} to somebody else’s upload`,
  method,
  path: (name) => `/v2/${name}/blobs/uploads/${uploads.get(name)}?digest=${NOTHING}`,
}));
const DELETING: readonly Kind[] = [
  { name: 'deletes a tag', method: 'DELETE', path: (name) => `/v2/${name}/manifests/nothing` },
  { name: 'deletes a manifest', method: 'DELETE', path: (name) => `/v2/${name}/manifests/${NOTHING}` },
  { name: 'deletes a blob', method: 'DELETE', path: (name) => `/v2/${name}/blobs/${NOTHING}` },
];

/** Statuses in the order of ROLES. */
type Row = readonly [kind: Kind, inPrivate: readonly number[], inPublic: readonly number[]];
const TABLE: readonly Row[] = [
  ...READING.map((kind): Row => [kind, [401, 404, 200, 200, 200, 200], [200, 200, 200, 200, 200, 200]]),
  ...PUSHING.map((kind): Row => {
    const row = [401, 403, 403, kind.done, kind.done, kind.done];
    return [kind, row, row];
  }),
  // The administrator began these uploads; other requests than GET would end them.
  ...UPLOADING.filter((kind) => kind.method === 'GET').map((kind): Row => {
    const row = [401, 403, 403, 404, 404, 204];
    return [kind, row, row];
  }),
  ...DELETING.map((kind): Row => {
    const row = [401, 403, 403, 403, 404, 404];
    return [kind, row, row];
  }),
];

async function send(kind: Kind, repository: string, as: string | undefined): Promise<Response> {
  return await registry.request(kind.method, kind.path(repository), { ...kind.options?.(repository), as });
}

describe.each(TABLE.map((row) => [row[0].name, row] as const))('whoever %s', (_name, [kind, inPrivate, inPublic]) => {
  test.each([
    ['private/web', inPrivate],
    ['public/web', inPublic],
  ] as const)('in %s is answered by rights, with a password', async (repository, expected) => {
    const statuses = await Promise.all(
      ROLES.map(async (who) => (await send(kind, repository, credentials.get(who))).status),
    );
    expect(Object.fromEntries(ROLES.map((who, index) => [who, statuses[index]]))).toEqual(
      Object.fromEntries(ROLES.map((who, index) => [who, expected[index]])),
    );
  });

  test.each([
    ['private/web', inPrivate],
    ['public/web', inPublic],
  ] as const)('in %s is answered the same with a token for all that is granted', async (repository, expected) => {
    for (const [index, who] of ROLES.entries()) {
      const as = credentials.get(who);
      const isRefused = repository === 'private/web' && (who === 'anonymous' || who === 'stranger');
      const scope = `repository:${repository}:pull,push,delete`;
      const token = await tokenFor(registry, as, ...(isRefused ? [] : [scope]));
      expect([who, (await send(kind, repository, token)).status]).toEqual([who, expected[index]]);
    }
  });
});

test.each(UPLOADING)('whoever $name without a right to push learns nothing of it', async (kind) => {
  for (const repository of ['private/web', 'public/web']) {
    const statuses = await Promise.all(
      (['anonymous', 'stranger', 'reader', 'writer', 'maintainer'] as const).map(
        async (who) => (await send(kind, repository, credentials.get(who))).status,
      ),
    );
    expect(statuses).toEqual([401, 403, 403, 404, 404]);
  }
});

describe('a private repository cannot be told from a missing one', () => {
  /** Everything of an answer, but what differs from request to request, with the repository's name taken out. */
  async function seen(kind: Kind, repository: string, as: string | undefined): Promise<unknown> {
    const answer = await registry.request(kind.method, kind.path(repository), { ...kind.options?.('private/web'), as });
    const headers = [...answer.headers].filter(([name]) => name !== 'date' && name !== 'x-request-id');
    const text = JSON.stringify([answer.status, headers, await answer.text()]);
    return JSON.parse(text.replaceAll(repository, 'NAME'));
  }

  // Of equal length, for equal Content-Length.
  test.each([...READING, ...PUSHING, ...DELETING, ...UPLOADING])('by whoever $name', async (kind) => {
    for (const who of ['anonymous', 'stranger'] as const) {
      const as = credentials.get(who);
      const [hidden, missing] = [await seen(kind, 'private/web', as), await seen(kind, 'private/nil', as)];
      expect([who, hidden]).toEqual([who, missing]);
    }
  });

  test('by asking for a token', async () => {
    for (const who of ['anonymous', 'stranger'] as const) {
      const as = credentials.get(who);
      const [hidden, missing] = await Promise.all(
        ['private/web', 'private/nil'].map(async (name) => {
          const answer = await registry.request('GET', `/token?scope=repository:${name}:pull`, { as });
          return [answer.status, (await answer.text()).replaceAll(name, 'NAME')];
        }),
      );
      expect([who, hidden]).toEqual([who, missing]);
    }
  });
});

describe('a role', () => {
  test('counts for the path and all below, and for nothing beside it', async () => {
    const member = await addMember(registry, 'edges', { role: 'writer', namespace: 'edge/a' });
    const statuses = await Promise.all(
      ['edge/a', 'edge/a/b', 'edge/a/b/c', 'edge', 'edge/ab', 'edge/a-b', 'edge/b'].map(async (name) => {
        return (await registry.request('POST', `/v2/${name}/blobs/uploads/`, { as: member })).status;
      }),
    );
    expect(statuses).toEqual([202, 202, 202, 403, 403, 403, 403]);
  });

  test('is gained and lost at once, for whoever shows a password', async () => {
    const member = await addMember(registry, 'changing');
    const push = async () => (await registry.request('POST', '/v2/gained/blobs/uploads/', { as: member })).status;
    expect(await push()).toBe(403);
    await registry.accounts.grants.put(
      { holder: 'user', name: 'changing', role: 'writer', namespace: 'gained' },
      AUTHOR,
    );
    expect(await push()).toBe(202);
    await registry.accounts.grants.remove({ holder: 'user', name: 'changing', namespace: 'gained' }, AUTHOR);
    expect(await push()).toBe(403);
  });

  test('that is refused something is told which one is needed, and how to get it', async () => {
    const answer = await registry.request('DELETE', '/v2/private/web/manifests/tip', { as: credentials.get('writer') });
    expect(await answer.text()).toContain('chartroom grant add writer maintainer private');
  });
});

test('visibility is decided by the nearest path that has one', async () => {
  for (const [path, visibility] of [
    ['open', 'public'],
    ['open/closed', 'private'],
    ['open/closed/open', 'public'],
  ] as const) {
    await registry.accounts.namespaces.setVisibility({ path, visibility }, MANAGER);
  }
  for (const [name, status] of [
    ['open/web', 404],
    ['open', 404],
    ['open/closed', 401],
    ['open/closed/web', 401],
    ['open/closed/open/web', 404],
    ['openx', 401],
  ] as const) {
    const answer = await registry.request('GET', `/v2/${name}/tags/list`, { as: undefined });
    expect([name, answer.status]).toEqual([name, status]);
  }
});
