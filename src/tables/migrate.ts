// Brings the database's tables to what this program needs, one numbered migration after the other.
import type { Database, Queryable } from '../ports/database.ts';
import type { Migration } from '../ports/migration.ts';
import { StorageUnusable } from '../ports/storage-unusable.ts';

/**
 * Applies what is missing, all of it or nothing.
 * @returns the names of the migrations that were applied
 * @throws StorageUnusable when a newer program has already changed the database
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  now: number,
): Promise<readonly string[]> {
  return await database.transaction(async (tx) => {
    await tx.script(
      'create table if not exists schema_migrations (number bigint primary key, name text not null, applied_at bigint not null)',
    );
    const applied = await tx.query<{ number: number }>('select number from schema_migrations');
    const known = new Set(migrations.map((migration) => migration.number));
    const newest = Math.max(0, ...applied.map((row) => row.number));
    if (applied.some((row) => !known.has(row.number))) {
      throw new StorageUnusable(
        `the database is at version ${newest}, this Chartroom knows versions up to ${Math.max(0, ...known)}: ` +
          'it was used by a newer Chartroom; start that version, or restore a backup from before the update',
      );
    }
    const done = new Set(applied.map((row) => row.number));
    const missing = migrations.filter((migration) => !done.has(migration.number));
    for (const migration of missing) {
      await tx.script(migration.script);
      await tx.query('insert into schema_migrations (number, name, applied_at) values ($1, $2, $3)', [
        migration.number,
        migration.name,
        now,
      ]);
    }
    return missing.map((migration) => `${String(migration.number).padStart(4, '0')}-${migration.name}`);
  });
}

/**
 * For whoever must leave the tables as they are.
 * @throws StorageUnusable when another program's version made them
 */
export async function requireMigrated(database: Queryable, migrations: readonly Migration[]): Promise<void> {
  const applied = await database.query<{ number: number }>('select number from schema_migrations');
  const [there, known] = [applied, migrations].map((all) => Math.max(0, ...all.map(({ number }) => number)));
  if (there === known) return;
  throw new StorageUnusable(
    `the database is at version ${there}, this Chartroom is made for version ${known}: use the version of Chartroom that serves it`,
  );
}
