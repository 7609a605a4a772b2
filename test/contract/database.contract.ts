// What every Database must do, whatever it is made of.
import { expect, test } from 'vitest';
import { ConstraintViolation, type Database, type Transaction } from '../../src/ports/database.ts';
import type { TestedDatabase } from './databases.ts';

const SCHEMA = `
  create table boxes (name text primary key, amount bigint not null check (amount >= 0));
  create table lids (box text not null references boxes (name), color text not null, unique (color));`;

interface Box {
  readonly name: string;
  readonly amount: number;
}

/** @param openEmpty opens a database without any table */
export function databaseContract(openEmpty: () => Promise<TestedDatabase>): void {
  async function openWithBoxes(): Promise<TestedDatabase> {
    const opened = await openEmpty();
    await opened.database.transaction((tx) => tx.script(SCHEMA));
    return opened;
  }

  test('what a transaction wrote is there once it has ended, and its result is returned', async () => {
    await using opened = await openWithBoxes();
    const result = await opened.database.transaction(async (tx) => {
      await insertBox(tx, 'a', 1);
      return 'done';
    });
    expect(result).toBe('done');
    expect(await boxes(opened.database)).toEqual([{ name: 'a', amount: 1 }]);
  });

  test('nothing stays of a transaction that throws, and what it threw comes out', async () => {
    await using opened = await openWithBoxes();
    const thrown = new Error('no');
    const running = opened.database.transaction(async (tx) => {
      await insertBox(tx, 'a', 1);
      throw thrown;
    });
    await expect(running).rejects.toBe(thrown);
    expect(await boxes(opened.database)).toEqual([]);
  });

  test('a database that is as it should be has nothing to be told of', async () => {
    await using opened = await openWithBoxes();
    await opened.database.transaction((tx) => insertBox(tx, 'a', 1));
    expect(await opened.database.check()).toEqual({ damaged: [], dangling: [] });
  });

  test('a transaction sees its own writes', async () => {
    await using opened = await openWithBoxes();
    const seen = await opened.database.transaction(async (tx) => {
      await insertBox(tx, 'a', 1);
      return await boxes(tx);
    });
    expect(seen).toEqual([{ name: 'a', amount: 1 }]);
  });

  test('a transaction that failed does not keep the next one from working', async () => {
    await using opened = await openWithBoxes();
    const { database } = opened;
    await expect(database.transaction((tx) => tx.query('select nothing from nowhere'))).rejects.toThrow();
    await database.transaction((tx) => insertBox(tx, 'a', 1));
    expect(await boxes(database)).toHaveLength(1);
  });

  test('a transaction whose statement failed does not commit, also when the work goes on as if nothing had happened', async () => {
    await using opened = await openWithBoxes();
    const { database } = opened;
    const running = database.transaction(async (tx) => {
      await insertBox(tx, 'a', 1);
      await insertBox(tx, 'a', 2).catch(() => undefined);
    });
    await expect(running).rejects.toThrow(ConstraintViolation);
    expect(await boxes(database)).toEqual([]);
  });

  test('a transaction that has ended takes no more statements', async () => {
    await using opened = await openWithBoxes();
    const { database } = opened;
    const kept = await database.transaction(async (tx) => ({ tx }));
    await expect(insertBox(kept.tx, 'late', 1)).rejects.toThrow();
    await expect(kept.tx.script(`insert into boxes (name, amount) values ('late', 1)`)).rejects.toThrow();
    expect(await boxes(database)).toEqual([]);
  });

  test('statements of concurrent transactions do not mix: the one that fails takes nothing of the other with it', async () => {
    await using opened = await openWithBoxes();
    const { database } = opened;
    const failing = database.transaction(async (tx) => {
      await insertBox(tx, 'failing', 1);
      await boxes(tx);
      throw new Error('no');
    });
    const succeeding = database.transaction(async (tx) => {
      await insertBox(tx, 'succeeding', 1);
      await boxes(tx);
    });
    const outcomes = await Promise.allSettled([failing, succeeding]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(await boxes(database)).toEqual([{ name: 'succeeding', amount: 1 }]);
  });

  test('a read outside of a transaction never sees what that one takes back', async () => {
    await using opened = await openWithBoxes();
    const { database } = opened;
    const reads: Promise<readonly Box[]>[] = [];
    const failing = database.transaction(async (tx) => {
      await insertBox(tx, 'a', 1);
      // Not awaited here: an adapter may let it wait for the end of the transaction.
      reads.push(boxes(database));
      await boxes(tx);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(reads).toHaveLength(1);
    expect(await Promise.all(reads)).toEqual([[]]);
  });

  test('of 100 concurrent transactions that each read and write back one number, none is lost', async () => {
    await using opened = await openWithBoxes();
    const { database } = opened;
    await database.transaction((tx) => insertBox(tx, 'counter', 0));
    const counts = await Promise.all(
      Array.from({ length: 100 }, () =>
        database.transaction(async (tx) => {
          const [counter] = await boxes(tx);
          const amount = (counter?.amount ?? 0) + 1;
          await tx.query('update boxes set amount = $1 where name = $2', [amount, 'counter']);
          return amount;
        }),
      ),
    );
    expect(counts.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(await boxes(database)).toEqual([{ name: 'counter', amount: 100 }]);
  });

  test.each([
    ['a second row with the same key', `insert into boxes (name, amount) values ('a', 2)`],
    ['a value that a check forbids', `insert into boxes (name, amount) values ('b', -1)`],
    ['a missing value', `insert into boxes (name, amount) values ('b', null)`],
    ['a reference to nothing', `insert into lids (box, color) values ('missing', 'red')`],
    ['taking away what is referred to', `delete from boxes where name = 'a'`],
    ['a second row with a unique value', `insert into lids (box, color) values ('a', 'blue')`],
  ])('%s is a ConstraintViolation', async (_what, statement) => {
    await using opened = await openWithBoxes();
    const { database } = opened;
    await database.transaction(async (tx) => {
      await insertBox(tx, 'a', 1);
      await tx.query(`insert into lids (box, color) values ('a', 'blue')`);
    });
    await expect(database.transaction((tx) => tx.query(statement))).rejects.toThrow(ConstraintViolation);
    await expect(database.transaction((tx) => tx.script(statement))).rejects.toThrow(ConstraintViolation);
  });

  test('a mistake in the SQL is an error, but no ConstraintViolation', async () => {
    await using opened = await openWithBoxes();
    const failure = await opened.database.query('select nothing from nowhere').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toBeInstanceOf(ConstraintViolation);
  });

  test('"on conflict … where … returning" tells which writes took effect', async () => {
    await using opened = await openWithBoxes();
    const { database } = opened;
    const upsert = `insert into boxes (name, amount) values ($1, $2)
      on conflict (name) do update set amount = excluded.amount where boxes.amount < excluded.amount returning name, amount`;
    const results = await database.transaction(async (tx) => [
      await tx.query(upsert, ['a', 2]),
      await tx.query(upsert, ['a', 1]),
      await tx.query(upsert, ['a', 3]),
    ]);
    expect(results).toEqual([[{ name: 'a', amount: 2 }], [], [{ name: 'a', amount: 3 }]]);
  });

  test('a value may be used twice in one statement, and in any order', async () => {
    await using opened = await openWithBoxes();
    const { database } = opened;
    await database.transaction((tx) => insertBox(tx, 'a', 5));
    const rows = await database.query<Box>('select name from boxes where amount = $2 and name = $1 and $1 = name', [
      'a',
      5,
    ]);
    expect(rows).toEqual([{ name: 'a' }]);
  });

  test('a statement without rows to return gives an empty list', async () => {
    await using opened = await openWithBoxes();
    const rows = await opened.database.transaction((tx) =>
      tx.query('insert into boxes (name, amount) values ($1, $2)', ['a', 1]),
    );
    expect(rows).toEqual([]);
  });

  test('every byte comes back as it was, in a Buffer', async () => {
    await using opened = await openEmpty();
    const { database } = opened;
    const type = database.dialect === 'sqlite' ? 'blob' : 'bytea';
    const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await database.transaction(async (tx) => {
      await tx.script(`create table files (name text primary key, content ${type})`);
      await tx.query('insert into files (name, content) values ($1, $2)', ['every', every]);
      await tx.query('insert into files (name, content) values ($1, $2)', ['none', new Uint8Array()]);
      await tx.query('insert into files (name, content) values ($1, $2)', ['absent', null]);
    });
    const rows = await database.query<{ content: unknown }>('select content from files order by name');
    expect(rows.map(({ content }) => content)).toEqual([null, Buffer.from(every), Buffer.alloc(0)]);
    expect(rows.slice(1).every(({ content }) => Buffer.isBuffer(content))).toBe(true);
  });

  test('integers come back as numbers up to the largest safe one, and texts in any script as they were', async () => {
    await using opened = await openWithBoxes();
    const { database } = opened;
    const name = 'Ärger, 图表, 🧭, \' and "';
    await database.transaction((tx) => insertBox(tx, name, Number.MAX_SAFE_INTEGER));
    expect(await boxes(database)).toEqual([{ name, amount: Number.MAX_SAFE_INTEGER }]);
    expect(await database.query('select count(*) as "count" from boxes')).toEqual([{ count: 1 }]);
  });

  test('a script of several statements runs whole or, when one fails, not at all', async () => {
    await using opened = await openWithBoxes();
    const { database } = opened;
    const good = `insert into boxes (name, amount) values ('a', 1); insert into boxes (name, amount) values ('b', 2);`;
    await expect(
      database.transaction((tx) =>
        tx.script(`create table extra (id bigint); ${good} insert into nowhere values (1);`),
      ),
    ).rejects.toThrow();
    expect(await boxes(database)).toEqual([]);
    await expect(database.query('select id from extra')).rejects.toThrow();
    await database.transaction((tx) => tx.script(good));
    expect(await boxes(database)).toHaveLength(2);
  });
}

async function insertBox(tx: Transaction, name: string, amount: number): Promise<void> {
  await tx.query('insert into boxes (name, amount) values ($1, $2)', [name, amount]);
}

async function boxes(database: Pick<Database, 'query'>): Promise<readonly Box[]> {
  return await database.query<Box>('select name, amount from boxes order by name');
}
