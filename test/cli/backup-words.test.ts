// What an operator reads of a backup that is not as it should be: what is wrong, since when, and what helps.
import { expect, test } from 'vitest';
import { complaintOfRestoration, complaintsOfCheck, damageLines, restoredLine } from '../../src/cli/backup-words.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { BackupRecord, DamagedBlob } from '../../src/ports/backup.ts';

const TIME = '2026-11-23T02:00:00.000Z';
const [A, B, C] = ['a', 'b', 'c'].map(
  (text): DamagedBlob => ({ digest: digestOf(Buffer.from(text)), problem: 'has no bytes', usedBy: [] }),
);
if (!A || !B || !C) throw new Error('there are three');

const recordOf = (damaged: readonly DamagedBlob[], count = 3): BackupRecord => ({
  format: 1,
  startedAt: TIME,
  completedAt: TIME,
  version: '1',
  folder: 'copy-1',
  files: [],
  blobs: { count, bytes: 2048 },
  damaged,
});

test('what the backup has lost can be copied again; what it never had can not, and is told apart', () => {
  const lost = `1 of 3 blobs of the backup of ${TIME} is damaged: "chartroom backup /bk --verify" copies it again if the data folder has it whole; else look for it in an older backup`;
  const never = `1 of 3 blobs is not in the backup of ${TIME}, since the data folder had it no more when it was made: run "chartroom verify --repair", push again what it belongs to, then back up again, or look for it in an older backup`;
  expect(complaintsOfCheck({ record: recordOf([]), damaged: [A] }, '/bk')).toEqual([lost]);
  expect(complaintsOfCheck({ record: recordOf([A]), damaged: [A] }, '/bk')).toEqual([never]);
  expect(complaintsOfCheck({ record: recordOf([A]), damaged: [A, B] }, '/bk')).toEqual([lost, never]);
  expect(complaintsOfCheck({ record: recordOf([A]), damaged: [] }, '/bk')).toEqual([]);
});

test('one is spoken of as one, several as several', () => {
  expect(complaintsOfCheck({ record: recordOf([]), damaged: [A, B] }, '/bk')).toEqual([
    `2 of 3 blobs of the backup of ${TIME} are damaged: "chartroom backup /bk --verify" copies them again if the data folder has them whole; else look for them in an older backup`,
  ]);
  expect(complaintsOfCheck({ record: recordOf([A, B]), damaged: [A, B] }, '/bk')).toEqual([
    `2 of 3 blobs are not in the backup of ${TIME}, since the data folder had them no more when it was made: run "chartroom verify --repair", push again what they belong to, then back up again, or look for them in an older backup`,
  ]);
  expect(complaintOfRestoration({ record: recordOf([], 1), damaged: [A] }, '/data')).toContain('1 of 1 blob of');
  expect(complaintOfRestoration({ record: recordOf([], 1), damaged: [A] }, '/data')).toContain(' is damaged, so /data');
  const restored = { record: recordOf([]), damaged: [C] };
  expect(restoredLine(restored, '/data')).toMatch(
    /^restored 2 of 3 blobs \(2\.0 KiB in all\), database and keys as of/,
  );
});

test('of very many damaged blobs some are named, and the others counted', () => {
  const lines = damageLines(
    Array.from({ length: 1_000 }, () => A),
    'the backup',
  );
  expect(lines).toHaveLength(101);
  expect([lines[0], lines[100]]).toEqual([
    `the backup's blob ${A.digest} has no bytes (needed by nothing)`,
    'and 900 more blobs',
  ]);
});
