// The disk with large blobs: files that get shorter while they are read, and a disk that fails to keep what it took.
import { open, truncate } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { expect, test, vi } from 'vitest';
import { openDiskBlobStore } from '../../src/adapters/disk-blob-store.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { blobPath } from '../support/blob-path.ts';
import { temporaryFolder } from '../support/chartroom-process.ts';
import { contentOf, gather, newUpload, put } from './blob-store.contract.ts';

const MEBIBYTE = 1024 * 1024;

test.each<[string, (stream: NodeJS.ReadableStream) => Promise<unknown>]>([
  ['piped', (stream) => Promise.all([finished(stream), gather(stream.pipe(new PassThrough()))])],
  ['read', gather as (stream: NodeJS.ReadableStream) => Promise<unknown>],
])('a file that gets shorter while it is %s is an error, and no end', async (_how, take) => {
  await using folder = await temporaryFolder();
  const store = await openDiskBlobStore(folder.path);
  const digest = await put(store, Buffer.alloc(5 * MEBIBYTE));
  const body = await store.open(digest);
  if (body.kind !== 'stream') throw new Error('there is no stream');
  await truncate(blobPath(folder.path, digest), 2 * MEBIBYTE);
  await expect(take(body.stream)).rejects.toThrow('ended at byte 2097152 of 5242880');
});

test.each<[string, 'sync' | 'datasync', 'append' | 'complete']>([
  ['at its end', 'sync', 'complete'],
  ['while it comes', 'datasync', 'append'],
  ['while its last bytes come', 'datasync', 'complete'],
])('an upload that could not be made durable %s has to come again, from its first byte', async (_when, method, how) => {
  await using folder = await temporaryFolder();
  const store = await openDiskBlobStore(folder.path);
  const upload = newUpload();
  const piece = Buffer.alloc(MEBIBYTE, 'a piece ');
  const large = async function* () {
    for (let count = 0; count < 40; count += 1) yield piece;
  };
  // No disk fails when a test would like it to. The next sync does not fail, as on Linux: it tells of a failure once.
  vi.spyOn(await handles(), method).mockRejectedValueOnce(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }));
  await expect(store[how](upload, 0, large())).rejects.toMatchObject({ trouble: 'broken', cause: { code: 'EIO' } });
  expect(await store.received(upload)).toBeUndefined();
  await expect(store.complete(upload, 40 * MEBIBYTE, large())).rejects.toMatchObject({ code: 'BLOB_UPLOAD_UNKNOWN' });
  await store.complete(upload, 0, large());
  const digest = digestOf(Buffer.concat(Array<Buffer>(40).fill(piece)));
  await store.commit(upload, digest);
  expect(digestOf(await contentOf(store, digest))).toBe(digest);
});

/** What all open files have in common. */
async function handles(): Promise<{ sync(): Promise<void>; datasync(): Promise<void> }> {
  const probe = await open(import.meta.filename);
  await probe.close();
  return Object.getPrototypeOf(probe);
}
