// The audit trail over the management API.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestClock } from '../../support/clock.ts';
import { MANAGER } from '../../support/manager.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { eventually } from '../support/eventually.ts';
import { openApi } from './support/api.ts';
import { addRobot, addToken, addUser } from './support/people.ts';

const clock = new TestClock('2026-11-23T09:00:00Z');
const registry = await startRegistry({}, clock);
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);

interface Event {
  readonly id: number;
  readonly at: string;
  readonly kind: string;
  readonly actor: string;
  readonly credential: string;
}

const events = (query: string) => api.all<Event>(`/audit${query}`);
const kinds = async (query: string) => (await events(query)).map(({ kind }) => kind);

beforeAll(async () => {
  const mia = await addUser(registry, 'mia', { team: 'maintainer' });
  const { as } = await addToken(registry, 'mia');
  clock.advance(60_000);
  const robot = { namespace: 'team', scopes: [{ namespace: 'team', actions: ['pull'] }] };
  await api.send('POST', '/robots', { as: mia, body: { name: 'one', ...robot } });
  clock.advance(60_000);
  await api.send('POST', '/robots', { as, body: { name: 'two', ...robot } });
  await api.send('DELETE', '/users/admin', { as: mia });
  await registry.request('POST', '/v2/other/web/blobs/uploads/', { as: mia });
  await registry.request('GET', '/token?scope=repository:elsewhere/web:push', { as: mia });
  // What was refused is written a little later; the end of the server writes it at once.
  await registry.restart();
});

test('has who it was, with which credential, from where and with which program', async () => {
  const [two, one] = await events('?kind=robot.added');
  expect(one).toEqual({
    ...{ id: expect.any(Number), at: '2026-11-23T09:01:00.000Z', kind: 'robot.added', actor: 'mia', actorKind: 'user' },
    ...{ credential: 'password', clientAddress: '127.0.0.1', userAgent: 'node', outcome: 'allowed' },
    ...{
      repository: '',
      tag: null,
      digest: null,
      detail: expect.objectContaining({ robot: 'one', namespace: 'team' }),
    },
  });
  expect(two?.credential).toMatch(/^token chr_\w{8}…$/);
});

describe('is filtered', () => {
  test('by kind, or by what kinds begin with', async () => {
    expect(await kinds('?kind=robot.added')).toEqual(['robot.added', 'robot.added']);
    expect(await kinds('?kind=robot')).toEqual(['robot.added', 'robot.added']);
    expect(await kinds('?kind=rob')).toEqual([]);
  });

  test('by actor and outcome', async () => {
    expect(new Set((await events('?actor=mia')).map(({ actor }) => actor))).toEqual(new Set(['mia']));
    expect(await kinds('?actor=mia&outcome=refused')).toEqual(Array(3).fill('access.refused'));
    expect(await kinds('?actor=nobody')).toEqual([]);
  });

  test('by repository and all below it', async () => {
    expect(await kinds('?repository=other')).toEqual(['access.refused']);
    expect(await kinds('?repository=other/web')).toEqual(['access.refused']);
    expect(await kinds('?repository=oth')).toEqual([]);
  });

  test('by the repository for which a token was refused', async () => {
    expect(await kinds('?repository=elsewhere')).toEqual(['access.refused']);
  });

  test('by address', async () => {
    expect(await kinds('?address=127.0.0.1&kind=robot')).toHaveLength(2);
    expect(await kinds('?address=192.0.2.7')).toEqual([]);
  });

  test('by time: from a moment on, and before another one', async () => {
    const robots = async (query: string) => (await events(`?kind=robot&${query}`)).map(({ at }) => at.slice(11, 19));
    expect(await robots('from=2026-11-23T09:01:00Z')).toEqual(['09:02:00', '09:01:00']);
    expect(await robots('from=2026-11-23T09:01:00.001Z')).toEqual(['09:02:00']);
    expect(await robots('to=2026-11-23T09:02:00Z')).toEqual(['09:01:00']);
    expect(await robots('to=2026-11-23T10:02:00%2B01:00')).toEqual(['09:01:00']);
    expect(await robots('from=2026-11-23T09:02:00Z&to=2026-11-23T09:01:00Z')).toEqual([]);
  });
});

describe('the export', () => {
  test('is JSON lines of what the list has, with the same filters', async () => {
    const query = '?kind=robot&from=2026-11-23T09:01:00Z';
    const answer = await api.send('GET', `/audit/export${query}`);
    expect(answer.headers.get('content-type')).toBe('application/jsonl');
    expect(answer.text.endsWith('\n')).toBe(true);
    const lines = answer.text.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(await events(query));
    expect(lines).toHaveLength(2);
  });

  test('of nothing is empty', async () => {
    expect((await api.send('GET', '/audit/export?actor=nobody')).text).toBe('');
  });

  test('has all there is, however much', async () => {
    for (let number = 0; number < 1100; number++) {
      await registry.accounts.namespaces.setVisibility({ path: `n${number}`, visibility: 'public' }, MANAGER);
    }
    const { text } = await api.send('GET', '/audit/export?kind=namespace');
    const paths = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).detail.namespace);
    expect(paths).toEqual(Array.from({ length: 1100 }, (_, number) => `n${1099 - number}`));
  });

  test('is for administrators, and takes no page', async () => {
    expect((await api.send('GET', '/audit/export', { as: 'mia:mia-password' })).status).toBe(403);
    expect((await api.send('GET', '/audit/export?limit=1')).status).toBe(400);
  });
});

test('whatever names have in them, a line of the export is one line', async () => {
  const as = await addRobot(registry, 'ci', 'team');
  const headers = { 'user-agent': 'x "quoted" \\n' };
  await registry.request('GET', '/v2/', { as, headers });
  const find = async () => (await api.send('GET', '/audit/export?actor=ci')).text;
  await eventually(find).toMatch(/^\{.*\}\n$/);
  expect(JSON.parse(await find())).toMatchObject({ userAgent: 'x "quoted" \\n' });
});
