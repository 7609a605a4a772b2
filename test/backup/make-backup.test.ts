// Backups of a registry that is served: what is in them, what they cost the second time, and what damage does to them.
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openDiskBlobStore } from '../../src/adapters/disk-blob-store.ts';
import { lockFolder } from '../../src/adapters/folder-lock.ts';
import { copyBlobs } from '../../src/backup/copy-blobs.ts';
import { backUp } from '../../src/data-folder/back-up.ts';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { isCollectionHeld } from '../../src/tables/collection-holds.ts';
import { prepareChart, pushArtifact, pushBlob, pushChart, putManifest } from '../support/artifacts.ts';
import { blobPath } from '../support/blob-path.ts';
import { configOf, snapshotOf, startBackedUp, withDatabase } from './support/backups.ts';

const WEB = { name: 'web', version: '1.0.0' };

test('a backup holds the database, the keys and every blob, and counts them', async () => {
  await using backups = await startBackedUp();
  const { registry, folder } = backups;
  const { archive, manifest } = await prepareChart(registry, 'team/web', WEB);
  expect((await putManifest(registry, 'team/web', '1.0.0', manifest)).status).toBe(201);
  const { record, added } = await backups.backUp();
  expect(record).toMatchObject({ format: 1, blobs: { count: 2 }, damaged: [] });
  expect(record.files.map(({ name }) => name)).toEqual(['chartroom.db', 'token-signing-keys.json']);
  expect(added).toEqual(record.blobs);
  expect(JSON.parse(await readFile(join(folder, 'backup.json'), 'utf8'))).toEqual(record);
  expect(await readFile(blobPath(folder, digestOf(archive)))).toEqual(archive);
  const keys = await readFile(join(registry.dataDir, 'token-signing-keys.json'));
  expect(await readFile(join(folder, record.folder, 'token-signing-keys.json'))).toEqual(keys);
  expect(await backups.verify()).toEqual({ record, damaged: [] });
});

test('keys and passwords in it are for its owner alone', async () => {
  await using backups = await startBackedUp();
  const { record } = await backups.backUp();
  const modes = await Promise.all(
    ['', record.folder, ...record.files.map(({ name }) => join(record.folder, name)), 'backup.json'].map(async (path) =>
      ((await stat(join(backups.folder, path))).mode & 0o777).toString(8),
    ),
  );
  expect(modes).toEqual(['700', '700', '600', '600', '600']);
});

test('the next one copies only new blobs, drops those that are named no more, and keeps one copy of the database', async () => {
  await using backups = await startBackedUp();
  const { registry, folder } = backups;
  await pushArtifact(registry, 'one', 'latest', 'one');
  const gone = await pushBlob(registry, 'one', Buffer.from('gone'));
  expect((await backups.backUp()).added.count).toBe(3);
  expect((await backups.backUp()).added).toEqual({ count: 0, bytes: 0 });
  await pushArtifact(registry, 'one', 'latest', 'three');
  await withDatabase(registry.dataDir, (database) =>
    database.transaction(async (tx) => {
      await tx.query('delete from repository_blobs where digest = $1', [gone]);
      await tx.query('delete from blobs where digest = $1', [gone]);
    }),
  );
  const { record, added, removedBlobs } = await backups.backUp();
  expect({ added, removedBlobs }).toEqual({ added: { count: 1, bytes: 5 }, removedBlobs: 1 });
  await expect(stat(blobPath(folder, gone))).rejects.toThrow('ENOENT');
  expect((await readdir(folder)).filter((name) => name.startsWith('copy-'))).toEqual([record.folder]);
  expect((await backups.verify()).damaged).toEqual([]);
});

