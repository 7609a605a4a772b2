// Notices by the API: who may put them up, what they may say, and about what.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pushArtifact, pushChart } from '../../support/artifacts.ts';
import { AUTHOR, MANAGER } from '../../support/manager.ts';
import { ADMIN, startRegistry } from '../../support/start-registry.ts';
import { openApi } from './support/api.ts';
import { addUser } from './support/people.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);
for (const version of ['1.0.0', '1.1.0+b']) await pushChart(registry, 'team/web', { name: 'web', version });
await pushChart(registry, 'web', { name: 'web', version: '1.0.0' });

const VERSION = '/charts/team/web/-/versions/1.0.0/notice';
const CHART = '/charts/team/web/-/notice';
const YANKED = { kind: 'yanked' };

describe('a notice', () => {
  test('on a version is answered as it stands, with when and by whom', async () => {
    const said = { kind: 'yanked', reason: 'loses data', replacement: '1.0.1' };
    const answer = await api.send('PUT', VERSION, { body: said });
    expect([answer.status, answer.body]).toEqual([
      200,
      { ...said, about: 'version', createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/), createdBy: 'admin' },
    ]);
    expect(await tags()).toEqual(['1.1.0_b']);
    expect((await api.send('DELETE', VERSION)).status).toBe(204);
    expect(await tags()).toEqual(['1.0.0', '1.1.0_b']);
  });

  test('on a chart says nothing but what it was told', async () => {
    const answer = await api.send('PUT', CHART, { body: { kind: 'deprecated' } });
    expect(answer.body).toMatchObject({ kind: 'deprecated', about: 'chart', reason: '', replacement: '' });
    expect((await api.send('DELETE', CHART)).status).toBe(204);
  });

  test.each([
    '/charts/team%2Fweb/-/versions/1.1.0%2Bb/notice',
    '/charts/team/web/-/versions/1.1.0+b/notice',
    '/charts/team/web/-/versions/1.1.0_b/notice',
    '/charts/team%2fweb/-/versions/1.1.0_b/notice?',
  ])('is put up at %s', async (path) => {
    expect((await api.send('PUT', path, { body: YANKED })).status).toBe(200);
    expect(await tags()).toEqual(['1.0.0']);
    expect((await api.send('DELETE', path)).status).toBe(204);
  });

  test('on a chart of the root namespace has no slash in its address', async () => {
    expect((await api.send('PUT', '/charts/web/-/versions/1.0.0/notice', { body: YANKED })).status).toBe(200);
    expect((await api.send('DELETE', '/charts/web/-/versions/1.0.0/notice')).status).toBe(204);
  });

  test('that is not there cannot be taken down, nor one of another kind', async () => {
    expect(await api.refusal(404, 'DELETE', VERSION)).toBe('there is no notice on team/web:1.0.0');
    expect(await api.refusal(404, 'DELETE', CHART)).toBe('there is no notice on team/web');
    await api.send('PUT', CHART, { body: { kind: 'deprecated' } });
    expect(await api.refusal(404, 'DELETE', `${CHART}?kind=yanked`)).toBe('team/web is deprecated, and not yanked');
    expect((await api.send('DELETE', `${CHART}?kind=deprecated`)).status).toBe(204);
    expect(await api.refusal(404, 'DELETE', `${CHART}?kind=deprecated`)).toBe('team/web is not deprecated');
  });
});

