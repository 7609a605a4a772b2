// Events, how they are found and how they are forgotten: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/ports/database.ts';
import {
  deleteEventsBefore,
  type EventFilter,
  type EventRow,
  findNewestEventTime,
  insertEvent,
  listEvents,
  type NewEvent,
} from '../../../src/tables/events.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import { countRows } from './account-rows.ts';
import { FIRST, pagesOf, V1, WEB } from './rows.ts';

const NOW = 1_790_000_000_000;

const EVENT: NewEvent = {
  at: NOW,
  kind: 'tag.set',
  actor: 'ann',
  actorKind: 'user',
  credential: 'password',
  clientAddress: '10.0.0.1',
  userAgent: 'Helm/3.18.0',
  outcome: 'allowed',
  repository: WEB,
  tag: V1,
  digest: FIRST,
  detail: '{"name":"ä"}',
};

/** In the order in which they are written; their ids begin with 1. */
const EVENTS: readonly NewEvent[] = [
  { ...EVENT, at: 10, kind: 'user.added', repository: '' },
  { ...EVENT, at: 20, kind: 'user.added', actor: 'bob', repository: '' },
  { ...EVENT, at: 20, kind: 'users.x', repository: 'team' },
  { ...EVENT, at: 20, kind: 'user', repository: 'team/web' },
  { ...EVENT, at: 20, kind: 'user-x', repository: 'team/web/api' },
  // Written late: time and id have not the same order.
  { ...EVENT, at: 15, kind: 'user.password-changed', repository: 'teams' },
  { ...EVENT, at: 30, kind: 'access.refused', outcome: 'refused', repository: 'team-x', actor: 'bob' },
  { ...EVENT, at: 30, kind: 'access.refused', outcome: 'refused', clientAddress: '10.0.0.2', repository: 'team.x' },
  { ...EVENT, at: 40, kind: 'user.added.x', clientAddress: '10.0.0.2', repository: 'team0' },
  { ...EVENT, at: 40, kind: 'user/x', repository: '' },
];

const FILTERS: readonly { readonly filter: EventFilter; readonly found: readonly number[] }[] = [
  { filter: {}, found: [10, 9, 8, 7, 6, 5, 4, 3, 2, 1] },
  { filter: { actor: 'bob' }, found: [7, 2] },
  { filter: { actor: 'bo' }, found: [] },
  { filter: { kind: 'user' }, found: [9, 6, 4, 2, 1] },
  { filter: { kind: 'user.added' }, found: [9, 2, 1] },
  { filter: { kind: 'users' }, found: [3] },
  { filter: { kind: 'use' }, found: [] },
  { filter: { kind: '%' }, found: [] },
  { filter: { repository: 'team' }, found: [5, 4, 3] },
  { filter: { repository: 'team/web' }, found: [5, 4] },
  { filter: { repository: 'team/we' }, found: [] },
  { filter: { repository: 'team-x' }, found: [7] },
  { filter: { outcome: 'refused' }, found: [8, 7] },
  { filter: { outcome: 'allowed' }, found: [10, 9, 6, 5, 4, 3, 2, 1] },
  { filter: { clientAddress: '10.0.0.2' }, found: [9, 8] },
  { filter: { clientAddress: '10.0.0' }, found: [] },
  { filter: { from: 20 }, found: [10, 9, 8, 7, 5, 4, 3, 2] },
  { filter: { to: 20 }, found: [6, 1] },
  { filter: { from: 15, to: 30 }, found: [6, 5, 4, 3, 2] },
  { filter: { from: 20, to: 20 }, found: [] },
  { filter: { kind: 'user', repository: 'team' }, found: [4] },
  {
    filter: { actor: 'ann', kind: 'access', outcome: 'refused', clientAddress: '10.0.0.2', from: 30, to: 31 },
    found: [8],
  },
];

