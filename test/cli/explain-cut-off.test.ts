// What an operator reads when a backup cannot be written, whatever the operating system or SQLite call it.
import BetterSqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { explainCutOff } from '../../src/cli/explain-cut-off.ts';
import { StorageUnusable, storageError } from '../../src/ports/storage-unusable.ts';

function failure(code: string): Error {
  return Object.assign(new Error('x'), { code, path: '/backup/blobs' });
}

test.each([
  [
    'no rights',
    failure('EACCES'),
    '/backup/blobs cannot be read or written (EACCES); the backup before it is as it was: ',
  ],
  ['a broken disk', storageError(failure('EIO')), '/backup/blobs cannot be read or written (EIO); the backup'],
])('%s: in one line, with the folder', (_name, error, reason) => {
  expect(explainCutOff(error, '/backup')).toMatchObject({
    name: 'CheckFailed',
    message: expect.stringContaining(`the backup to /backup was cut off: ${reason}`),
  });
});

test('what says enough itself stays as it is', () => {
  const said = [
    new Error('x'),
    'text',
    failure('OTHER'),
    failure('ENOSPC'),
    new StorageUnusable('no room is left in the folder of the backup', { trouble: 'full', cause: failure('ENOSPC') }),
    new StorageUnusable('the database of the data folder cannot be used', { trouble: 'full' }),
    new StorageUnusable('the folder holds something else'),
    new StorageUnusable('the folder cannot be made', { cause: failure('ENOTDIR') }),
    new StorageUnusable('the database is locked', { cause: new BetterSqlite.SqliteError('x', 'SQLITE_CANTOPEN') }),
    new StorageUnusable('try again', { trouble: 'busy' }),
  ];
  for (const error of said) expect(explainCutOff(error, '/backup')).toBe(error);
});