test('of a registry that has lost most of what it had, the backup keeps what nothing names any more', async () => {
  await using backups = await startBackedUp();
  const { registry, folder } = backups;
  await pushArtifact(registry, 'one', 'latest', 'one');
  const lost = await Promise.all(
    Array.from({ length: 11 }, (_, index) => pushBlob(registry, 'one', Buffer.from(`lost ${index}`))),
  );
  await backups.backUp();
  await withDatabase(registry.dataDir, (database) =>
    database.transaction(async (tx) => {
      for (const digest of lost) {
        await tx.query('delete from repository_blobs where digest = $1', [digest]);
        await tx.query('delete from blobs where digest = $1', [digest]);
      }
    }),
  );
  const { removedBlobs, leftBlobs } = await backups.backUp();
  expect({ removedBlobs, leftBlobs }).toEqual({ removedBlobs: 0, leftBlobs: 11 });
  for (const digest of lost) expect((await stat(blobPath(folder, digest))).size).toBeGreaterThan(0);
});

test('one that is cut off leaves the one before it whole, and the next one goes on from there', async () => {
  await using backups = await startBackedUp();
  const { registry } = backups;
  await pushArtifact(registry, 'one', 'latest', 'one');
  const { record } = await backups.backUp();
  await pushArtifact(registry, 'one', 'latest', 'two');
  for (const stage of ['database', 'blobs']) {
    const cutOff = backups.backUp({
      onProgress: (progress) => {
        if (progress.stage === stage) throw new Error(`cut off at ${stage}`);
      },
    });
    await expect(cutOff).rejects.toThrow(`cut off at ${stage}`);
    expect(await backups.verify()).toEqual({ record, damaged: [] });
  }
  const leftOver = join(backups.folder, 'uploads', randomUUID());
  await writeFile(leftOver, 'half a blob');
  expect((await backups.backUp()).record.blobs.count).toBe(3);
  await expect(stat(leftOver)).rejects.toThrow('ENOENT');
  expect((await readdir(backups.folder)).filter((name) => name.startsWith('copy-'))).toHaveLength(1);
});

test.skipIf(process.platform !== 'linux')('no room in its folder is told of as such, with the folder', async () => {
  await using backups = await startBackedUp();
  const { folder } = backups;
  await pushArtifact(backups.registry, 'one', 'latest', 'content');
  const { record } = await backups.backUp();
  await symlink('/dev/full', join(folder, 'backup.json.new'));
  const full = `the backup to ${folder} was cut off: no room is left there; the backup before it is as it was, make room`;
  await expect(backups.backUp()).rejects.toThrow(full);
  expect(await backups.verify()).toEqual({ record, damaged: [] });
});

test('garbage collection is held while it runs, and neither after it nor in its copy', async () => {
  await using backups = await startBackedUp();
  const { registry } = backups;
  await pushArtifact(registry, 'one', 'latest', 'one');
  const isHeld = (dataDir: string) => withDatabase(dataDir, (database) => isCollectionHeld(database, Date.now()));
  const held: Promise<boolean>[] = [];
  await backups.backUp({ onProgress: () => void held.push(isHeld(registry.dataDir)) });
  expect(held.length).toBeGreaterThan(1);
  expect(new Set(await Promise.all(held))).toEqual(new Set([true]));
  expect(await isHeld(registry.dataDir)).toBe(false);
  await backups.restore();
  expect(await isHeld(backups.restored)).toBe(false);
});

