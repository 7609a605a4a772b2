// What grows, or is asked at every request, is found by a key or an index, and not by going through a whole table.
import { afterAll, describe, expect, test } from 'vitest';
import type { Queryable, Transaction } from '../../../src/ports/database.ts';
import { findBlobSize, findManifestUsing, repositoriesWithBlob } from '../../../src/tables/blobs.ts';
import { findInspection, holdsChart } from '../../../src/tables/charts.ts';
import { deleteEventsBefore, type EventFilter, listEvents } from '../../../src/tables/events.ts';
import { listGrantsOf } from '../../../src/tables/grants.ts';
import { findGroupByExternalName, listGroupsFromLogin, listGroupsOf, listMembers } from '../../../src/tables/groups.ts';
import { listReferrers } from '../../../src/tables/manifests.ts';
import { findPersonalToken } from '../../../src/tables/personal-tokens.ts';
import { findRobotById } from '../../../src/tables/robots.ts';
import { findSecret, limitSecretsOf, listSecretsOf, noteSecretUse } from '../../../src/tables/secrets.ts';
import { deleteTagsOf, listTags } from '../../../src/tables/tags.ts';
import { findUserById, findUserBySubject, setLastLogin } from '../../../src/tables/users.ts';
import { DATABASES, type DatabaseKind, openMigrated, stopDatabases } from '../databases.ts';
import { describeTables } from '../describe-tables.ts';
import { FIRST, SECOND, V1, WEB } from './rows.ts';

const FILTERS: readonly EventFilter[] = [
  { actor: 'ann' },
  { kind: 'user' },
  { repository: 'team' },
  { outcome: 'refused' },
  { clientAddress: '10.0.0.1' },
  { from: 1 },
  { to: 2 },
];
const REFERRERS = { repository: WEB, subject: FIRST, artifactType: undefined, last: '', limit: 10 };
const USE = { id: 's1', at: 1, address: '', agent: '' };
const DELETION = { repository: WEB, at: 1, by: 'ann' };

const LOOK_UPS: readonly { readonly name: string; readonly run: (tx: Transaction) => Promise<unknown> }[] = [
  { name: 'a secret', run: (tx) => findSecret(tx, 's1') },
  { name: 'the secrets of a robot', run: (tx) => listSecretsOf(tx, { robot: 'ci' }) },
  { name: 'the secrets of a personal token', run: (tx) => limitSecretsOf(tx, { personalToken: '1' }, 1) },
  { name: 'the secret that was used', run: (tx) => noteSecretUse(tx, USE) },
  { name: 'a personal token', run: (tx) => findPersonalToken(tx, '1') },
  { name: 'a robot by its id', run: (tx) => findRobotById(tx, '1') },
  { name: 'a user by its id', run: (tx) => findUserById(tx, '1') },
  { name: 'a user by its subject', run: (tx) => findUserBySubject(tx, 'issuer', '1') },
  { name: 'the user who logged in', run: (tx) => setLastLogin(tx, '1', 1) },
  { name: 'the grants of a user', run: (tx) => listGrantsOf(tx, 'ann') },
  { name: 'the groups of a user', run: (tx) => listGroupsOf(tx, 'ann') },
  { name: 'the groups of a login', run: (tx) => listGroupsFromLogin(tx, 'ann') },
  { name: 'a group by its external name', run: (tx) => findGroupByExternalName(tx, 'cn=ops') },
  { name: 'the members of a group', run: (tx) => listMembers(tx, 'ops', { last: '', limit: 10 }) },
  { name: 'old events', run: (tx) => deleteEventsBefore(tx, 1, 10) },
  ...FILTERS.map((filter) => ({
    name: `events by ${Object.keys(filter).join()}`,
    run: async (tx: Transaction) => await listEvents(tx, filter, { before: undefined, limit: 10 }),
  })),
  { name: 'a blob', run: (tx) => findBlobSize(tx, WEB, FIRST) },
  { name: 'the repositories of a blob', run: (tx) => repositoriesWithBlob(tx, FIRST, 10) },
  { name: 'the manifests of a blob', run: (tx) => findManifestUsing(tx, WEB, FIRST) },
  { name: 'an inspection', run: (tx) => findInspection(tx, FIRST, SECOND) },
  { name: 'the chart of a repository', run: (tx) => holdsChart(tx, WEB, 'web') },
  { name: 'referrers', run: (tx) => listReferrers(tx, REFERRERS) },
  { name: 'the tags of a repository', run: (tx) => listTags(tx, WEB, V1, 10) },
  { name: 'the tags of a manifest', run: (tx) => deleteTagsOf(tx, FIRST, DELETION) },
];

