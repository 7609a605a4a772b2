// Uploads that are begun and not finished: so many of one owner, and no more.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSqliteDatabase } from '../../../src/adapters/sqlite-database.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import type { UploadId } from '../../../src/ports/blob-store.ts';
import { MAXIMUM_OPEN_UPLOADS } from '../../../src/registry/open-uploads.ts';
import { findUpload, insertUpload } from '../../../src/tables/uploads.ts';
import { errorOf, pushBlob } from '../../support/artifacts.ts';
import { startRegistry, type TestRegistry } from '../../support/start-registry.ts';
import { addMember } from '../support/members.ts';
import { storedFiles } from '../support/stored-files.ts';
import { finish, startUpload } from '../support/uploads.ts';

let registry: TestRegistry;
let ann: string;
let last: string;
/** Opens as many uploads of the administrator as there may be; all but one in the database, which is quicker. */
beforeAll(async () => {
  registry = await startRegistry();
  ann = await addMember(registry, 'ann', { role: 'writer', namespace: 'team' });
  last = await startUpload(registry, 'team/web');
  await using opened = new AsyncDisposableStack();
  const database = opened.adopt(openSqliteDatabase(join(registry.dataDir, 'chartroom.db')), (each) => each.close());
  const upload = await findUpload(database, (last.split('/').at(-1) ?? '') as UploadId);
  if (!upload) throw new Error('the upload is not there');
  await database.transaction(async (tx) => {
    for (let number = 1; number < MAXIMUM_OPEN_UPLOADS; number += 1) {
      await insertUpload(tx, { ...upload, id: `left-${number}` as UploadId }, MAXIMUM_OPEN_UPLOADS);
    }
  });
});
afterAll(() => registry?.[Symbol.asyncDispose]());

test('one more is refused, for good as far as clients try again, and leaves no file', async () => {
  const before = await storedFiles(registry);
  const refused = await registry.request('POST', '/v2/team/web/blobs/uploads/');
  expect(refused.status).toBe(403);
  expect(refused.headers.get('retry-after')).toBe(null);
  expect(await errorOf(refused)).toEqual({
    code: 'DENIED',
    message:
      'admin has 1000 uploads that were begun and not finished, and may have no more: finish them, or end them with DELETE on their addresses; those that nobody goes on with end by themselves after a day, and administrators end them with "chartroom upload end"',
  });
  expect(await storedFiles(registry)).toEqual(before);
});

test('somebody else begins one all the same, and a blob in one request is no such upload', async () => {
  expect((await registry.request('POST', '/v2/team/web/blobs/uploads/', { as: ann })).status).toBe(202);
  expect(await pushBlob(registry, 'team/web', Buffer.from('whole'))).toMatch(/^sha256:/);
});

test('when one has ended there is place for one', async () => {
  const body = Buffer.from('the end');
  expect((await finish(registry, last, digestOf(body), { body })).status).toBe(201);
  expect((await registry.request('POST', '/v2/team/web/blobs/uploads/')).status).toBe(202);
  expect((await registry.request('POST', '/v2/team/web/blobs/uploads/')).status).toBe(403);
});