describe('is refused', () => {
  test.each([
    [CHART, YANKED, 400, 'team/web cannot be yanked as a whole: yank its versions, or deprecate it'],
    [VERSION, { kind: 'burned' }, 400, '"kind" in the body must be one of "deprecated", "yanked"'],
    [VERSION, {}, 400, 'the body needs "kind"'],
    [VERSION, { ...YANKED, why: 'x' }, 400, 'the body has what is not known here: "why"'],
    [
      VERSION,
      { ...YANKED, reason: 'x'.repeat(501) },
      400,
      '"reason" in the body must not have more than 500 characters',
    ],
    [
      ...[VERSION, { ...YANKED, replacement: 'x'.repeat(301) }, 400],
      '"replacement" in the body must not have more than 300 characters',
    ],
    ...['\u0000', '\n', '\u001b[31m', '\u007f', '\u009b'].map(
      (character) =>
        [
          VERSION,
          { ...YANKED, reason: character },
          400,
          '"reason" in the body must not have control characters',
        ] as const,
    ),
    ['/charts/team/web/-/versions/9.9.9/notice', YANKED, 404, 'team/web has no version with the tag "9.9.9"'],
    ['/charts/team/web/-/versions/latest/notice', YANKED, 404, 'team/web has no version with the tag "latest"'],
    ['/charts/team/web/-/versions/%20/notice', YANKED, 400, expect.stringContaining('" " is not a tag')],
    [
      '/charts/team/none/-/notice',
      { kind: 'deprecated' },
      404,
      expect.stringContaining('there is no repository team/none'),
    ],
    [
      '/charts/Team/web/-/notice',
      { kind: 'deprecated' },
      400,
      expect.stringContaining('"Team/web" is not a repository name'),
    ],
  ] as readonly (readonly [string, object, number, string])[])('%s %o', async (path, body, status, detail) => {
    expect(await api.refusal(status, 'PUT', path, { body })).toEqual(detail);
    expect(await tags()).toEqual(['1.0.0', '1.1.0_b']);
  });

  test('for what is no chart, or a version that was deleted', async () => {
    await pushArtifact(registry, 'team/app', '1.0.0', 'an image');
    expect(await api.refusal(404, 'PUT', '/charts/team/app/-/notice', { body: { kind: 'deprecated' } })).toBe(
      'there is no chart in team/app',
    );
    const path = '/charts/team/app/-/versions/1.0.0/notice';
    expect(await api.refusal(404, 'PUT', path, { body: YANKED })).toBe('team/app has no version with the tag "1.0.0"');
    await pushChart(registry, 'team/gone', { name: 'gone', version: '1.0.0' });
    await registry.request('DELETE', '/v2/team/gone/manifests/1.0.0');
    const gone = '/charts/team/gone/-/versions/1.0.0/notice';
    expect(await api.refusal(404, 'PUT', gone, { body: YANKED })).toBe('team/gone has no version with the tag "1.0.0"');
    expect(await api.refusal(404, 'PUT', '/charts/team/gone/-/notice', { body: { kind: 'deprecated' } })).toBe(
      'there is no chart in team/gone',
    );
  });
});

describe('it takes the right to delete', () => {
  const who = new Map<string, string | undefined>([
    ['nobody', undefined],
    ['an administrator', ADMIN],
    ['a wrong password', 'admin:wrong'],
  ]);
  beforeAll(async () => {
    who.set('a maintainer', await addUser(registry, 'mia', { team: 'maintainer' }));
    who.set('a writer', await addUser(registry, 'wim', { team: 'writer' }));
    who.set('a stranger', await addUser(registry, 'sam'));
    for (const [name, actions] of [
      ['remover', ['pull', 'delete']],
      ['pusher', ['push']],
    ] as const) {
      const scopes = [{ namespace: 'team', actions }];
      const { secret } = await registry.accounts.robots.add(
        { name, namespace: 'team', scopes, expiresAt: null },
        MANAGER,
      );
      who.set(`the robot ${name}`, `${name}:${secret}`);
    }
    const limited = [{ namespace: 'team', actions: ['pull', 'delete'] as const }];
    const asked = { name: 'remover', management: false, expiresAt: null, scopes: limited };
    const { secret } = await registry.accounts.personalTokens.add('mia', asked, AUTHOR);
    who.set('a personal token that may delete', `mia:${secret}`);
    for (const action of ['delete', 'pull']) {
      const scope = `repository:team/web:${action}`;
      const answer = await registry.request('GET', `/token?scope=${scope}`, { as: who.get('a maintainer') });
      const { token } = (await answer.json()) as { readonly token: string };
      who.set(`a token to ${action}`, `Bearer ${token}`);
    }
  });

  test.each([
    ['an administrator', 200],
    ['a maintainer', 200],
    ['the robot remover', 200],
    ['a personal token that may delete', 200],
    ['a token to delete', 200],
    ['a token to pull', 401],
    ['a writer', 403],
    ['the robot pusher', 403],
    ['a stranger', 403],
    ['nobody', 401],
    ['a wrong password', 401],
  ])('%s: %i', async (name, status) => {
    const as = who.get(name);
    for (const path of [VERSION, CHART]) {
      const sent = { as, body: { kind: 'deprecated' } };
      const answer = await api.send('PUT', path, sent);
      expect([path, answer.status]).toEqual([path, status]);
      // Whether there is such a chart is not told to whoever may not know it.
      const absent = await api.send('PUT', path.replace('web', 'none'), sent);
      if (status !== 200) expect([path, absent.status]).toEqual([path, status]);
      expect((await api.send('DELETE', path, { as })).status).toBe(status === 200 ? 204 : status);
    }
  });

  test('the challenge names the scope that a token must have', async () => {
    const answer = await api.send('PUT', VERSION, { as: undefined, body: YANKED });
    expect(answer.headers.get('www-authenticate')).toContain('scope="repository:team/web:delete"');
  });
});

async function tags(): Promise<unknown> {
  const answer = await registry.request('GET', '/v2/team/web/tags/list');
  return ((await answer.json()) as { readonly tags: unknown }).tags;
}
