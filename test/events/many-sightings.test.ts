// Sightings that differ: whoever makes up ever new ones decides neither how long the audit trail is nor what is missing in it.
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { createSecret } from '../../src/access/secret.ts';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import type { Author } from '../../src/events/author.ts';
import { Sightings } from '../../src/events/sightings.ts';
import { listEvents } from '../../src/tables/events.ts';
import { TestClock } from '../support/clock.ts';
import { startRegistry } from '../support/start-registry.ts';

const registry = await startRegistry();
const database = openSqliteDatabase(join(registry.dataDir, 'chartroom.db'));
afterAll(async () => {
  await database.close();
  await registry[Symbol.asyncDispose]();
});

const NOBODY: Author = {
  ...{ name: 'anonymous', kind: 'anonymous', credential: '', clientAddress: '192.0.2.1', userAgent: '' },
};
const BEN: Author = { ...NOBODY, name: 'ben', kind: 'user', credential: 'password' };
const MANY = 'too many different ones from here: only this line and their number are kept';

let clock: TestClock;
beforeEach(async () => {
  clock = new TestClock('2026-11-23T10:00:00Z');
  await database.transaction((tx) => tx.query('delete from events'));
});

function open(onFailure: (error: unknown) => void = (error) => expect(error).toBeUndefined()): Sightings {
  return new Sightings({ database, clock, onFailure });
}

function refuse(sightings: Sightings, count: number, author: Partial<Author> = {}): void {
  for (let index = 0; index < count; index += 1) {
    sightings.note({
      kind: 'login.refused',
      author: { ...NOBODY, ...author },
      detail: { reason: `${index} is not known` },
    });
  }
}

async function lines(filter: { readonly kind?: string; readonly actor?: string } = {}) {
  return await listEvents(database, filter, { before: undefined, limit: 10_000 });
}

test('of one client that has not logged in, two hundred are written, and one for all the others', async () => {
  await using sightings = open();
  refuse(sightings, 1_000);
  await sightings.flush();
  const written = await lines();
  expect(written).toHaveLength(201);
  expect(written[0]).toMatchObject({
    actor: 'anonymous',
    clientAddress: '192.0.2.1',
    detail: JSON.stringify({ reason: MANY }),
  });
});

test('after ten minutes it has as many again, and the line for the others says how many there were', async () => {
  await using sightings = open();
  refuse(sightings, 1_000);
  clock.advance(10 * 60_000);
  refuse(sightings, 1_000);
  await sightings.flush();
  const written = await lines();
  expect(written).toHaveLength(402);
  expect(JSON.parse(written[0]?.detail ?? '')).toEqual({ reason: MANY, repeated: 799 });
});

test('the addresses of an IPv6 /64 are one client, and other clients have lines of their own', async () => {
  await using sightings = open();
  for (let index = 0; index < 300; index += 1) refuse(sightings, 1, { clientAddress: `2001:db8::${index}` });
  refuse(sightings, 10, { clientAddress: '192.0.2.2' });
  await sightings.flush();
  expect(await lines()).toHaveLength(211);
});

test('what is made up does not hide whose password somebody tries to guess', async () => {
  await using sightings = open();
  refuse(sightings, 1_000);
  refuse(sightings, 1, { name: 'ann' });
  await sightings.flush();
  expect(await lines({ actor: 'ann' })).toHaveLength(1);
});

test('a user has more of them, and is named in the line for the others', async () => {
  await using sightings = open();
  for (let index = 0; index < 3_000; index += 1) {
    sightings.note({ kind: 'token.issued', author: BEN, repository: `team/c${index}`, detail: { actions: ['pull'] } });
  }
  await sightings.flush();
  const written = await lines({ actor: 'ben' });
  expect(written).toHaveLength(2_001);
  expect(written[0]).toMatchObject({ actor: 'ben', repository: '', detail: JSON.stringify({ reason: MANY }) });
});

test('what users are refused is written, however many strangers are refused at the same time', async () => {
  const failures: unknown[] = [];
  await using sightings = open((error) => failures.push(error));
  for (let index = 0; index < 6_000; index += 1) refuse(sightings, 1, { clientAddress: `client ${index}` });
  sightings.note({ kind: 'access.refused', author: BEN, repository: 'team/web', detail: { reason: 'no role' } });
  await sightings.flush();
  expect(failures).toHaveLength(1);
  expect(await lines({ actor: 'ben' })).toHaveLength(1);
});

test('of a user agent that is long, no event keeps more than its beginning', async () => {
  const headers = { 'user-agent': 'x'.repeat(5_000), 'content-type': 'application/json' };
  await registry.request('POST', '/api/v1/groups', { headers, body: '{"name":"ops"}' });
  const [added] = await lines({ kind: 'group.added' });
  expect(added?.userAgent).toBe('x'.repeat(300));
});

test('secrets that somebody makes up do not fill the audit trail of a server', async () => {
  for (let index = 0; index < 300; index += 1) {
    await registry.request('GET', '/v2/', { as: `any:${createSecret().secret}` });
  }
  await registry.restart();
  expect((await lines({ kind: 'login.refused' })).length).toBe(201);
});
