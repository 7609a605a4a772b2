// Restoring: only to an empty folder, only what is as it was, and nothing serves what is half there.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import { expect, test } from 'vitest';
import { openApp, openDataFolder } from '../../src/app.ts';
import { backUp } from '../../src/data-folder/back-up.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { pushArtifact, pushBlob } from '../support/artifacts.ts';
import { blobPath } from '../support/blob-path.ts';
import { configOf, snapshotOf, startBackedUp, withDatabase } from './support/backups.ts';

const CONTENT = digestOf(Buffer.from('content'));

test('what is restored is what was backed up, for its owner alone, and can be backed up again', async () => {
  await using backups = await startBackedUp();
  const { registry, restored } = backups;
  await pushArtifact(registry, 'one', 'latest', 'content');
  const { record } = await backups.backUp();
  await pushArtifact(registry, 'one', 'later', 'not in it');
  expect(await backups.restore()).toEqual({ record, damaged: [] });
  const files = await snapshotOf(restored);
  const content = Buffer.from('content').toString('base64');
  expect(files.get(blobPath('', CONTENT))).toBe(`640 ${content}`);
  expect(files.get('token-signing-keys.json')?.slice(0, 4)).toBe('600 ');
  expect(files.get('chartroom.db')?.slice(0, 4)).toBe('600 ');
  const tags = 'select name from tags';
  expect(await withDatabase(restored, (database) => database.query(tags))).toEqual([{ name: 'latest' }]);
  const again = await backUp(configOf(restored), `${restored}-again`, {
    checksAll: false,
    onProgress: () => undefined,
  });
  expect(again.record.blobs).toEqual(record.blobs);
});

test('a folder with anything in it is refused and left as it is; one that a file system has just made is taken', async () => {
  await using backups = await startBackedUp();
  const { restored } = backups;
  await backups.backUp();
  await mkdir(join(restored, 'lost+found'), { recursive: true });
  await writeFile(join(restored, 'letter.txt'), 'mine');
  await expect(backups.restore()).rejects.toThrow(
    `the folder ${restored} is not empty (there is letter.txt): nothing in it was changed; name another one with --data-dir, or move away what is in it`,
  );
  expect((await readdir(restored)).toSorted()).toEqual(['letter.txt', 'lost+found']);
  await rm(join(restored, 'letter.txt'));
  await backups.restore();
});

test('a folder without a backup is named, and nothing is made', async () => {
  await using backups = await startBackedUp();
  await expect(backups.restore()).rejects.toThrow(`there is no backup in ${backups.folder}`);
  await expect(readdir(backups.restored)).rejects.toThrow('ENOENT');
});

test('on one that was cut off no server starts and no command works, and restoring again makes it whole', async () => {
  await using backups = await startBackedUp();
  const { registry, restored } = backups;
  await pushArtifact(registry, 'one', 'latest', 'content');
  await backups.backUp();
  const cutOff = backups.restore({
    onProgress: () => {
      throw new Error('cut off');
    },
  });
  await expect(cutOff).rejects.toThrow('cut off');
  const refusal = `the folder ${restored} is not whole`;
  await expect(openApp(configOf(restored), pino({ level: 'silent' }))).rejects.toThrow(refusal);
  await expect(openDataFolder(configOf(restored))).rejects.toThrow(refusal);
  const options = { checksAll: false, onProgress: () => undefined };
  await expect(backUp(configOf(restored), `${restored}-again`, options)).rejects.toThrow(refusal);
  await backups.restore();
  await (await openApp(configOf(restored), pino({ level: 'silent' })))[Symbol.asyncDispose]();
});

test('what the registry knew to be damaged, and the backup has whole, is given out again', async () => {
  await using backups = await startBackedUp();
  const { registry, restored } = backups;
  await pushArtifact(registry, 'one', 'latest', 'content');
  await backups.backUp();
  await withDatabase(registry.dataDir, (database) =>
    database.transaction((tx) => tx.query('update blobs set damaged_at = 1')),
  );
  await rm(blobPath(registry.dataDir, CONTENT));
  await backups.backUp();
  await backups.restore();
  const marked = 'select digest from blobs where damaged_at is not null';
  expect(await withDatabase(restored, (database) => database.query(marked))).toEqual([]);
});

test('a damaged blob stops it with its name; where that is accepted, the rest is there and the blob is noted as damaged', async () => {
  await using backups = await startBackedUp();
  const { registry, folder, restored } = backups;
  await pushArtifact(registry, 'one', 'latest', 'content');
  const missing = await pushBlob(registry, 'two', Buffer.from('missing'));
  await backups.backUp();
  await writeFile(blobPath(folder, CONTENT), 'CONTENT');
  await rm(blobPath(folder, missing));
  const { damaged } = await backups.restore();
  expect(damaged.toSorted((one, other) => one.usedBy.join().localeCompare(other.usedBy.join()))).toEqual([
    {
      digest: CONTENT,
      problem: 'has other bytes than were pushed',
      usedBy: ['one:latest'],
    },
    { digest: missing, problem: 'has no bytes', usedBy: ['two'] },
  ]);
  await expect(openDataFolder(configOf(restored))).rejects.toThrow('is not whole');
  expect((await backups.restore({ acceptsDamage: true })).damaged).toEqual(damaged);
  const noted = await withDatabase(restored, (database) =>
    database.query<{ digest: string }>('select digest from blobs where damaged_at is not null order by digest'),
  );
  expect(noted.map(({ digest }) => digest)).toEqual([CONTENT, missing].toSorted());
  await (await openApp(configOf(restored), pino({ level: 'silent' })))[Symbol.asyncDispose]();
});
