// What every BlobStore must do, wherever it keeps its bytes.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { BlobDamaged } from '../../src/oci/blob-damaged.ts';
import { type Digest, type DigestAlgorithm, digestOf } from '../../src/oci/digest.ts';
import type { BlobStore, UploadId } from '../../src/ports/blob-store.ts';

export interface TestedBlobStore extends AsyncDisposable {
  readonly store: BlobStore;
  /** Another store on the same bytes, as after a restart. */
  readonly reopen: () => Promise<BlobStore>;
  /** Spoils the stored bytes of a blob behind the store's back. */
  readonly damage: (digest: Digest, bytes: Buffer) => Promise<void>;
}

const TEN = Buffer.from('0123456789');
const NONE = Buffer.alloc(0);

/** @param open opens a store without any bytes */
export function blobStoreContract(open: () => Promise<TestedBlobStore>): void {
  test.each<[string, Buffer, DigestAlgorithm]>([
    ['some bytes', TEN, 'sha256'],
    ['no bytes at all', NONE, 'sha256'],
    ['bytes named by sha512', TEN, 'sha512'],
    ['several megabytes', Buffer.alloc(5_000_001, 'abcdefg'), 'sha256'],
  ])('%s come back as they were committed', async (_what, bytes, algorithm) => {
    await using opened = await open();
    const { store } = opened;
    const digest = await put(store, bytes, algorithm);
    expect(await store.size(digest)).toBe(bytes.length);
    expect(digestOf(await contentOf(store, digest), algorithm)).toBe(digest);
  });

  test('a blob that is not stored has no size and cannot be opened', async () => {
    await using opened = await open();
    const { store } = opened;
    await put(store, TEN);
    const missing = digestOf(NONE);
    expect(await store.size(missing)).toBeUndefined();
    await expect(store.open(missing)).rejects.toThrow(BlobDamaged);
  });

  test.each([
    [0, 1],
    [0, 10],
    [3, 7],
    [9, 10],
  ])('bytes from %i up to before %i are given alone', async (from, to) => {
    await using opened = await open();
    const { store } = opened;
    const digest = await put(store, TEN);
    expect(await contentOf(store, digest, { from, to })).toEqual(TEN.subarray(from, to));
  });

  test('with the bytes of a blob, or some of them, comes the size of all that is stored', async () => {
    await using opened = await open();
    const { store } = opened;
    const digest = await put(store, TEN);
    expect([await sizeWith(store, digest), await sizeWith(store, digest, { from: 3, to: 7 })]).toEqual([10, 10]);
    await opened.damage(digest, Buffer.from('01234x'));
    expect(await sizeWith(store, digest)).toBe(6);
    expect(await sizeWith(store, await put(store, NONE))).toBe(0);
  });

  test('a range far into a large blob is given alone', async () => {
    await using opened = await open();
    const { store } = opened;
    const bytes = Buffer.alloc(3_000_000, 'abcdefg');
    const digest = await put(store, bytes);
    const range = { from: 1_048_575, to: 2_500_000 };
    expect((await contentOf(store, digest, range)).equals(bytes.subarray(range.from, range.to))).toBe(true);
  });

  test('an upload grows by what is appended, and is read back', async () => {
    await using opened = await open();
    const { store } = opened;
    const upload = newUpload();
    expect(await store.received(upload)).toBeUndefined();
    expect(await store.append(upload, 0, chunks())).toBe(0);
    expect(await store.received(upload)).toBe(0);
    expect(await store.append(upload, 0, chunks(TEN, TEN))).toBe(20);
    expect(await store.append(upload, 20, chunks())).toBe(20);
    expect(await store.complete(upload, 20, chunks(NONE, TEN))).toBe(30);
    expect(await store.received(upload)).toBe(30);
    expect(await gather(store.read(upload))).toEqual(Buffer.concat([TEN, TEN, TEN]));
  });

  test('what arrived of a body that fails midway stays, its error comes out, and the upload can go on', async () => {
    await using opened = await open();
    const { store } = opened;
    const upload = newUpload();
    const broken = new Error('the line broke');
    const failing = async function* () {
      yield TEN;
      yield TEN;
      throw broken;
    };
    await expect(store.append(upload, 0, failing())).rejects.toBe(broken);
    expect(await store.received(upload)).toBe(20);
    expect(await store.complete(upload, 20, chunks(TEN))).toBe(30);
    const digest = digestOf(Buffer.concat([TEN, TEN, TEN]));
    await store.commit(upload, digest);
    expect(await contentOf(store, digest)).toEqual(Buffer.concat([TEN, TEN, TEN]));
  });

  test('an upload is cut back to its first bytes, and goes on from there', async () => {
    await using opened = await open();
    const { store } = opened;
    const upload = newUpload();
    await store.complete(upload, 0, chunks(TEN));
    await store.truncate(upload, 4);
    expect(await store.received(upload)).toBe(4);
    expect(await store.append(upload, 4, chunks(Buffer.from('abc')))).toBe(7);
    expect(await gather(store.read(upload))).toEqual(Buffer.from('0123abc'));
    await store.truncate(upload, 0);
    expect(await store.received(upload)).toBe(0);
  });

  test('an upload is gone once it is committed or discarded', async () => {
    await using opened = await open();
    const { store } = opened;
    const [committed, discarded] = [newUpload(), newUpload()];
    for (const upload of [committed, discarded]) {
      await store.complete(upload, 0, chunks(TEN));
    }
    await store.commit(committed, digestOf(TEN));
    await store.discard(discarded);
    expect(await store.received(committed)).toBeUndefined();
    expect(await store.received(discarded)).toBeUndefined();
    expect(await list(store)).toEqual([digestOf(TEN)]);
    await store.discard(discarded);
  });

  test('an upload that never began has nothing, takes nothing, and is not made by any of that', async () => {
    await using opened = await open();
    const { store } = opened;
    const unknown = newUpload();
    const refusal = { code: 'BLOB_UPLOAD_UNKNOWN' };
    await expect(store.append(unknown, 10, chunks(TEN))).rejects.toMatchObject(refusal);
    await expect(store.truncate(unknown, 0)).rejects.toMatchObject(refusal);
    await expect(gather(store.read(unknown))).rejects.toMatchObject(refusal);
    await expect(store.commit(unknown, digestOf(TEN))).rejects.toMatchObject(refusal);
    await store.discard(unknown);
    expect(await store.received(unknown)).toBeUndefined();
    expect(await list(store)).toEqual([]);
  });

  test('uploads do not mix', async () => {
    await using opened = await open();
    const { store } = opened;
    const uploads = Array.from({ length: 20 }, (_, index) => ({
      id: newUpload(),
      bytes: Buffer.alloc(100_000 + index, `${index} `),
    }));
    await Promise.all(
      uploads.map(async ({ id, bytes }) => {
        await store.append(id, 0, chunks(bytes.subarray(0, 50_000)));
        await store.complete(id, 50_000, chunks(bytes.subarray(50_000)));
        await store.commit(id, digestOf(bytes));
      }),
    );
    for (const { bytes } of uploads) expect((await contentOf(store, digestOf(bytes))).equals(bytes)).toBe(true);
  });

  test('bytes are no blob before they are committed', async () => {
    await using opened = await open();
    const { store } = opened;
    const upload = newUpload();
    await store.complete(upload, 0, chunks(TEN));
    expect(await store.size(digestOf(TEN))).toBeUndefined();
    expect(await list(store)).toEqual([]);
    await store.commit(upload, digestOf(TEN));
    expect(await store.size(digestOf(TEN))).toBe(10);
  });

  test('an upload that is discarded while it is committed is a blob, or over: nothing else is wrong with it', async () => {
    await using opened = await open();
    const { store } = opened;
    const digest = digestOf(TEN);
    for (let round = 0; round < 40; round += 1) {
      const upload = newUpload();
      await store.complete(upload, 0, chunks(TEN));
      const committing = store.commit(upload, digest).then(
        () => 'a blob',
        (error: { readonly code?: string }) => error.code,
      );
      // At different moments of it.
      for (let turn = 0; turn < round; turn += 1) await new Promise(setImmediate);
      await store.discard(upload);
      expect(['a blob', 'BLOB_UPLOAD_UNKNOWN']).toContain(await committing);
    }
    for await (const upload of store.listUploads()) throw new Error(`${upload} is left`);
  });

  test('uploads are listed until they are discarded, also when they were committed', async () => {
    await using opened = await open();
    const { store } = opened;
    expect(await listUploads(store)).toEqual([]);
    const [empty, filled, committed, discarded, over] = [0, 1, 2, 3, 4].map(newUpload);
    if (!empty || !filled || !committed || !discarded || !over) throw new Error('there are five');
    for (const upload of [empty, committed, discarded, over]) await store.complete(upload, 0, chunks());
    await store.append(filled, 0, chunks(TEN));
    for (const upload of [committed, over]) await store.commit(upload, digestOf(NONE));
    for (const upload of [discarded, over]) await store.discard(upload);
    expect(await listUploads(store)).toEqual([empty, filled, committed].toSorted());
  });

  test('a committed upload takes no more bytes, which would be those of the blob', async () => {
    await using opened = await open();
    const { store } = opened;
    const upload = newUpload();
    await store.complete(upload, 0, chunks(TEN));
    await store.commit(upload, digestOf(TEN));
    expect(await store.received(upload)).toBeUndefined();
    await expect(store.append(upload, 10, chunks(TEN))).rejects.toMatchObject({ code: 'BLOB_UPLOAD_UNKNOWN' });
    await expect(store.truncate(upload, 3)).rejects.toMatchObject({ code: 'BLOB_UPLOAD_UNKNOWN' });
    expect(await contentOf(store, digestOf(TEN))).toEqual(TEN);
  });

  test('what was committed can be committed again, after the blob was deleted too, until the upload is discarded', async () => {
    await using opened = await open();
    const { store } = opened;
    const upload = newUpload();
    const digest = digestOf(TEN);
    await store.complete(upload, 0, chunks(TEN));
    await store.commit(upload, digest);
    await store.commit(upload, digest);
    await store.delete(digest);
    await (await opened.reopen()).commit(upload, digest);
    await store.discard(upload);
    expect(await contentOf(store, digest)).toEqual(TEN);
    await expect(store.commit(upload, digest)).rejects.toMatchObject({ code: 'BLOB_UPLOAD_UNKNOWN' });
  });

  test('when bytes arrived last, and when a blob was written, is known', async () => {
    await using opened = await open();
    const { store } = opened;
    const upload = newUpload();
    expect([await store.lastReceived(upload), await store.lastWritten(digestOf(TEN))]).toEqual([undefined, undefined]);
    await store.append(upload, 0, chunks(TEN));
    const first = await store.lastReceived(upload);
    // So that a file system with coarse times shows the difference.
    await wait(20);
    await store.complete(upload, 10, chunks(TEN));
    const received = await store.lastReceived(upload);
    const twice = digestOf(Buffer.concat([TEN, TEN]));
    await store.commit(upload, twice);
    expect(received).toBeGreaterThan(first ?? Number.POSITIVE_INFINITY);
    expect([await store.lastWritten(twice), await store.lastReceived(upload)]).toEqual([received, received]);
    await store.discard(upload);
    expect(await store.lastReceived(upload)).toBeUndefined();
  });

  test('committing bytes that are there already leaves one blob, whole', async () => {
    await using opened = await open();
    const { store } = opened;
    const digest = await put(store, TEN);
    await put(store, TEN);
    expect(await contentOf(store, digest)).toEqual(TEN);
    expect(await list(store)).toEqual([digest]);
  });

  test('a damaged blob is mended by committing its bytes again', async () => {
    await using opened = await open();
    const { store } = opened;
    const digest = await put(store, TEN);
    await opened.damage(digest, Buffer.from('01234x'));
    expect(await contentOf(store, digest)).toEqual(Buffer.from('01234x'));
    await put(store, TEN);
    expect(await contentOf(store, digest)).toEqual(TEN);
  });

  test('whoever reads while a blob is replaced sees the old bytes or the new ones, whole', async () => {
    await using opened = await open();
    const { store } = opened;
    const fresh = Buffer.alloc(3_000_000, 'new ');
    const damaged = Buffer.alloc(2_000_000, 'old ');
    const digest = await put(store, fresh);
    await opened.damage(digest, damaged);
    let isReplaced = false;
    const seen: Buffer[] = [];
    const readers = Array.from({ length: 4 }, async () => {
      do {
        seen.push(await contentOf(store, digest));
        // The first reads must be under way before the blob is replaced.
        await wait(1);
      } while (!isReplaced);
      seen.push(await contentOf(store, digest));
    });
    for (let round = 0; round < 5; round += 1) {
      await put(store, fresh);
      await opened.damage(digest, damaged);
    }
    await put(store, fresh);
    isReplaced = true;
    await Promise.all(readers);
    expect(seen.some((bytes) => bytes.equals(fresh))).toBe(true);
    expect(seen.filter((bytes) => !bytes.equals(fresh) && !bytes.equals(damaged)).map((bytes) => bytes.length)).toEqual(
      [],
    );
  });

  test('who has opened a blob reads it to its end, also when it is deleted meanwhile', async () => {
    await using opened = await open();
    const { store } = opened;
    const bytes = Buffer.alloc(5_000_000, 'abcdefg');
    const digest = await put(store, bytes);
    const body = await store.open(digest);
    await store.delete(digest);
    expect((await bytesOf(body)).equals(bytes)).toBe(true);
  });

  test('a deleted blob is gone; deleting it again, or one that never was, is no error', async () => {
    await using opened = await open();
    const { store } = opened;
    const [kept, deleted] = [await put(store, TEN), await put(store, NONE)];
    await store.delete(deleted);
    await store.delete(deleted);
    expect(await store.size(deleted)).toBeUndefined();
    await expect(store.open(deleted)).rejects.toThrow(BlobDamaged);
    expect(await list(store)).toEqual([kept]);
    await put(store, NONE);
    expect(await store.size(deleted)).toBe(0);
  });

  test('every blob is listed once', async () => {
    await using opened = await open();
    const { store } = opened;
    expect(await list(store)).toEqual([]);
    const expected: Digest[] = [];
    for (let index = 0; index < 150; index += 1) {
      expected.push(await put(store, Buffer.from(`${index}`), index % 3 === 0 ? 'sha512' : 'sha256'));
    }
    expect(await list(store)).toEqual(expected.toSorted());
  });

  test('blobs, and uploads with what arrived of them, outlive a restart', async () => {
    await using opened = await open();
    const digest = await put(opened.store, TEN);
    const upload = newUpload();
    await opened.store.append(upload, 0, chunks(TEN));
    const store = await opened.reopen();
    expect(await contentOf(store, digest)).toEqual(TEN);
    expect(await store.received(upload)).toBe(10);
    await store.complete(upload, 10, chunks(TEN));
    const twice = digestOf(Buffer.concat([TEN, TEN]));
    await store.commit(upload, twice);
    expect(await store.size(twice)).toBe(20);
  });

  test('a store says how much room there is', async () => {
    await using opened = await open();
    const { freeBytes, totalBytes, freeFiles = 1 } = await opened.store.space();
    expect(totalBytes).toBeGreaterThan(freeBytes);
    expect([freeBytes, freeFiles].every((free) => Number.isInteger(free) && free > 0)).toBe(true);
  });

  test('a store that works says that it can be written to', async () => {
    await using opened = await open();
    await expect(opened.store.checkWritable()).resolves.toBeUndefined();
  });
}

