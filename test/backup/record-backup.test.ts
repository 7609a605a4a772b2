// The record of backups: in the audit trail and as a metric of the server, so that somebody notices when none is made any more.

import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { recordBackup } from '../../src/backup/record-backup.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { StorageUnusable } from '../../src/ports/storage-unusable.ts';
import { pushArtifact } from '../support/artifacts.ts';
import { blobPath } from '../support/blob-path.ts';
import { TestClock } from '../support/clock.ts';
import type { TestRegistry } from '../support/start-registry.ts';
import { type BackedUp, startBackedUp, withDatabase } from './support/backups.ts';

const clock = new TestClock('2026-11-23T02:00:00Z');
const METRIC = /^chartroom_last_backup_timestamp_seconds (\S+)$/m;

test('a backup is on record: when, by whom, how long and how much, but not where', async () => {
  await using backups = await startBackedUp();
  const { registry } = backups;
  await pushArtifact(registry, 'one', 'latest', 'content');
  expect(await lastBackup(registry)).toBe(0);
  const { record, unrecorded } = await backups.backUp({ clock, operator: 'chartroom' });
  expect(unrecorded).toBeUndefined();
  expect(await lastBackup(registry)).toBe(Date.parse(record.completedAt) / 1000);
  const [event] = await backupEvents(backups);
  expect(event).toEqual({
    kind: 'backup.made',
    at: clock.now(),
    actor: 'chartroom',
    actorKind: 'operator',
    detail: expect.any(String),
  });
  expect(JSON.parse(event?.detail ?? '')).toEqual({
    ...{ seconds: 0, blobs: 2, newBlobs: 2, newBytes: 9, damaged: 0, onlyInBackup: 0, left: 0 },
    bytes: 9 + record.files.reduce((sum, { bytes }) => sum + bytes, 0),
  });
});

test('one that lacks something is another event, and not the last good one', async () => {
  await using backups = await startBackedUp();
  const { registry } = backups;
  await pushArtifact(registry, 'one', 'latest', 'content');
  await backups.backUp({ clock });
  await pushArtifact(registry, 'one', 'latest', 'lost');
  rmSync(blobPath(registry.dataDir, digestOf(Buffer.from('lost'))));
  clock.advance(1000);
  await backups.backUp({ clock });
  expect((await backupEvents(backups)).map(({ kind, at }) => ({ kind, at }))).toEqual([
    { kind: 'backup.made', at: clock.now() - 1000 },
    { kind: 'backup.doubtful', at: clock.now() },
  ]);
  expect(await lastBackup(registry)).toBe((clock.now() - 1000) / 1000);
});

test('one that has still what the registry has lost is whole, and its record says how much that is', async () => {
  await using backups = await startBackedUp();
  const { registry } = backups;
  await pushArtifact(registry, 'one', 'latest', 'content');
  await backups.backUp({ clock });
  rmSync(blobPath(registry.dataDir, digestOf(Buffer.from('content'))));
  clock.advance(1000);
  await backups.backUp({ clock });
  const events = await backupEvents(backups);
  expect(events.map(({ kind, detail }) => ({ kind, onlyInBackup: JSON.parse(detail).onlyInBackup }))).toEqual([
    { kind: 'backup.made', onlyInBackup: 0 },
    { kind: 'backup.made', onlyInBackup: 1 },
  ]);
  expect(await lastBackup(registry)).toBe(clock.now() / 1000);
});

test('where there is no room for the record, the backup counts, and it is said why it is not on record', async () => {
  await using backups = await startBackedUp();
  const made = await backups.backUp({ clock });
  const unrecorded = await withDatabase(backups.registry.dataDir, (database) => {
    const full = async () => {
      throw new StorageUnusable('the disk is full; make room on it', { trouble: 'full' });
    };
    return recordBackup({ database: { ...database, transaction: full }, clock }, 'ann', made);
  });
  expect(unrecorded).toBe('the disk is full; make room on it');
});

async function lastBackup(registry: TestRegistry): Promise<number> {
  const text = await (await registry.request('GET', '/metrics')).text();
  return Number(METRIC.exec(text)?.[1]);
}

interface BackupEvent {
  readonly kind: string;
  readonly at: number;
  readonly actor: string;
  readonly actorKind: string;
  readonly detail: string;
}

async function backupEvents({ registry }: BackedUp): Promise<readonly BackupEvent[]> {
  return await withDatabase(registry.dataDir, (database) =>
    database.query<BackupEvent>(
      `select kind, at, actor, actor_kind as "actorKind", detail from events where kind like 'backup.%' order by id`,
    ),
  );
}
