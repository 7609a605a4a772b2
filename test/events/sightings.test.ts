// Sightings: logins, tokens and refusals are written down, equal ones not again and again, and never on a request's way.
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import type { Author } from '../../src/events/author.ts';
import { Sightings } from '../../src/events/sightings.ts';
import { StorageUnusable } from '../../src/ports/storage-unusable.ts';
import { listEvents } from '../../src/tables/events.ts';
import { pushChart } from '../support/artifacts.ts';
import { TestClock } from '../support/clock.ts';
import { MANAGER } from '../support/manager.ts';
import { ADMIN, startRegistry } from '../support/start-registry.ts';

const registry = await startRegistry();
const database = openSqliteDatabase(join(registry.dataDir, 'chartroom.db'));
afterAll(async () => {
  await database.close();
  await registry[Symbol.asyncDispose]();
});

const ANN: Author = {
  name: 'ann',
  kind: 'user',
  credential: 'password',
  clientAddress: '192.0.2.1',
  userAgent: 'Helm/4.2',
};

function sightingsWith(
  clock: TestClock,
  onFailure: (error: unknown) => void = (error) => expect(error).toBeUndefined(),
) {
  return new Sightings({ database, clock, onFailure });
}

async function eventsOf(actor: string) {
  return await listEvents(database, { actor }, { before: undefined, limit: 100 });
}

test('equal ones within ten minutes are one line, and the next line says how many there were', async () => {
  const clock = new TestClock('2026-11-23T10:00:00Z');
  await using sightings = sightingsWith(clock);
  const see = (change: Partial<Author> = {}) =>
    sightings.note({ kind: 'login.succeeded', author: { ...ANN, ...change }, detail: {} });
  for (let count = 0; count < 5; count += 1) see();
  see({ clientAddress: '192.0.2.2' });
  clock.advance(10 * 60_000);
  see();
  await sightings.flush();
  const events = await eventsOf('ann');
  expect(events.map(({ clientAddress, detail }) => [clientAddress, detail])).toEqual([
    ['192.0.2.1', '{"repeated":4}'],
    ['192.0.2.2', '{}'],
    ['192.0.2.1', '{}'],
  ]);
  expect(events[0]).toMatchObject({
    actorKind: 'user',
    credential: 'password',
    userAgent: 'Helm/4.2',
    outcome: 'allowed',
  });
});

test('what a client makes up is cut, and what is refused says so', async () => {
  await using sightings = sightingsWith(new TestClock('2026-11-23T10:00:00Z'));
  const author = { ...ANN, name: 'ben', userAgent: 'x'.repeat(100_000) };
  sightings.note({ kind: 'access.refused', author, repository: 'team/web', detail: { reason: 'no role' } });
  await sightings.flush();
  const [event] = await eventsOf('ben');
  expect(event).toMatchObject({ outcome: 'refused', repository: 'team/web', detail: '{"reason":"no role"}' });
  expect(event?.userAgent).toHaveLength(300);
});

test('a flood is bounded, and what it cost is told', async () => {
  const failures: unknown[] = [];
  await using sightings = sightingsWith(new TestClock('2026-11-23T10:00:00Z'), (error) => failures.push(error));
  for (let count = 0; count < 5_100; count += 1) {
    sightings.note({ kind: 'login.refused', author: { ...ANN, name: 'cleo', clientAddress: `${count}` }, detail: {} });
  }
  await sightings.flush();
  expect(failures).toEqual([new Error('100 logins and refusals came too fast to be written down')]);
  expect(await database.query(`select count(*) as count from events where actor = 'cleo'`)).toEqual([{ count: 5_000 }]);
});

test('a database that fails is told, and the next writing works', async () => {
  const closed = openSqliteDatabase(join(registry.dataDir, 'chartroom.db'));
  await closed.close();
  const failures: unknown[] = [];
  const clock = new TestClock('2026-11-23T10:00:00Z');
  const sightings = new Sightings({ database: closed, clock, onFailure: (error) => failures.push(error) });
  sightings.note({ kind: 'login.succeeded', author: ANN, detail: {} });
  await expect(sightings.flush()).rejects.toThrow();
  sightings.note({ kind: 'login.succeeded', author: { ...ANN, name: 'dora' }, detail: {} });
  await sightings[Symbol.asyncDispose]();
  expect(failures).toHaveLength(1);
});

