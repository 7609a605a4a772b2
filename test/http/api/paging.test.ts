// Lists of the management API come in pages, whose addresses lead to the end.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AUTHOR, MANAGER } from '../../support/manager.ts';
import { startRegistry } from '../../support/start-registry.ts';
import { openApi, type Page } from './support/api.ts';
import { addRobot, addToken, addUser } from './support/people.ts';

const registry = await startRegistry();
afterAll(() => registry[Symbol.asyncDispose]());
const api = await openApi(registry);

const NAMES = ['a', 'a-b', 'a.b', 'ab', 'b', 'c1', 'c10', 'c2'];
const RULE = { issuer: 'https://issuer.example.com', audience: 'charts', claims: { sub: 'one' }, keys: null };
let ann = '';

beforeAll(async () => {
  const { accounts } = registry;
  ann = await addUser(registry, 'zoe', { 'n/c1': 'maintainer' });
  await accounts.groups.add({ name: 'ops', externalName: null, administrator: false }, AUTHOR);
  for (const name of NAMES) {
    await addUser(registry, name, { '/': 'reader', team: 'writer' });
    await accounts.groups.addMember('ops', name, AUTHOR);
    await accounts.groups.add({ name: `g-${name}`, externalName: null, administrator: false }, AUTHOR);
    await accounts.grants.put({ holder: 'group', name: `g-${name}`, namespace: 'team', role: 'reader' }, AUTHOR);
    await accounts.namespaces.setVisibility({ path: `n/${name}`, visibility: 'public' }, MANAGER);
    await addRobot(registry, name, `n/${name.startsWith('c1') ? 'c1' : name}`);
    await addToken(registry, 'a', { name });
    await accounts.trustRules.add(name, { ...RULE, namespace: 'team', role: 'reader', disabled: false }, AUTHOR);
  }
  // A login is written down a moment later, which would be in the middle of a list.
  await vi.waitFor(async () => expect((await api.all('/audit?kind=login')).length).toBeGreaterThan(0), 10_000);
});

type Row = Readonly<Record<string, unknown>>;

/** What a list must hold, in its order, and by what its items are told apart. */
const LISTS: readonly (readonly [path: string, key: (row: Row) => unknown, keys: readonly unknown[] | undefined])[] = [
  ['/users', ({ name }) => name, ['a', 'a-b', 'a.b', 'ab', 'admin', 'b', 'c1', 'c10', 'c2', 'zoe']],
  ['/groups', ({ name }) => name, [...NAMES.map((name) => `g-${name}`), 'ops']],
  ['/groups/ops/members', ({ user }) => user, NAMES],
  [
    '/grants',
    ({ user, group, namespace }) => `${user ?? group} ${namespace}`,
    [...NAMES.flatMap((name) => [`${name} /`, `${name} team`]), 'zoe n/c1', ...NAMES.map((name) => `g-${name} team`)],
  ],
  ['/grants?namespace=/', ({ user }) => user, NAMES],
  ['/grants?user=a-b', ({ namespace }) => namespace, ['/', 'team']],
  ['/grants?group=g-c10', ({ group }) => group, ['g-c10']],
  ['/namespaces', ({ path }) => path, ['/', ...NAMES.map((name) => `n/${name}`)]],
  ['/robots', ({ name }) => name, NAMES],
  ['/tokens', ({ id }) => id, undefined],
  ['/tokens?user=a', ({ id }) => id, undefined],
  ['/trust-rules', ({ name }) => name, NAMES],
  ['/audit', ({ id }) => id, undefined],
  ['/audit?kind=robot&outcome=allowed', ({ detail }) => (detail as { robot: string }).robot, NAMES.toReversed()],
];

describe.each(LISTS)('%s', (path, key, keys) => {
  const limited = (limit: number) => `${path}${path.includes('?') ? '&' : '?'}limit=${limit}`;

  test.each([1, 2, 3, 1000])('has everything once, in order, in pages of %d', async (limit) => {
    const all = (await api.all<Row>(limited(limit))).map(key);
    if (keys !== undefined) expect(all).toEqual(keys);
    else expect(all).toEqual((await api.all<Row>(limited(1000))).map(key));
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeGreaterThan(0);
  });

  test('has as many items in a page as asked for, and no next page behind the last item', async () => {
    const count = (await api.all(limited(1000))).length;
    expect((await api.send<Page<Row>>('GET', limited(count))).body).toEqual({ items: expect.any(Array) });
    if (count === 1) return;
    const { items, next = '' } = (await api.send<Page<Row>>('GET', limited(count - 1))).body;
    expect(items).toHaveLength(count - 1);
    expect(next.startsWith(`/api/v1${path.split('?')[0]}?`)).toBe(true);
  });
});

test('a page has 100 items when nobody says how many', async () => {
  const { accounts } = registry;
  for (let number = 0; number < 110; number++) {
    await accounts.namespaces.setVisibility({ path: `many/${number}`, visibility: 'public' }, MANAGER);
  }
  const { items, next } = (await api.send<Page<Row>>('GET', '/namespaces')).body;
  expect([items.length, next]).toEqual([100, expect.stringMatching(/[?&]limit=100$/)]);
  const deleted = Array.from({ length: 110 }, (_, number) => `many/${number}`);
  for (const path of deleted) await accounts.namespaces.reset(path, MANAGER);
});

test('pages go on behind what was removed meanwhile', async () => {
  const first = (await api.send<Page<Row>>('GET', '/users?limit=3')).body;
  await api.send('POST', '/users', { body: { name: 'a.a', password: 'some-password' } });
  await api.send('DELETE', '/users/a.b');
  const rest = await api.all<Row>(first.next ?? '');
  expect(rest.map(({ name }) => name)).toEqual(['ab', 'admin', 'b', 'c1', 'c10', 'c2', 'zoe']);
});

test('pages hold as many as asked for of those that the caller may see', async () => {
  for (const limit of [1, 2]) {
    const robots = await api.all<Row>(`/robots?limit=${limit}`, { as: ann });
    expect(robots.map(({ name }) => name)).toEqual(['c1', 'c10']);
    const namespaces = await api.all<Row>(`/namespaces?limit=${limit}`, { as: ann });
    expect(namespaces.map(({ path }) => path)).toEqual(['n/c1']);
  }
});

describe('a cursor', () => {
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

  test.each([
    ['/users', 'x'],
    ['/users', ''],
    ['/users', encoded([])],
    ['/users', encoded(['a', 'b'])],
    ['/users', encoded([1])],
    ['/users', encoded(['a\u0000'])],
    ['/users', encoded({ 0: 'a', length: 1 })],
    ['/users', encoded('a')],
    ['/users', encoded(null)],
    ['/grants', encoded(['user', 'a'])],
    ['/audit', encoded(['x'])],
    ['/audit', encoded(['1e9'])],
    ['/audit', encoded(['9'.repeat(30)])],
    ['/audit', encoded(['-1'])],
  ])('that was made up is refused: %s %s', async (path, cursor) => {
    expect(await api.refusal(400, 'GET', `${path}?cursor=${cursor}`)).toBe(
      'the cursor is none of this list: begin again without one',
    );
  });

  test('shows nobody more than they may see', async () => {
    const cursor = encoded(['a']);
    const robots = await api.all<Row>(`/robots?cursor=${cursor}`, { as: ann });
    expect(robots.map(({ name }) => name)).toEqual(['c1', 'c10']);
    expect((await api.send('GET', `/users?cursor=${cursor}`, { as: ann })).status).toBe(403);
  });
});