afterAll(stopDatabases);

describe('SQLite', () => {
  test.each(LOOK_UPS)('$name: found by a key or an index', async ({ run }) => {
    await using opened = await openMigrated(sqlite());
    const steps = await opened.database.transaction(async (tx) => {
      const plans: string[] = [];
      await run(explaining(tx, plans));
      return plans;
    });
    expect(steps.join('\n')).toContain('SEARCH');
    // An index of some rows has no others to go through.
    expect(steps.filter((step) => step.startsWith('SCAN') && !step.endsWith('INDEX events_refused'))).toEqual([]);
  });

  test.each(FILTERS.filter(({ actor, clientAddress, outcome }) => !actor && !clientAddress && !outcome))(
    'many events by %o: met in the order of their ids, so that no page sorts them all',
    async (filter) => {
      await using opened = await openMigrated(sqlite());
      const plans = await opened.database.transaction(async (tx) => {
        await tx.query(
          `with recursive numbers (number) as (select 1 union all select number + 1 from numbers where number < 3000)
           insert into events (at, kind, actor, repository, detail) select 1, 'user.added', 'ann', 'team/web', '{}' from numbers`,
        );
        const steps: string[] = [];
        await listEvents(explaining(tx, steps), filter, { before: undefined, limit: 10 });
        return steps;
      });
      expect(plans.slice(1)).toContain('SCAN events');
    },
  );

  test('what goes through a table is told apart', async () => {
    await using opened = await openMigrated(sqlite());
    const steps: string[] = [];
    await opened.database.transaction((tx) => explaining(tx, steps).query(`select id from users where login = 'x'`));
    expect(steps).toEqual(['SCAN users']);
  });
});

for (const kind of DATABASES) {
  test(`${kind.name}: what a row is deleted with, or kept by, is found by a key or an index`, async () => {
    await using opened = await openMigrated(kind);
    const tables = await describeTables(opened.database);
    const keys = tables.flatMap(({ name, foreignKeys, primaryKey, indexes }) =>
      foreignKeys.map((key) => {
        const columns = `${key.split(' -> ')[0]}, `;
        const served = [primaryKey.join(', '), ...indexes.map((index) => /\((.*)\)/.exec(index)?.[1] ?? '')];
        return { key: `${name}: ${key}`, isServed: served.some((text) => `${text}, `.startsWith(columns)) };
      }),
    );
    expect(keys.length).toBeGreaterThan(10);
    expect(keys.filter(({ isServed }) => !isServed)).toEqual([]);
  });
}

function sqlite(): DatabaseKind {
  const kind = DATABASES.find(({ name }) => name === 'SQLite');
  if (!kind) throw new Error('there is no SQLite');
  return kind;
}

/** Runs statements, and writes down how SQLite goes about each: https://sqlite.org/eqp.html */
function explaining(tx: Transaction, plans: string[]): Transaction {
  const query: Queryable['query'] = async (text, values) => {
    const plan = await tx.query<{ detail: string }>(`explain query plan ${text}`, values);
    plans.push(...plan.map(({ detail }) => detail));
    return await tx.query(text, values);
  };
  return { ...tx, query };
}
