// Copying one blob: what was wrong with one reading alone is not damage, and what is wrong is never let in.
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { openDiskBlobStore } from '../../src/adapters/disk-blob-store.ts';
import { copyBlob } from '../../src/backup/copy-blob.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { type BlobStore, UnreadableBytes, type UploadId } from '../../src/ports/blob-store.ts';
import { temporaryFolder } from '../support/chartroom-process.ts';

const BLOB = { digest: digestOf(Buffer.from('content')), size: 7 };
const UPLOAD = '00000000-0000-4000-8000-000000000000' as UploadId;

test('a reading that goes wrong is done again; when that goes wrong as well, nothing is copied', async () => {
  await using folder = await temporaryFolder();
  const from = await openDiskBlobStore(join(folder.path, 'from'));
  const to = await openDiskBlobStore(join(folder.path, 'to'));
  await from.complete(UPLOAD, 0, Readable.from([Buffer.from('content')]));
  await from.commit(UPLOAD, BLOB.digest);
  for (const [told, damage] of [
    ['CONTENT', 'content'],
    ['cont', 'size'],
    [undefined, 'unreadable'],
  ] as const) {
    expect(await copyBlob(misreading(from, told, 2), to, BLOB)).toBe(damage);
    expect(await to.size(BLOB.digest)).toBeUndefined();
    expect(await copyBlob(misreading(from, told, 1), to, BLOB)).toBeUndefined();
    expect(await to.size(BLOB.digest)).toBe(7);
    await to.delete(BLOB.digest);
  }
  await from.delete(BLOB.digest);
  expect(await copyBlob(from, to, BLOB)).toBe('missing');
  for await (const upload of to.listUploads()) expect.fail(`the upload ${upload} was left`);
});

/** The store, of which the first readings give other bytes, or fail. */
function misreading(store: BlobStore, told: string | undefined, times: number): BlobStore {
  let left = times;
  const read = async function* () {
    if (told === undefined) throw new UnreadableBytes('the disk does not give them');
    yield Buffer.from(told);
  };
  return new Proxy(store, {
    get: (_target, name: keyof BlobStore) => {
      if (name !== 'examine') return store[name].bind(store);
      return async (...words: Parameters<BlobStore['examine']>) => {
        const stored = await store.examine(...words);
        left -= 1;
        return left < 0 || !stored ? stored : { ...stored, read };
      };
    },
  });
}
