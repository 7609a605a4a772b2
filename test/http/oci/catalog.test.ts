// The catalog: the repositories that the caller may read.
import { afterAll, describe, expect, test } from 'vitest';
import { putManifest } from '../../support/artifacts.ts';
import { MANAGER } from '../../support/manager.ts';
import { ADMIN, startRegistry } from '../../support/start-registry.ts';
import { bytesOf, imageManifest } from '../support/manifests.ts';
import { addMember, tokenFor } from '../support/members.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());

const REPOSITORIES = ['alone', 'public/one', 'public/secret/two', 'team', 'team-b/web', 'team/a', 'team/b/c'];
for (const repository of REPOSITORIES) {
  await putManifest(registry, repository, 'tip', bytesOf(await imageManifest(registry, repository)));
}
await registry.accounts.namespaces.setVisibility({ path: 'public', visibility: 'public' }, MANAGER);
await registry.accounts.namespaces.setVisibility({ path: 'public/secret', visibility: 'private' }, MANAGER);
const reader = await addMember(registry, 'reader', { role: 'reader', namespace: 'team' });
const stranger = await addMember(registry, 'stranger');

async function list(
  query: string,
  as?: string,
): Promise<{ readonly names: readonly string[]; readonly link: string | null }> {
  const answer = await registry.request('GET', `/v2/_catalog${query}`, as === undefined ? {} : { as });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/json');
  const { repositories } = (await answer.json()) as { repositories: string[] };
  return { names: repositories, link: answer.headers.get('link') };
}

describe('the catalog shows', () => {
  test('everything to an administrator, in byte order', async () => {
    expect(await list('')).toEqual({ names: REPOSITORIES, link: null });
  });

  test('what is below the path of a role, and what is public', async () => {
    expect((await list('', reader)).names).toEqual(['public/one', 'team', 'team/a', 'team/b/c']);
  });

  test('only what is public to whoever has no role, and to an anonymous token', async () => {
    const anonymous = await tokenFor(registry, undefined, 'registry:catalog:*');
    for (const as of [stranger, anonymous]) expect((await list('', as)).names).toEqual(['public/one']);
  });

  test('what the owner of a token may read that covers the catalog, whatever else it covers', async () => {
    for (const scope of ['registry:catalog:*', 'repository:alone:pull registry:catalog:* repository:team/a:pull']) {
      const token = await tokenFor(registry, reader, scope);
      expect((await list('', token)).names).toEqual(['public/one', 'team', 'team/a', 'team/b/c']);
    }
  });

  test('nothing with a token that does not cover it, but which scope to ask for', async () => {
    for (const as of [ADMIN, reader, undefined]) {
      const token = await tokenFor(registry, as, 'repository:public/one:pull');
      const answer = await registry.request('GET', '/v2/_catalog', { as: token });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(
        /,scope="registry:catalog:\*",error="insufficient_scope"$/,
      );
    }
  });

  test('nothing at all without any credential, but which scope to ask for', async () => {
    const answer = await registry.request('GET', '/v2/_catalog', { as: undefined });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(
      /^Bearer realm="[^"]+\/token",service="[^"]+",scope="registry:catalog:\*"$/,
    );
  });

  test('nothing of a registry to whoever may read nothing of it', async () => {
    await using closed = await startRegistry();
    await putManifest(closed, 'team', 'tip', bytesOf(await imageManifest(closed, 'team')));
    const as = await addMember(closed, 'nobody');
    const answer = await closed.request('GET', '/v2/_catalog', { as });
    expect([answer.status, await answer.text()]).toEqual([200, '{"repositories":[]}']);
  });
});

describe('pages of the catalog', () => {
  test('are linked by a relative address, and cover it', async () => {
    const names: string[] = [];
    for (let query: string | undefined = '?n=2'; query !== undefined; ) {
      const page: Awaited<ReturnType<typeof list>> = await list(query);
      names.push(...page.names);
      expect(page.link ?? '').toMatch(/^(?:<\/v2\/_catalog\?last=[a-z0-9%-]+&n=2>; rel="next")?$/i);
      query = page.link?.slice('</v2/_catalog'.length, page.link.indexOf('>'));
    }
    expect(names).toEqual(REPOSITORIES);
  });

  test('hold n that the caller may read, however many lie between', async () => {
    const page = await list('?n=2', reader);
    expect(page.names).toEqual(['public/one', 'team']);
    expect(page.link).toBe('</v2/_catalog?last=team&n=2>; rel="next"');
    expect(await list('?n=2&last=team', reader)).toEqual({ names: ['team/a', 'team/b/c'], link: null });
  });

  test('do not tell by a link that there is something behind which the caller may not read', async () => {
    expect(await list('?n=1', stranger)).toEqual({ names: ['public/one'], link: null });
  });

  test('start behind last, whether there is such a repository or not', async () => {
    expect((await list('?last=team')).names).toEqual(['team-b/web', 'team/a', 'team/b/c']);
    expect((await list('?last=t')).names).toEqual(['team', 'team-b/web', 'team/a', 'team/b/c']);
    expect((await list('?last=zzz')).names).toEqual([]);
  });

  test('of none are empty', async () => {
    expect(await list('?n=0')).toEqual({ names: [], link: null });
  });

  test.each(['-1', 'all', '1e9', '999999999999999999'])('of n=%s hold everything', async (n) => {
    expect(await list(`?n=${n}`)).toEqual({ names: REPOSITORIES, link: null });
  });
});

test('a repository is in the catalog from its first manifest on, and stays when that is deleted', async () => {
  await using own = await startRegistry();
  const names = async () => await (await own.request('GET', '/v2/_catalog')).json();
  expect(await names()).toEqual({ repositories: [] });
  const manifest = bytesOf(await imageManifest(own, 'new/web'));
  expect(await names()).toEqual({ repositories: [] });
  await putManifest(own, 'new/web', 'tip', manifest);
  expect(await names()).toEqual({ repositories: ['new/web'] });
  await own.request('DELETE', '/v2/new/web/manifests/tip');
  expect(await names()).toEqual({ repositories: ['new/web'] });
});