/** Of more than these, events are found another way. */
const MANY = 2_500;

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    test('an event is found as it was written', async () => {
      await using opened = await open();
      const { database } = opened;
      const bare: NewEvent = { ...EVENT, credential: '', repository: '', tag: null, digest: null, outcome: 'refused' };
      await write(database, EVENT, bare);
      expect(await listEvents(database, {}, { before: undefined, limit: 10 })).toEqual([
        { id: 2, ...bare },
        { id: 1, ...EVENT },
      ]);
    });

    test('the newest of exactly one kind is found, by the order in which they were written', async () => {
      await using opened = await open();
      const { database } = opened;
      await write(
        database,
        ...EVENTS,
        { ...EVENT, at: 5, kind: 'user.added' },
        { ...EVENT, at: 50, kind: 'user.added.x' },
      );
      expect(await findNewestEventTime(database, 'user.added')).toBe(5);
      expect(await findNewestEventTime(database, 'user')).toBe(20);
      expect(await findNewestEventTime(database, 'use')).toBeUndefined();
    });

    test('an id is given once, also when its event was forgotten', async () => {
      await using opened = await open();
      const { database } = opened;
      await write(database, EVENT, EVENT);
      await database.transaction((tx) => deleteEventsBefore(tx, NOW + 1, 10));
      await write(database, EVENT);
      expect(await database.query('select id from events')).toEqual([{ id: 3 }]);
    });

    test.each(FILTERS)('by $filter those are found, the newest first, in pages of every length', async (sample) => {
      await using opened = await open();
      const { database } = opened;
      const { filter, found } = sample;
      await write(database, ...EVENTS);
      for (const limit of [1, 2, 3, 5, 10, 11]) {
        const listed = await allPages(database, filter, limit);
        expect(listed.flat()).toEqual(found);
        expect(listed.slice(0, -1).every((page) => page.length === limit)).toBe(true);
      }
    });

    test.each(FILTERS)('by $filter the same are found among many others', async ({ filter, found }) => {
      await using opened = await open();
      const { database } = opened;
      await write(database, ...EVENTS);
      await writeMany(database, { ...EVENT, kind: 'a.b', actor: 'ci', repository: 'a', clientAddress: '' });
      const most = new Set(EVENTS.map((_, index) => index + 1));
      const listed = (await allPages(database, filter, 700)).flat();
      expect(listed.filter((id) => most.has(id))).toEqual(found);
      const others = [filter.actor, filter.kind, filter.repository, filter.clientAddress, filter.to];
      const areOthersFound = filter.outcome !== 'refused' && others.every((value) => value === undefined);
      expect(listed).toHaveLength(found.length + (areOthersFound ? MANY : 0));
    });

    test.each(FILTERS.filter(({ filter }) => filter.from === undefined && filter.to === undefined))(
      'by $filter many are found as few are',
      async ({ filter, found }) => {
        await using opened = await open();
        const { database } = opened;
        await write(database, ...EVENTS);
        const expected: number[] = [...found];
        for (const [index, event] of EVENTS.entries()) {
          await writeMany(database, event);
          if (!found.includes(index + 1)) continue;
          const first = EVENTS.length + index * MANY + 1;
          expected.unshift(...Array.from({ length: MANY }, (_, number) => first + MANY - 1 - number));
        }
        expect((await allPages(database, filter, 1900)).flat()).toEqual(expected);
      },
    );

    test('between two times many are found as few are', async () => {
      await using opened = await open();
      const { database } = opened;
      for (const at of [19, 20, 21]) await writeMany(database, { ...EVENT, at });
      const ids = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => last - index);
      const found = async (filter: EventFilter) => (await allPages(database, filter, 1900)).flat();
      expect(await found({ from: 20 })).toEqual(ids(MANY + 1, 3 * MANY));
      expect(await found({ to: 21 })).toEqual(ids(1, 2 * MANY));
      expect(await found({ from: 20, to: 21 })).toEqual(ids(MANY + 1, 2 * MANY));
      expect(await found({ from: 19, to: 20 })).toEqual(ids(1, MANY));
    });

    test('those before a time are forgotten, not more at once than asked, the oldest first', async () => {
      await using opened = await open();
      const { database } = opened;
      await write(database, ...[30, 20, 20, 10, 20, 40].map((at) => ({ ...EVENT, at })));
      const left = async () => {
        const events = await listEvents(database, {}, { before: undefined, limit: 10 });
        return events.map(({ at }) => at);
      };
      const forget = async (before: number, limit: number) =>
        await database.transaction((tx) => deleteEventsBefore(tx, before, limit));
      expect(await forget(10, 2)).toBe(0);
      expect(await forget(30, 2)).toBe(2);
      expect(await left()).toEqual([40, 20, 20, 30]);
      expect(await forget(30, 2)).toBe(2);
      expect(await left()).toEqual([40, 30]);
      expect(await forget(30, 2)).toBe(0);
      expect(await forget(31, 2)).toBe(1);
      expect(await left()).toEqual([40]);
      expect(await countRows(database, 'events')).toBe(1);
    });
  });
}

async function write(database: Database, ...events: readonly NewEvent[]): Promise<void> {
  await database.transaction(async (tx) => {
    for (const event of events) await insertEvent(tx, event);
  });
}

/** The same event so often that it is not a matter of sorting a few. */
async function writeMany(database: Database, event: NewEvent): Promise<void> {
  await database.transaction((tx) =>
    tx.query(
      `with recursive numbers (number) as (select 1 union all select number + 1 from numbers where number < ${MANY})
       insert into events (at, kind, actor, actor_kind, credential, client_address, user_agent, outcome, repository, detail)
       select $1, $2, $3, '', '', $4, '', $5, $6, '{}' from numbers`,
      [event.at, event.kind, event.actor, event.clientAddress, event.outcome, event.repository],
    ),
  );
}

/** The ids that are found, page after page. */
async function allPages(
  database: Database,
  filter: EventFilter,
  limit: number,
): Promise<readonly (readonly number[])[]> {
  const listed = await pagesOf<EventRow>((last) => listEvents(database, filter, { before: last?.id, limit }));
  return listed.map((page) => page.map(({ id }) => id));
}
