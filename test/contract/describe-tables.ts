// Describes the tables that a database has, in words that are the same for SQLite and PostgreSQL.
import type { Database } from '../../src/ports/database.ts';

interface Column {
  readonly name: string;
  readonly type: 'integer' | 'text' | 'bytes';
  readonly isNullable: boolean;
  /** Whether the database checks the values, beyond their type. */
  readonly isChecked: boolean;
}

interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly primaryKey: readonly string[];
  /** `repository, digest -> manifests (repository, digest) cascade` */
  readonly foreignKeys: readonly string[];
  /** `unique name (columns)`, without those that a primary key brings by itself */
  readonly indexes: readonly string[];
}

export async function describeTables(database: Database): Promise<readonly Table[]> {
  const names = await database.query<{ name: string }>(
    database.dialect === 'sqlite'
      ? `select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name`
      : `select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
  );
  const describe = database.dialect === 'sqlite' ? describeInSqlite : describeInPostgres;
  return await Promise.all(names.map(({ name }) => describe(database, name)));
}

const TYPES: Readonly<Record<string, Column['type']>> = {
  bigint: 'integer',
  blob: 'bytes',
  bytea: 'bytes',
  integer: 'integer',
  text: 'text',
};

function typeOf(text: string): Column['type'] {
  const type = TYPES[text.toLowerCase()];
  if (type === undefined) throw new Error(`a column has type ${text}, which has no counterpart in the other database`);
  return type;
}

async function describeInSqlite(database: Database, table: string): Promise<Table> {
  const columns = await database.query<{ name: string; type: string; notnull: number; pk: number }>(
    'select name, type, "notnull", pk from pragma_table_info($1) order by cid',
    [table],
  );
  const [schema] = await database.query<{ sql: string }>('select sql from sqlite_schema where name = $1', [table]);
  const foreignKeys = await database.query<{ key: string }>(
    `select group_concat("from", ', ' order by seq) || ' -> ' || "table" || ' (' || group_concat("to", ', ' order by seq) || ') '
       || lower(on_delete) as key
     from pragma_foreign_key_list($1) group by id`,
    [table],
  );
  const indexes = await database.query<{ name: string; unique: number; partial: number }>(
    `select name, "unique", partial from pragma_index_list($1) where origin = 'c'`,
    [table],
  );
  const primaryKey = columns.filter(({ pk }) => pk > 0).toSorted((one, other) => one.pk - other.pk);
  return {
    name: table,
    columns: columns.map(({ name, type, notnull, pk }) => ({
      name,
      type: typeOf(type),
      // A primary key of SQLite says "nullable" and is not, in a table without rowid or of an integer.
      isNullable: notnull === 0 && pk === 0,
      isChecked: new RegExp(`check \\(${name} `).test(schema?.sql ?? ''),
    })),
    primaryKey: primaryKey.map(({ name }) => name),
    foreignKeys: foreignKeys.map(({ key }) => key).toSorted(),
    indexes: (
      await Promise.all(
        indexes.map(async (index) => {
          const members = await database.query<{ name: string }>(
            'select name from pragma_index_info($1) order by seqno',
            [index.name],
          );
          return indexText(
            index.name,
            index.unique === 1,
            index.partial === 1,
            members.map(({ name }) => name),
          );
        }),
      )
    ).toSorted(),
  };
}

async function describeInPostgres(database: Database, table: string): Promise<Table> {
  const columns = await database.query<{ name: string; type: string; nullable: string }>(
    `select column_name as name, data_type as type, is_nullable as nullable from information_schema.columns
     where table_schema = 'public' and table_name = $1 order by ordinal_position`,
    [table],
  );
  const constraints = await database.query<{ type: string; columns: string; text: string }>(
    `select contype as type, pg_get_constraintdef(oid) as text,
       (select string_agg(attname, ', ' order by position) from unnest(conkey) with ordinality as key (number, position)
          join pg_attribute on attrelid = conrelid and attnum = number) as columns
     from pg_constraint where conrelid = $1::regclass`,
    [table],
  );
  const indexes = await database.query<{ name: string; unique: boolean; partial: boolean; columns: string }>(
    `select relname as name, indisunique as unique, indpred is not null as partial,
       (select string_agg(attname, ', ' order by position) from unnest(indkey) with ordinality as key (number, position)
          join pg_attribute on attrelid = indrelid and attnum = number) as columns
     from pg_index join pg_class on pg_class.oid = indexrelid where indrelid = $1::regclass and not indisprimary`,
    [table],
  );
  const checked = constraints.filter(({ type }) => type === 'c').map((constraint) => constraint.columns);
  return {
    name: table,
    columns: columns.map(({ name, type, nullable }) => ({
      name,
      type: typeOf(type),
      isNullable: nullable === 'YES',
      isChecked: checked.includes(name),
    })),
    primaryKey: constraints.find(({ type }) => type === 'p')?.columns.split(', ') ?? [],
    foreignKeys: constraints
      .filter(({ type }) => type === 'f')
      .map(({ text }) => {
        const [, from, to, columnsThere, rule] =
          /^FOREIGN KEY \((.+)\) REFERENCES (\w+)\((.+?)\)(?: ON DELETE (.+))?$/.exec(text) ?? [];
        return `${from} -> ${to} (${columnsThere}) ${rule?.toLowerCase() ?? 'no action'}`;
      })
      .toSorted(),
    indexes: indexes
      .map((index) => indexText(index.name, index.unique, index.partial, index.columns.split(', ')))
      .toSorted(),
  };
}

function indexText(name: string, isUnique: boolean, isPartial: boolean, columns: readonly string[]): string {
  return `${isUnique ? 'unique ' : ''}${name} (${columns.join(', ')})${isPartial ? ' of some rows' : ''}`;
}