export function newUpload(): UploadId {
  return randomUUID() as string as UploadId;
}

async function* chunks(...buffers: readonly Buffer[]): AsyncIterable<Buffer> {
  yield* buffers;
}

export async function put(store: BlobStore, bytes: Buffer, algorithm: DigestAlgorithm = 'sha256'): Promise<Digest> {
  const upload = newUpload();
  const digest = digestOf(bytes, algorithm);
  await store.complete(upload, 0, chunks(bytes));
  await store.commit(upload, digest);
  return digest;
}

export async function contentOf(store: BlobStore, ...parameters: Parameters<BlobStore['open']>): Promise<Buffer> {
  return await bytesOf(await store.open(...parameters));
}

async function bytesOf(body: Awaited<ReturnType<BlobStore['open']>>): Promise<Buffer> {
  if (body.kind === 'stream') return await gather(body.stream);
  return Buffer.from(await (await fetch(body.url)).arrayBuffer());
}

export async function list(store: BlobStore): Promise<readonly Digest[]> {
  const digests: Digest[] = [];
  for await (const digest of store.list()) digests.push(digest);
  return digests.toSorted();
}

async function listUploads(store: BlobStore): Promise<readonly UploadId[]> {
  const uploads: UploadId[] = [];
  for await (const upload of store.listUploads()) uploads.push(upload);
  return uploads.toSorted();
}

/** The size that is given with a stream; a store that redirects leaves it to whoever answers there. */
async function sizeWith(store: BlobStore, ...parameters: Parameters<BlobStore['open']>): Promise<number> {
  const body = await store.open(...parameters);
  if (body.kind === 'stream') body.stream.destroy();
  return body.kind === 'stream' ? body.size : ((await store.size(parameters[0])) ?? -1);
}

export async function gather(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const gathered: Uint8Array[] = [];
  for await (const chunk of source) gathered.push(chunk);
  return Buffer.concat(gathered);
}
