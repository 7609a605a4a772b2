// Lists of tags are made once, are right whoever changes what, and take no more memory than they may.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readMigrations } from '../../src/adapters/migration-files.ts';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { openDataFolder } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { RepositoryName } from '../../src/oci/repository-name.ts';
import type { Database } from '../../src/ports/database.ts';
import { TagLists } from '../../src/registry/tag-lists.ts';
import { migrate } from '../../src/tables/migrate.ts';
import { createRepository } from '../../src/tables/repositories.ts';
import { pushArtifact, pushChart } from '../support/artifacts.ts';
import { startRegistry, type TestRegistry } from '../support/start-registry.ts';

const WEB = 'team/web' as RepositoryName;
const WHOLE = { last: '', limit: 10_000 };

async function read(registry: TestRegistry, known?: string) {
  const headers: Record<string, string> = known === undefined ? {} : { 'if-none-match': known };
  const answer = await registry.request('GET', '/v2/team/web/tags/list', { headers });
  const { tags } = answer.status === 200 ? ((await answer.json()) as { readonly tags: string[] }) : {};
  return { status: answer.status, tags, etag: answer.headers.get('etag') ?? '' };
}

describe('the entity tag of a list', () => {
  test('is the digest of the list: the same when the same tags are there again, also after a restart', async () => {
    await using registry = await startRegistry();
    await pushArtifact(registry, 'team/web', 'a', 'one');
    const first = await read(registry);
    expect(first.etag).toBe(`"${digestOf(Buffer.from('{"name":"team/web","tags":["a"]}'))}"`);
    await pushArtifact(registry, 'team/web', 'b', 'one');
    const second = await read(registry, first.etag);
    expect([second.status, second.tags]).toEqual([200, ['a', 'b']]);
    await registry.request('DELETE', '/v2/team/web/manifests/b');
    expect(await read(registry, first.etag)).toMatchObject({ status: 304 });
    await registry.restart();
    expect(await read(registry, first.etag)).toMatchObject({ status: 304 });
  });

  test('tells lists apart that a backup which was put back gives the same revision', async () => {
    await using registry = await startRegistry();
    await pushArtifact(registry, 'team/web', 'a', 'one');
    await registry.stop();
    const backup = await mkdtemp(join(tmpdir(), 'chartroom-test-'));
    await cp(registry.dataDir, backup, { recursive: true });
    await registry.restart();
    await pushArtifact(registry, 'team/web', 'b', 'one');
    const lost = await read(registry);
    await registry.stop();
    for (const file of ['chartroom.db', 'chartroom.db-wal', 'chartroom.db-shm']) {
      await rm(join(registry.dataDir, file), { force: true });
    }
    await cp(backup, registry.dataDir, { recursive: true });
    await registry.restart();
    await pushArtifact(registry, 'team/web', 'c', 'one');
    expect(await read(registry, lost.etag)).toMatchObject({ status: 200, tags: ['a', 'c'] });
    await rm(backup, { recursive: true });
  });
});

test('what another process changes is in the list at once', async () => {
  await using registry = await startRegistry();
  for (const version of ['1.0.0', '1.1.0']) await pushChart(registry, 'team/web', { name: 'web', version });
  const before = await read(registry);
  const config = { ...loadConfig({ flags: {}, environment: {} }), dataDir: registry.dataDir };
  await using other = await openDataFolder(config);
  const url = '/api/v1/charts/team/web/-/versions/1.1.0/notice';
  const yanked = await other.management.inject({ method: 'PUT', url, payload: { kind: 'yanked' } });
  expect(yanked.statusCode).toBe(200);
  expect(await read(registry, before.etag)).toMatchObject({ status: 200, tags: ['1.0.0'] });
  expect((await other.management.inject({ method: 'DELETE', url })).statusCode).toBe(204);
  expect(await read(registry, before.etag)).toMatchObject({ status: 304 });
});

describe('the memory', () => {
  const folder = mkdtemp(join(tmpdir(), 'chartroom-test-'));
  afterAll(async () => await rm(await folder, { recursive: true }));

  /** With 10,000 tags of the greatest length. */
  async function openFilled(): Promise<{
    readonly database: Database;
    readonly counting: Database;
    readonly queries: () => number;
  }> {
    const database = openSqliteDatabase(join(await folder, 'chartroom.db'));
    await migrate(database, await readMigrations('sqlite'), 0);
    await database.transaction(async (tx) => {
      await createRepository(tx, WEB, 1);
      await tx.query(
        `with recursive numbers (number) as (select 10000 union all select number + 1 from numbers where number < 19999)
         insert into tags (repository, name, fixed, identity, provenance, push_id, pushed_at, pushed_by, digest)
         select $1, number || '${'x'.repeat(123)}', 0, '', '', '', 1, '', null from numbers`,
        [WEB],
      );
      await tx.query(
        `insert into manifests (repository, digest, media_type, annotations, content, size, pushed_at, pushed_by)
         values ($1, 'd', '', '{}', x'', 0, 1, '')`,
        [WEB],
      );
      await tx.query(`update tags set digest = 'd' where repository = $1`, [WEB]);
    });
    let queries = 0;
    const query: Database['query'] = async (text, values) => {
      queries += 1;
      return await database.query(text, values);
    };
    return { database, counting: { ...database, query }, queries: () => queries };
  }

  test('answers with one select, and forgets the pages that were asked for longest ago', async () => {
    const { database, counting, queries } = await openFilled();
    const lists = new TagLists({ database: counting });
    const cost = async (last: string) => {
      const before = queries();
      const page = await lists.page(WEB, { ...WHOLE, last });
      expect(page.document.length).toBeGreaterThan(1_200_000);
      return queries() - before;
    };
    // Before the first tag in byte order, all of them: as many different pages of all tags.
    const [first = '', ...others] = Array.from({ length: 30 }, (_, index) => '0'.repeat(index + 1));
    expect([await cost(first), await cost(first), await cost(first)]).toEqual([2, 1, 1]);
    for (const last of others.slice(0, 19)) expect(await cost(last)).toBe(2);
    expect(await cost(first)).toBe(1);
    for (const last of others.slice(19)) expect(await cost(last)).toBe(2);
    // About 25 of them fit; the first was asked for again meanwhile.
    expect([await cost(others.at(-1) ?? ''), await cost(first), await cost(others[0] ?? '')]).toEqual([1, 1, 2]);
    await database.close();
  });
});