test('a damaged or missing blob is named with what it belongs to, and never takes the place of a good copy', async () => {
  await using backups = await startBackedUp();
  const { registry, folder } = backups;
  const { archive, manifest } = await prepareChart(registry, 'team/web', WEB);
  await putManifest(registry, 'team/web', '1.0.0', manifest);
  await backups.backUp();
  await writeFile(blobPath(registry.dataDir, digestOf(archive)), Buffer.alloc(archive.length));
  expect((await backups.backUp({ checksAll: true })).record.damaged).toEqual([]);
  expect(await readFile(blobPath(folder, digestOf(archive)))).toEqual(archive);
  await pushChart(registry, 'team/web', { name: 'web', version: '2.0.0' });
  const [second = '' as Digest] = await withDatabase(registry.dataDir, async (database) =>
    (
      await database.query<{ digest: Digest }>(
        `select content_digest as digest from chart_versions where tag = '2.0.0'`,
      )
    ).map(({ digest }) => digest),
  );
  await rm(blobPath(registry.dataDir, second));
  const { record, onlyHere } = await backups.backUp();
  expect(record.damaged).toEqual([{ digest: second, problem: 'has no bytes', usedBy: ['team/web:2.0.0'] }]);
  // It has its whole size, and nobody has read it yet.
  expect(onlyHere).toEqual([]);
  await rm(folder, { recursive: true });
  const { damaged } = (await backups.backUp()).record;
  expect(damaged.map(({ usedBy }) => usedBy[0]).toSorted()).toEqual(['team/web:1.0.0', 'team/web:2.0.0']);
  expect(damaged.find(({ usedBy }) => usedBy[0] === 'team/web:1.0.0')?.problem).toBe(
    'has other bytes than were pushed',
  );
});

test('of what the registry knows to be damaged, or has lost, the good copy stays and is told of', async () => {
  await using backups = await startBackedUp();
  const { registry, folder } = backups;
  const change = (text: string) =>
    withDatabase(registry.dataDir, (database) => database.transaction((tx) => tx.query(text)));
  const marked = 'update blobs set damaged_at = 1 where size = 7';
  await pushArtifact(registry, 'one', 'latest', 'content');
  await backups.backUp();
  const digest = digestOf(Buffer.from('content'));
  const path = blobPath(registry.dataDir, digest);
  const file = relative(registry.dataDir, path);
  const found = (problem: string) => [{ digest, problem, usedBy: ['one:latest'], file }];
  await writeFile(path, 'CONTENT');
  await change(marked);
  expect((await backups.backUp()).onlyHere).toEqual(found('has other bytes than were pushed'));
  await rm(path);
  const { record, onlyHere } = await backups.backUp();
  expect({ onlyHere, damaged: record.damaged }).toEqual({ onlyHere: found('has no bytes'), damaged: [] });
  expect(await backups.verify()).toEqual({ record, damaged: [] });
  const stores = { from: await openDiskBlobStore(registry.dataDir), to: await openDiskBlobStore(folder) };
  const deletedMeanwhile = { query: async () => [] };
  const copied = await withDatabase(registry.dataDir, (copy) =>
    copyBlobs({ ...stores, copy, live: deletedMeanwhile, checksAll: false, onProgress: () => undefined }),
  );
  expect(copied).toMatchObject({ onlyHere: [], damaged: [] });
});

test('what was damaged on both sides is told of once; what is sound in spite of its mark not at all', async () => {
  await using backups = await startBackedUp();
  const { registry, folder } = backups;
  await pushArtifact(registry, 'one', 'latest', 'content');
  await backups.backUp();
  await withDatabase(registry.dataDir, (database) =>
    database.transaction((tx) => tx.query('update blobs set damaged_at = 1')),
  );
  const digest = digestOf(Buffer.from('content'));
  expect(await backups.backUp()).toMatchObject({ onlyHere: [], record: { damaged: [] } });
  for (const place of [registry.dataDir, folder]) await writeFile(blobPath(place, digest), 'CONTENT');
  expect(await backups.backUp()).toMatchObject({ onlyHere: [], record: { damaged: [{ digest }] } });
});

test('a blob that comes back while the backup runs is in it', async () => {
  await using backups = await startBackedUp();
  const { registry } = backups;
  await pushArtifact(registry, 'one', 'latest', 'content');
  const path = blobPath(registry.dataDir, digestOf(Buffer.from('content')));
  await rm(path);
  const { record, added } = await backups.backUp({
    onProgress: (progress) => {
      if (progress.stage === 'blobs' && progress.done === progress.count) writeFileSync(path, 'content');
    },
  });
  expect({ damaged: record.damaged, added }).toEqual({ damaged: [], added: record.blobs });
});

