// A catalog of many repositories: whoever reads it does not keep the others waiting.
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openSqliteDatabase } from '../../../src/adapters/sqlite-database.ts';
import { parseRepositoryName } from '../../../src/oci/repository-name.ts';
import { listCatalog } from '../../../src/registry/catalog.ts';
import { createRepository } from '../../../src/tables/repositories.ts';
import { startRegistry } from '../../support/start-registry.ts';

const COUNT = 10_500;
const registry = await startRegistry();
const database = openSqliteDatabase(join(registry.dataDir, 'chartroom.db'));
afterAll(async () => {
  await database.close();
  await registry[Symbol.asyncDispose]();
});
await database.transaction(async (tx) => {
  for (let count = 0; count < COUNT; count += 1) {
    await createRepository(tx, parseRepositoryName(`many/r${String(count).padStart(5, '0')}`), 0);
  }
});

/** How often something else had its turn while this ran. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    pending = setImmediate(turn);
  };
  let pending = setImmediate(turn);
  await work;
  clearImmediate(pending);
  return turns;
}

test('others have their turn while somebody reads it who may see nothing of it', async () => {
  const none = listCatalog(database, { last: '', limit: 100 }, () => false);
  expect(await turnsDuring(none)).toBeGreaterThanOrEqual(10);
  expect(await none).toEqual({ items: [], hasMore: false });
});

test('it is complete', async () => {
  const { items, hasMore } = await listCatalog(database, { last: '', limit: 10_000 }, () => true);
  expect([items.length, items[0], items.at(-1), hasMore]).toEqual([10_000, 'many/r00000', 'many/r09999', true]);
  const rest = await registry.request('GET', '/v2/_catalog?last=many/r09999');
  expect(((await rest.json()) as { repositories: string[] }).repositories).toHaveLength(COUNT - 10_000);
});