test('the server notes who logged in, got a token, and was refused what, and when a secret was last used', async () => {
  const asked = { name: 'ci', namespace: 'team', expiresAt: null };
  const scopes = [{ namespace: 'team', actions: ['pull'] as const }];
  const { secret } = await registry.accounts.robots.add({ ...asked, scopes }, MANAGER);
  await pushChart(registry, 'team/web', { name: 'web', version: '1.0.0' });
  const overwrite = await pushChart(registry, 'team/web', {
    name: 'web',
    version: '1.0.0',
    files: { 'a.txt': 'other' },
  });
  expect(overwrite.status).toBe(409);
  const headers = { 'user-agent': 'Helm/4.2.4' };
  const mistyped = `${secret.slice(0, -1)}${secret.endsWith('x') ? 'y' : 'x'}`;
  const robot = { as: `ci:${secret}`, headers };
  await registry.request('GET', '/token?scope=repository:team/web:pull', robot);
  await registry.request('POST', '/v2/team/web/blobs/uploads/', robot);
  await registry.request('GET', '/v2/', { as: 'admin:wrong-password', headers });
  await registry.request('GET', '/v2/', { as: 'typed-here:as-a-name', headers });
  await registry.request('GET', '/v2/team/web/tags/list', { as: undefined, headers });
  await registry.request('GET', '/v2/', { as: `ci:${mistyped}`, headers });
  await registry.restart();
  const lines = (await listEvents(database, { from: 0 }, { before: undefined, limit: 1000 }))
    .filter(({ kind }) => /^(login|token|access|overwrite)\.(succeeded|issued|refused)$/.test(kind))
    .map(({ kind, actor, actorKind, credential, userAgent, repository, outcome }) =>
      [kind, outcome, actor, actorKind, credential.replace(/chr_\w+/, 'chr_'), userAgent, repository].join(' | '),
    );
  expect(lines.filter((line) => line.includes('Helm/4.2.4')).toSorted()).toEqual([
    'access.refused | refused | ci | robot | token chr_… | Helm/4.2.4 | team/web',
    'login.refused | refused | admin | anonymous |  | Helm/4.2.4 | ',
    'login.refused | refused | anonymous | anonymous |  | Helm/4.2.4 | ',
    'login.refused | refused | anonymous | anonymous |  | Helm/4.2.4 | ',
    'login.succeeded | allowed | ci | robot | token chr_… | Helm/4.2.4 | ',
    'token.issued | allowed | ci | robot | token chr_… | Helm/4.2.4 | team/web',
  ]);
  expect(lines).toContainEqual(
    expect.stringMatching(/^overwrite\.refused \| refused \| admin \| user \| password \| .* \| team\/web$/),
  );
  const { secrets } = await registry.accounts.robots.find('ci', MANAGER);
  expect(secrets).toMatchObject([{ lastUsedAddress: '127.0.0.1', lastUsedAgent: 'Helm/4.2.4' }]);
  expect((await registry.accounts.users.find(ADMIN.split(':')[0] ?? '')).lastLoginAt).toEqual(expect.any(Number));
});

test('what cannot be written while the database is locked is kept, and written once it can be', async () => {
  const clock = new TestClock('2026-11-23T10:00:00Z');
  let isLocked = true;
  const locked: typeof database = {
    ...database,
    transaction: async (work) => {
      if (isLocked) throw new StorageUnusable('locked', { trouble: 'busy' });
      return await database.transaction(work);
    },
  };
  await using sightings = new Sightings({ database: locked, clock, onFailure: () => undefined });
  const kept: Author = { ...ANN, name: 'kept' };
  sightings.note({ kind: 'login.succeeded', author: kept, detail: {} });
  await expect(sightings.flush()).rejects.toThrow('locked');
  sightings.note({ kind: 'login.refused', author: kept, detail: {} });
  await expect(sightings.flush()).rejects.toThrow('locked');
  isLocked = false;
  await sightings.flush();
  await sightings.flush();
  expect((await eventsOf('kept')).map(({ kind }) => kind)).toEqual(['login.refused', 'login.succeeded']);
});
