// A database and a blob store every step of which waits for its turn.
import type { BlobStore } from '../../src/ports/blob-store.ts';
import type { Database, Transaction } from '../../src/ports/database.ts';
import type { Scheduler } from './scheduler.ts';

export interface SteppedBy {
  /** The one of the race that is run now. */
  scheduler: Scheduler;
}

export function steppedDatabase(database: Database, by: SteppedBy): Database {
  return {
    dialect: database.dialect,
    query: async (text, values) => {
      await by.scheduler.turn();
      return await database.query(text, values);
    },
    transaction: async (work) => {
      await by.scheduler.turn();
      const result = await database.transaction((tx) => work(steppedTransaction(tx, by)));
      // Between the commit and what follows it, others come as well.
      await by.scheduler.turn();
      return result;
    },
    check: () => database.check(),
    close: () => database.close(),
  };
}

function steppedTransaction(tx: Transaction, by: SteppedBy): Transaction {
  const stepped = {
    query: async (text: string, values: Parameters<Transaction['query']>[1]) => {
      await by.scheduler.turn();
      return await tx.query(text, values);
    },
    script: (text: string) => tx.script(text),
  };
  return stepped as Transaction;
}

/** Every method of the store, also those that it gets later: each either answers once, or gives one thing after the other. */
export function steppedBlobStore(store: BlobStore, by: SteppedBy): BlobStore {
  return new Proxy(store, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...parameters: unknown[]): unknown => {
        const call = () =>
          method.apply(
            target,
            parameters.map((each) => (isIterable(each) ? stepped(each, by) : each)),
          );
        return /^(?:list|read)/.test(String(name)) ? iterate(call, by) : by.scheduler.step(call);
      };
    },
  });
}

async function* iterate(call: () => AsyncIterable<unknown>, { scheduler }: SteppedBy): AsyncIterable<unknown> {
  await scheduler.turn();
  const iterator = call()[Symbol.asyncIterator]();
  for (;;) {
    const next = await scheduler.step(() => iterator.next());
    if (next.done) return;
    yield next.value;
  }
}

/** A body, between whose pieces others have their turn. */
async function* stepped(body: AsyncIterable<unknown>, { scheduler }: SteppedBy): AsyncIterable<unknown> {
  for await (const chunk of body) {
    await scheduler.within();
    yield chunk;
  }
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
