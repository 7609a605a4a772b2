// A full repository takes no more tags and manifests, and goes on with those that it has.
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDiskBlobStore } from '../../src/adapters/disk-blob-store.ts';
import { readMigrations } from '../../src/adapters/migration-files.ts';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { OCI_INDEX } from '../../src/oci/media-types.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { parseReference } from '../../src/oci/tag.ts';
import type { Database, Transaction } from '../../src/ports/database.ts';
import { FreeSpace } from '../../src/registry/free-space.ts';
import { Registry } from '../../src/registry/registry.ts';
import { RepositoryRoom } from '../../src/registry/repository-room.ts';
import { migrate } from '../../src/tables/migrate.ts';
import { temporaryFolder } from '../support/chartroom-process.ts';
import { TestClock } from '../support/clock.ts';
import { AUTHOR } from '../support/manager.ts';

const MINUTE = 60_000;
const MAXIMUM = 3;
const [WEB, OTHER] = [parseRepositoryName('team/web'), parseRepositoryName('team/other')];
const FULL = expect.objectContaining({ code: 'REPOSITORY_FULL' });

let clock: TestClock;
let opened: AsyncDisposableStack;
let database: Database;
let registry: Registry;
beforeEach(async () => {
  clock = new TestClock('2026-11-23T12:00:00Z');
  opened = new AsyncDisposableStack();
  const folder = opened.use(await temporaryFolder());
  database = opened.adopt(openSqliteDatabase(join(folder.path, 'test.db')), (each) => each.close());
  await migrate(database, await readMigrations(database.dialect), 0);
  const blobs = await openDiskBlobStore(folder.path);
  const rules = { versions: 'lenient', fixedChartTags: ['*'], fixedTags: [], republishDeleted: false } as const;
  registry = new Registry({
    database,
    blobs,
    clock,
    rules,
    maximumBlobBytes: 1_000,
    onDamage: () => undefined,
    space: new FreeSpace(blobs),
    maximumHeld: MAXIMUM,
  });
});
afterEach(() => opened.disposeAsync());

const ACTOR = {
  name: 'ann',
  author: AUTHOR,
  ownerKey: 'user:1',
  address: { host: 'registry.test', isPlainHttp: false },
  maySee: () => true,
  mayPull: () => true,
};

/** @param content what tells one manifest from another */
async function push(reference: string, content: string, repository = WEB): Promise<string> {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [], annotations: { content } }));
  const target = { repository, reference: parseReference(reference), tags: [], contentType: OCI_INDEX };
  return (await registry.pushManifest({ ...target, bytes, actor: ACTOR })).digest;
}

async function remove(reference: string): Promise<void> {
  await registry.deleteManifest(WEB, parseReference(reference), ACTOR);
}

describe('a repository that has as many as it may', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b', 'c']) await push(name, name);
  });

  test('takes no manifest more, and says so', async () => {
    await expect(push('a', 'new')).rejects.toEqual(FULL);
    await expect(push('a', 'new')).rejects.toThrow(
      'team/web has 3 manifests, and no repository may have more: push to another one, or ask for some to be deleted',
    );
  });

  test('takes no tag more', async () => {
    await expect(push('d', 'a')).rejects.toThrow('team/web has 3 tags, ');
  });

  test('is as full a minute later, when it is counted again', async () => {
    clock.advance(MINUTE);
    await expect(push('a', 'new')).rejects.toEqual(FULL);
    await expect(push('d', 'a')).rejects.toEqual(FULL);
    clock.advance(MINUTE);
    await expect(push('d', 'a')).rejects.toEqual(FULL);
  });

  test('takes again what it has, and moves its tags', async () => {
    await push('a', 'a');
    await push('a', 'b');
    await push('b', 'c');
  });

  test('leaves the others their own', async () => {
    for (const name of ['a', 'b', 'c']) await push(name, name, OTHER);
  });

  test('has room again after a deletion, within a minute', async () => {
    await expect(push('d', 'd')).rejects.toEqual(FULL);
    await remove(await push('c', 'c'));
    clock.advance(MINUTE);
    await push('d', 'd');
    await expect(push('e', 'e')).rejects.toEqual(FULL);
  });
});

test('many pushes at once are not too many together', async () => {
  const pushes = Array.from({ length: 10 }, (_, number) => push(`t${number}`, `${number}`));
  const ended = await Promise.allSettled(pushes);
  expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(MAXIMUM);
});

test('what is there is counted once, and not again before the room is used up', async () => {
  await push('a', 'a');
  const room = new RepositoryRoom(clock, 100);
  let counts = 0;
  const take = async () =>
    await database.transaction(async (tx) => {
      const query: Transaction['query'] = async (text, values) => {
        counts += 1;
        return await tx.query(text, values);
      };
      await room.takeFor({ ...tx, query }, 'tags', WEB);
    });
  for (let taken = 0; taken < 99; taken += 1) await take();
  expect(counts).toBe(1);
  // Nothing came of these, as it finds out in time.
  clock.advance(MINUTE);
  await take();
  expect(counts).toBe(2);
});
