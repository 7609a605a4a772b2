// Robots and personal tokens: the same on every database.
import { afterAll, describe, expect, test } from 'vitest';
import { ConstraintViolation } from '../../../src/ports/database.ts';
import {
  deletePersonalToken,
  findPersonalToken,
  insertPersonalToken,
  listPersonalTokens,
  type PersonalTokenRow,
} from '../../../src/tables/personal-tokens.ts';
import {
  deleteRobot,
  findRobot,
  findRobotById,
  insertRobot,
  listRobots,
  updateRobot,
} from '../../../src/tables/robots.ts';
import { findSecret } from '../../../src/tables/secrets.ts';
import { DATABASES, openMigrated, stopDatabases } from '../databases.ts';
import {
  addRobots,
  addSecret,
  addTokens,
  addUsers,
  countRows,
  NAMES_IN_BYTE_ORDER,
  personalToken,
  robot,
} from './account-rows.ts';
import { pagesOf } from './rows.ts';

const NOW = 1_790_000_000_000;

afterAll(stopDatabases);

for (const kind of DATABASES) {
  describe(kind.name, () => {
    const open = () => openMigrated(kind);

    describe('robots', () => {
      test('a new robot is found as it was written, by name and by id', async () => {
        await using opened = await open();
        const { database } = opened;
        const written = robot('ci', { expiresAt: NOW + 1, createdAt: NOW, scopes: '[{}]' });
        expect(await database.transaction((tx) => insertRobot(tx, written))).toBe(true);
        const found = await findRobot(database, 'ci');
        expect(found).toEqual({ ...written, version: 1, disabled: 0 });
        expect(await findRobotById(database, 'id of ci')).toEqual(found);
        expect(await findRobot(database, 'id of ci')).toBeUndefined();
        expect(await findRobotById(database, 'ci')).toBeUndefined();
      });

      test('a name is given once, and the first robot stays as it was', async () => {
        await using opened = await open();
        const { database } = opened;
        const inserted = await database.transaction(async (tx) => [
          await insertRobot(tx, robot('ci')),
          await insertRobot(tx, robot('ci', { id: 'other', namespace: 'other' })),
        ]);
        expect(inserted).toEqual([true, false]);
        expect(await findRobot(database, 'ci')).toMatchObject({ id: 'id of ci', namespace: 'team' });
        expect(await findRobotById(database, 'other')).toBeUndefined();
      });

      test('no two robots have one id', async () => {
        await using opened = await open();
        await addRobots(opened.database, 'ci');
        const inserting = opened.database.transaction((tx) => insertRobot(tx, robot('other', { id: 'id of ci' })));
        await expect(inserting).rejects.toThrow(ConstraintViolation);
      });

      test('they are listed in byte order, in pages', async () => {
        await using opened = await open();
        const { database } = opened;
        await addRobots(database, ...NAMES_IN_BYTE_ORDER.toReversed());
        const listed = await pagesOf<{ readonly name: string }>((last) =>
          listRobots(database, { last: last?.name ?? '', limit: 4 }),
        );
        expect(listed.map((page) => page.map(({ name }) => name))).toEqual([
          NAMES_IN_BYTE_ORDER.slice(0, 4),
          NAMES_IN_BYTE_ORDER.slice(4, 8),
          NAMES_IN_BYTE_ORDER.slice(8),
        ]);
      });

      test('a change replaces what can change of one robot, and ends what was issued only when asked', async () => {
        await using opened = await open();
        const { database } = opened;
        await addRobots(database, 'ci', 'other');
        const change = { name: 'ci', description: 'new', scopes: '[1]', disabled: 1, expiresAt: NOW, ends: false };
        const update = (robotChange: typeof change, at: number) =>
          database.transaction((tx) => updateRobot(tx, robotChange, at));
        expect(await update(change, NOW)).toBe(true);
        const { ends: _, ...written } = change;
        const first = { ...robot('ci'), version: 1, disabled: 0 };
        expect(await findRobot(database, 'ci')).toEqual({ ...first, ...written });
        const back = { name: 'ci', description: '', scopes: '[]', disabled: 0, expiresAt: null };
        await database.transaction((tx) => updateRobot(tx, { ...back, ends: true }, NOW + 1));
        expect(await findRobot(database, 'ci')).toEqual({ ...first, ...back, version: 2 });
        expect(await update({ ...change, name: 'nobody' }, NOW)).toBe(false);
        expect(await findRobot(database, 'other')).toEqual({ ...robot('other'), version: 1, disabled: 0 });
        expect(await database.query('select name, updated_at from robots order by name')).toEqual([
          { name: 'ci', updated_at: NOW + 1 },
          { name: 'other', updated_at: 1 },
        ]);
      });

      test('deleting takes along the secrets; a name that is given again comes with none', async () => {
        await using opened = await open();
        const { database } = opened;
        await addRobots(database, 'ci', 'other');
        await addSecret(database, 's1', { robot: 'ci' });
        await addSecret(database, 's2', { robot: 'ci' });
        await addSecret(database, 's3', { robot: 'other' });
        const deleted = await database.transaction(async (tx) => [
          await deleteRobot(tx, 'ci'),
          await deleteRobot(tx, 'ci'),
        ]);
        expect(deleted).toEqual([true, false]);
        await database.transaction((tx) => insertRobot(tx, robot('ci', { id: 'another id' })));
        expect(await findRobot(database, 'ci')).toMatchObject({ id: 'another id', version: 1 });
        expect(await findSecret(database, 's1')).toBeUndefined();
        expect(await database.query('select id from secrets')).toEqual([{ id: 's3' }]);
      });
    });

    describe('personal tokens', () => {
      test('a new token is found as it was written', async () => {
        await using opened = await open();
        const { database } = opened;
        await addUsers(database, 'ann');
        const bare = personalToken('1');
        const full = personalToken('2', { name: 'ci', scopes: '[]', management: 1, expiresAt: NOW, createdAt: NOW });
        const inserted = await database.transaction(async (tx) => [
          await insertPersonalToken(tx, bare),
          await insertPersonalToken(tx, full),
        ]);
        expect(inserted).toEqual([true, true]);
        expect(await findPersonalToken(database, '1')).toEqual(bare);
        expect(await findPersonalToken(database, '2')).toEqual(full);
        expect(await findPersonalToken(database, '3')).toBeUndefined();
      });

      test('a user gives a name once, and another user may give it, too', async () => {
        await using opened = await open();
        const { database } = opened;
        await addUsers(database, 'ann', 'bob');
        const inserted = await database.transaction(async (tx) => [
          await insertPersonalToken(tx, personalToken('1', { name: 'laptop' })),
          await insertPersonalToken(tx, personalToken('2', { name: 'laptop' })),
          await insertPersonalToken(tx, personalToken('3', { name: 'laptop', user: 'bob' })),
        ]);
        expect(inserted).toEqual([true, false, true]);
        expect(await findPersonalToken(database, '2')).toBeUndefined();
      });

      test('no two tokens have one id', async () => {
        await using opened = await open();
        await addUsers(opened.database, 'ann');
        await addTokens(opened.database, personalToken('1'));
        const inserting = addTokens(opened.database, personalToken('1', { name: 'other' }));
        await expect(inserting).rejects.toThrow(ConstraintViolation);
      });

      test('there is none without its user', async () => {
        await using opened = await open();
        const inserting = opened.database.transaction((tx) => insertPersonalToken(tx, personalToken('1')));
        await expect(inserting).rejects.toThrow(ConstraintViolation);
      });

      test('those of one user, or of all, are listed by their ids, in pages', async () => {
        await using opened = await open();
        const { database } = opened;
        await addUsers(database, 'ann', 'bob');
        const tokens = ['1', '10', '2', 'A', 'a', 'a_'].map((id, index) =>
          personalToken(id, { user: index % 3 === 0 ? 'bob' : 'ann' }),
        );
        await addTokens(database, ...tokens.toReversed());
        const list = async (user: string | undefined, limit: number) =>
          await pagesOf<PersonalTokenRow>((last) =>
            listPersonalTokens(database, user, { last: last?.id ?? '', limit }),
          );
        expect(await list(undefined, 4)).toEqual([tokens.slice(0, 4), tokens.slice(4)]);
        const ofAnn = tokens.filter(({ user }) => user === 'ann');
        expect(await list('ann', 3)).toEqual([ofAnn.slice(0, 3), ofAnn.slice(3)]);
        expect(await list('nobody', 3)).toEqual([]);
      });

      test('deleting takes along the secrets; a name that is given again comes with none', async () => {
        await using opened = await open();
        const { database } = opened;
        await addUsers(database, 'ann');
        await addTokens(database, personalToken('1', { name: 'laptop' }), personalToken('2'));
        await addSecret(database, 's1', { personalToken: '1' });
        await addSecret(database, 's2', { personalToken: '2' });
        const deleted = await database.transaction(async (tx) => [
          await deletePersonalToken(tx, '1'),
          await deletePersonalToken(tx, '1'),
        ]);
        expect(deleted).toEqual([true, false]);
        await addTokens(database, personalToken('1', { name: 'laptop' }));
        expect(await countRows(database, 'personal_tokens')).toBe(2);
        expect(await database.query('select id from secrets')).toEqual([{ id: 's2' }]);
      });
    });
  });
}