test('a copy that was damaged in the backup is found by a check, and copied again where that is asked for', async () => {
  await using backups = await startBackedUp();
  const { registry, folder } = backups;
  await pushArtifact(registry, 'one', 'latest', 'content');
  const { record } = await backups.backUp();
  const digest = digestOf(Buffer.from('content'));
  await writeFile(blobPath(folder, digest), 'CONTENT');
  const problem = 'has other bytes than were pushed';
  expect(await backups.verify()).toEqual({ record, damaged: [{ digest, problem, usedBy: ['one:latest'] }] });
  expect((await backups.backUp()).added.count).toBe(0);
  expect((await backups.backUp({ checksAll: true })).added.count).toBe(1);
  expect((await backups.verify()).damaged).toEqual([]);
});

test('a check finds damage in the copy of the database', async () => {
  await using backups = await startBackedUp();
  const { record } = await backups.backUp();
  const path = join(backups.folder, record.folder, 'chartroom.db');
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000);
  await writeFile(path, bytes);
  await expect(backups.verify()).rejects.toThrow(
    `${path} is damaged: it is not what was backed up: use another backup, or an older copy of this one`,
  );
});

test('of a damaged database there is no backup, and the one before it stays', async () => {
  await using backups = await startBackedUp();
  const { registry } = backups;
  await pushArtifact(registry, 'one', 'latest', 'content');
  const { record } = await backups.backUp();
  const connection = new BetterSqlite(join(registry.dataDir, 'chartroom.db'));
  connection.pragma('foreign_keys = off');
  connection.exec('delete from blobs where size = 7');
  connection.close();
  await expect(backups.backUp()).rejects.toThrow(
    'the database is damaged (a row of repository_blobs refers to one of blobs that is not there), so that the backup before this one stays: run "chartroom verify", and restore that backup',
  );
  expect(await backups.verify()).toEqual({ record, damaged: [] });
});

test('only an empty folder or one with a backup is taken, apart from the data folder, by one backup at a time', async () => {
  await using backups = await startBackedUp();
  const { registry, folder } = backups;
  const options = { checksAll: false, onProgress: () => undefined };
  await mkdir(folder);
  await writeFile(join(folder, 'letter.txt'), 'mine');
  await expect(backups.backUp()).rejects.toThrow('holds something that is no backup (letter.txt)');
  expect(await readdir(folder)).toEqual(['letter.txt']);
  await rm(join(folder, 'letter.txt'));
  for (const inside of [registry.dataDir, join(registry.dataDir, 'backup'), join(registry.dataDir, '..')]) {
    await expect(backUp(configOf(registry.dataDir), inside, options)).rejects.toThrow('must not be in one another');
  }
  await backups.backUp();
  using _lock = lockFolder(folder, { name: 'backup.lock', refusal: () => 'taken' });
  await expect(backups.backUp()).rejects.toThrow(`another backup to ${folder} is under way`);
});

test('a database of another version of Chartroom is left as it is', async () => {
  await using backups = await startBackedUp();
  const { registry } = backups;
  await registry.stop();
  await withDatabase(registry.dataDir, (database) =>
    database.transaction((tx) => tx.query('delete from schema_migrations where number = 5')),
  );
  await expect(backups.backUp()).rejects.toThrow(
    'the database is at version 4, this Chartroom is made for version 5: use the version of Chartroom that serves it',
  );
  await registry.restart().catch(() => undefined);
});

test('a backup changes nothing in the data folder', async () => {
  await using backups = await startBackedUp();
  const { registry } = backups;
  await pushArtifact(registry, 'one', 'latest', 'one');
  await registry.stop();
  const ours = async () =>
    [...(await snapshotOf(registry.dataDir))].filter(([path]) => !path.startsWith('chartroom.db'));
  const before = await ours();
  await backups.backUp();
  expect(await ours()).toEqual(before);
  await registry.restart();
});
