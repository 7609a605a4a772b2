// A backup of a registry whose disk is full: no room for the hold on garbage collection, which may take bytes away meanwhile.

import { rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openBackupFolder } from '../../src/adapters/backup-folder.ts';
import { openDiskBlobStore } from '../../src/adapters/disk-blob-store.ts';
import { sqliteCopies } from '../../src/adapters/sqlite-copies.ts';
import type { BackupProgress } from '../../src/backup/backup-progress.ts';
import { copyBlobs } from '../../src/backup/copy-blobs.ts';
import { type MadeBackup, makeBackup } from '../../src/backup/make-backup.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { StorageUnusable } from '../../src/ports/storage-unusable.ts';
import { pushArtifact, pushBlob } from '../support/artifacts.ts';
import { blobPath } from '../support/blob-path.ts';
import { type BackedUp, startBackedUp, withDatabase } from './support/backups.ts';

test('it is made all the same', async () => {
  await using backups = await startBackedUp();
  await pushArtifact(backups.registry, 'one', 'latest', 'content');
  await backups.backUp();
  const { record } = await backUpWithoutRoom(backups);
  expect(record.damaged).toEqual([]);
  expect(await backups.verify()).toEqual({ record, damaged: [] });
});

test('when garbage collection takes what is to be copied, it is begun again with the database as it is then', async () => {
  await using backups = await startBackedUp();
  const { registry } = backups;
  await pushArtifact(registry, 'one', 'latest', 'content');
  const unneeded = await pushBlob(registry, 'one', Buffer.from('unneeded'));
  const { record, added } = await backUpWithoutRoom(backups, ({ stage }) => {
    if (stage === 'database') collect(registry.dataDir, unneeded);
  });
  expect(record).toMatchObject({ blobs: { count: 2 }, damaged: [] });
  expect(added).toEqual(record.blobs);
  expect(await backups.verify()).toEqual({ record, damaged: [] });
});

test('when that goes on and on, the backup before it stays, and the operator reads what to do', async () => {
  await using backups = await startBackedUp();
  const { registry, folder } = backups;
  await pushArtifact(registry, 'one', 'latest', 'content');
  const { record } = await backups.backUp();
  const unneeded = await Promise.all(
    Array.from({ length: 20 }, (_, index) => pushBlob(registry, 'one', Buffer.from(`unneeded ${index}`))),
  );
  // Gone from the backup as well, which would have it from the attempt before.
  const collecting = backUpWithoutRoom(backups, ({ stage }) => {
    const digest = stage === 'database' ? unneeded.pop() : undefined;
    if (digest === undefined) return;
    collect(registry.dataDir, digest);
    rmSync(blobPath(folder, digest), { force: true });
  });
  await expect(collecting).rejects.toThrow('make room on it, or back up again when garbage collection has ended');
  expect(await readdir(folder)).toContain(record.folder);
  expect(await backups.verify()).toEqual({ record, damaged: [] });
});

test('what is lost, and not collected, is damaged as ever', async () => {
  await using backups = await startBackedUp();
  const { registry } = backups;
  const lost = await pushBlob(registry, 'one', Buffer.from('lost'));
  rmSync(blobPath(registry.dataDir, lost));
  const { record } = await backUpWithoutRoom(backups);
  expect(record.damaged).toEqual([{ digest: lost, problem: 'has no bytes', usedBy: ['one'] }]);
});

test('what is pushed again, bytes first, while it is looked for is copied', async () => {
  await using backups = await startBackedUp();
  const { registry, folder } = backups;
  const digest = await pushBlob(registry, 'one', Buffer.from('content'));
  await backups.backUp();
  for (const place of [registry.dataDir, folder]) rmSync(blobPath(place, digest));
  const [from, to] = [await openDiskBlobStore(registry.dataDir), await openDiskBlobStore(folder)];
  const copied = await withDatabase(registry.dataDir, async (copy) => {
    const query: typeof copy.query = async (text, values) => {
      writeFileSync(blobPath(registry.dataDir, digest), 'content');
      return await copy.query(text, values);
    };
    return await copyBlobs({ from, to, copy, live: { query }, checksAll: false, onProgress: () => undefined });
  });
  expect(copied).toMatchObject({ damaged: [], gone: 0, added: { count: 1, bytes: 7 } });
});

async function backUpWithoutRoom(
  { registry, folder }: BackedUp,
  onProgress: (progress: BackupProgress) => void = () => undefined,
): Promise<MadeBackup> {
  const blobs = await openDiskBlobStore(registry.dataDir);
  const target = { folder: openBackupFolder(folder), blobs: await openDiskBlobStore(folder) };
  return await withDatabase(registry.dataDir, async (database) => {
    const full = async () => {
      throw new StorageUnusable('the disk is full', { trouble: 'full' });
    };
    return await makeBackup({
      source: {
        database: { ...database, transaction: full },
        blobs,
        pathOf: (name) => join(registry.dataDir, name),
        otherFiles: [],
      },
      target,
      copies: sqliteCopies,
      clock: systemClock,
      version: '1',
      holdId: 'copy',
      checksAll: false,
      onProgress,
    });
  });
}

/** At once, as garbage collection in another process may at any moment. */
function collect(dataDir: string, digest: Digest): void {
  const connection = new BetterSqlite(join(dataDir, 'chartroom.db'));
  for (const table of ['repository_blobs', 'blobs']) {
    connection.prepare(`delete from ${table} where digest = ?`).run(digest);
  }
  connection.close();
  rmSync(blobPath(dataDir, digest), { force: true });
}
