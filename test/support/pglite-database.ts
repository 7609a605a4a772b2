// The Database on PGlite, which is PostgreSQL in this process: shows that the SQL text also runs there.
import { PGlite, type Results, types } from '@electric-sql/pglite';
import { ConstraintViolation, type Database, type SqlValue, type Transaction } from '../../src/ports/database.ts';

/** As the port has them: integers are numbers, bytes are Buffers. */
const PARSERS = {
  [types.INT8]: Number,
  [types.BYTEA]: (text: string) => Buffer.from(text.slice(2), 'hex'),
};

/** Integrity constraint violations: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const CONSTRAINT_CLASS = '23';

type Answering = Pick<PGlite, 'query' | 'exec'>;

/** One engine, started when it is first asked for, since that takes a second or two; each database on it starts empty. */
export class PgliteServer {
  #engine: Promise<PGlite> | undefined;

  /** An empty database, in place of the one opened before. */
  async openEmpty(): Promise<Database> {
    this.#engine ??= PGlite.create({ parsers: PARSERS });
    const engine = await this.#engine;
    await engine.exec('drop schema public cascade; create schema public');
    return pgliteDatabase(engine);
  }

  async stop(): Promise<void> {
    await (await this.#engine)?.close();
  }
}

function pgliteDatabase(engine: PGlite): Database {
  return {
    dialect: 'postgres',
    query: async (text, values) => await answer(engine, text, values),
    transaction: async (work) => {
      const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof work>>>();
      await engine.transaction(async (connection) => {
        let failure: unknown;
        const guarded = async <Result>(run: () => Promise<Result>): Promise<Result> => {
          try {
            return await run();
          } catch (error) {
            failure ??= error;
            throw error;
          }
        };
        const tx = {
          query: async (text: string, values?: readonly SqlValue[]) =>
            await guarded(() => answer(connection, text, values)),
          script: async (text: string) => {
            await guarded(() => translating(connection.exec(text)));
          },
        };
        const result = await work(tx as unknown as Transaction);
        // PostgreSQL would answer the commit of a failed transaction with a rollback, and without an error.
        if (failure !== undefined) throw failure;
        resolve(result);
      });
      return await promise;
    },
    // PostgreSQL checks its pages when it reads them, and its foreign keys always.
    check: async () => ({ damaged: [], dangling: [] }),
    // The engine stays for the next database.
    close: async () => {},
  };
}

async function answer<Row extends object>(
  connection: Answering,
  text: string,
  values: readonly SqlValue[] = [],
): Promise<readonly Row[]> {
  const results: Results<Row> = await translating(connection.query<Row>(text, [...values]));
  return results.rows;
}

async function translating<Result>(running: Promise<Result>): Promise<Result> {
  try {
    return await running;
  } catch (error) {
    const isConstraint = error instanceof Error && 'code' in error && String(error.code).startsWith(CONSTRAINT_CLASS);
    throw isConstraint ? new ConstraintViolation(error.message, { cause: error }) : error;
  }
}
