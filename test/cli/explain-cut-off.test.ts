// What an operator reads when a backup cannot be written, whatever the operating system or SQLite call it.
import { expect, test } from 'vitest';
import { explainCutOff } from '../../src/cli/explain-cut-off.ts';

test.each([
  ['ENOSPC', undefined, 'no room is left there; the backup before it is whole, make room and back up again'],
  ['SQLITE_FULL', undefined, 'no room is left there; the backup before it is whole, make room and back up again'],
  [
    'EACCES',
    '/backup/blobs',
    'this user may not read or write /backup/blobs; run it as the user of the server, to whom the folder belongs',
  ],
  ['EROFS', '/backup', '/backup is on a file system that is only read'],
  ['ENOTDIR', '/backup', '/backup is no folder'],
])('%s: in one line, with the folder', (code, path, reason) => {
  const error = Object.assign(new Error('x'), { code, ...(path === undefined ? {} : { path }) });
  expect(explainCutOff(error, '/backup')).toMatchObject({
    name: 'CheckFailed',
    message: `the backup to /backup was cut off: ${reason}`,
  });
});

test('what says enough itself stays as it is', () => {
  for (const error of [new Error('x'), Object.assign(new Error('x'), { code: 'OTHER' }), 'text']) {
    expect(explainCutOff(error, '/backup')).toBe(error);
  }
});
