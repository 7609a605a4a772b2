// Reads the numbered migrations of one dialect from `migrations/`.
import { readdir, readFile } from 'node:fs/promises';
import type { Database } from '../ports/database.ts';
import type { Migration } from '../ports/migration.ts';

const FOLDER = new URL('../../migrations/', import.meta.url);
const FILE_NAME = /^(\d{4})-([a-z0-9-]+)\.sql$/;

/** In the order in which they are to be applied. */
export async function readMigrations(dialect: Database['dialect']): Promise<readonly Migration[]> {
  const folder = new URL(`${dialect}/`, FOLDER);
  const names = (await readdir(folder)).filter((name) => FILE_NAME.test(name)).sort();
  return await Promise.all(
    names.map(async (file) => {
      const [, number, name = ''] = FILE_NAME.exec(file) ?? [];
      return { number: Number(number), name, script: await readFile(new URL(file, folder), 'utf8') };
    }),
  );
}
