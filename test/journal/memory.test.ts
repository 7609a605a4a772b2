// Many manifests as large as they may be, in little memory: a journal that is begun, what verifies them, and a database made of it again.
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openJournal } from '../../src/adapters/journal-file.ts';
import { readMigrations } from '../../src/adapters/migration-files.ts';
import { openSqliteDatabase } from '../../src/adapters/sqlite-database.ts';
import { JournalKeeper } from '../../src/journal/journal-keeper.ts';
import { wholeJournal } from '../../src/journal/whole-journal.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { OCI_INDEX } from '../../src/oci/media-types.ts';
import type { Database } from '../../src/ports/database.ts';
import type { Journal } from '../../src/ports/journal.ts';
import { insertChart } from '../../src/tables/charts.ts';
import { insertEvent } from '../../src/tables/events.ts';
import { migrate } from '../../src/tables/migrate.ts';
import { chart, manifest, push, WEB } from '../contract/tables/rows.ts';
import { eventually } from '../http/support/eventually.ts';
import { ADMIN_ENVIRONMENT, serveChartroom, startChartroom, temporaryFolder } from '../support/chartroom-process.ts';

const MIB = 1024 * 1024;
/** For the program and what it works on. */
const LITTLE_MEMORY = ['--max-old-space-size=96'];

test('a journal is begun, verified and made a database again with less memory than it has bytes', async () => {
  await using folder = await temporaryFolder();
  const dataDir = join(folder.path, 'data');
  await fill(dataDir, (database) => pushManifests(database, 20, 4 * MIB));
  const options = { folder: folder.path, environment: { ...ADMIN_ENVIRONMENT, CHARTROOM_DATA_DIR: dataDir } };
  await using server = await serveChartroom(options, [], LITTLE_MEMORY);
  const lines = join(dataDir, 'journal', 'registry.jsonl');
  const bytesOf = (path: string) =>
    stat(path).then(
      ({ size }) => size,
      () => 0,
    );
  await eventually(() => bytesOf(lines)).toBeGreaterThan(20 * 5 * MIB);
  expect(await server.stop('SIGTERM')).toMatchObject({ code: 0 });
  const run = async (...words: string[]) => await startChartroom(words, options, LITTLE_MEMORY).ended;
  expect(await run('verify')).toMatchObject({ code: 0 });
  for (const end of ['', '-wal', '-shm']) await rm(join(dataDir, `chartroom.db${end}`), { force: true });
  const rebuilt = await run('rebuild');
  expect(rebuilt.stdout, rebuilt.stderr).toContain('with 20 manifests');
});

test('a batch of what a journal begins with has few bytes, or is one line that has more', async () => {
  await using folder = await temporaryFolder();
  await fill(folder.path, async (database) => {
    await pushManifests(database, 5, MIB);
    await pushManifests(database, 300, 1024);
    let lines = 0;
    for await (const batch of wholeJournal(database)) {
      expect(batch.slice(0, -1).join('').length).toBeLessThan(64 * 1024);
      lines += batch.length;
    }
    expect(lines).toBe(306);
  });
});

test('many charts with a long Chart.yaml are followed some at a time', async () => {
  await using folder = await temporaryFolder();
  await fill(folder.path, async (database) => {
    const journal = await openJournal(folder.path);
    const appended: number[] = [];
    const measured = new Proxy(journal, {
      get: (target, name: keyof Journal) => {
        const value = target[name];
        if (typeof value !== 'function') return value;
        return (...given: Parameters<Journal['append']>) => {
          if (name === 'append') appended.push(given[0].join('').length);
          return Reflect.apply(value, target, given);
        };
      },
    });
    const space = { has: () => true, require: () => undefined, take: () => undefined };
    const keeper = new JournalKeeper({ database, journal: measured, space });
    await publish(database, 0);
    await keeper.catchUp();
    for (let number = 1; number <= 24; number += 1) await publish(database, number);
    await keeper.catchUp();
    expect(appended.length).toBeGreaterThan(1);
    expect(Math.max(...appended)).toBeLessThan(10 * MIB);
  });
});

async function publish(database: Database, number: number): Promise<void> {
  const digest = digestOf(Buffer.from(`${number}`));
  const metadata = JSON.stringify({ description: 'x'.repeat(MIB) });
  const event = { actor: 'ann', actorKind: 'user', credential: '', clientAddress: '', userAgent: '', detail: '{}' };
  await database.transaction(async (tx) => {
    await push(tx, manifest(digest));
    await insertChart(tx, { ...chart(digest), metadata });
    const about = { repository: WEB, tag: null, digest };
    await insertEvent(tx, { ...event, ...about, at: number, kind: 'manifest.pushed', outcome: 'allowed' });
  });
}

async function fill(dataDir: string, work: (database: Database) => Promise<void>): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const database = openSqliteDatabase(join(dataDir, 'chartroom.db'));
  try {
    await migrate(database, await readMigrations(database.dialect), 0);
    await work(database);
  } finally {
    await database.close();
  }
}

async function pushManifests(database: Database, count: number, bytes: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const annotations = { filling: `${number}`.padEnd(bytes - 200, 'x') };
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [], annotations };
    const content = Buffer.from(JSON.stringify(index));
    const row = { mediaType: OCI_INDEX, artifactType: undefined, content, annotations };
    await database.transaction((tx) => push(tx, manifest(digestOf(content), row)));
  }
}
