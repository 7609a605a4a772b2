// What every BlobStore must do with damaged blobs: show them as they are, set them aside, and never the good ones.
import { expect, test } from 'vitest';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import type { BlobStore } from '../../src/ports/blob-store.ts';
import { gather, list, put, type TestedBlobStore } from './blob-store.contract.ts';

const TEN = Buffer.from('0123456789');
const SPOILED = Buffer.from('012345678X');

/** @param open opens a store without any bytes */
export function setAsideContract(open: () => Promise<TestedBlobStore>): void {
  test('what is stored is shown with its size and its bytes, and what is not there is not', async () => {
    await using opened = await open();
    const { store } = opened;
    const digest = await put(store, TEN);
    expect(await bytesAt(store, digest)).toEqual(TEN);
    await opened.damage(digest, SPOILED.subarray(0, 4));
    expect(await bytesAt(store, digest)).toEqual(SPOILED.subarray(0, 4));
    expect(await store.examine(digestOf(Buffer.from('none')))).toBeUndefined();
    expect(await store.examine(digest, 'aside')).toBeUndefined();
  });

  test.each([0, 1, 5_000_000])('a blob of %i bytes is shown whole', async (size) => {
    await using opened = await open();
    const bytes = Buffer.alloc(size, 'abcdefg');
    const digest = await put(opened.store, bytes);
    expect((await bytesAt(opened.store, digest))?.equals(bytes)).toBe(true);
  });

  test('the mark stays while nothing happens, and changes with the same bytes anew', async () => {
    await using opened = await open();
    const { store } = opened;
    const digest = await put(store, TEN);
    const before = await markOf(store, digest);
    expect(await markOf(await opened.reopen(), digest)).toBe(before);
    await put(store, TEN);
    expect(await markOf(store, digest)).not.toBe(before);
  });

  test('what is set aside is no blob any more, is kept as it is, and outlives a restart', async () => {
    await using opened = await open();
    const digest = await put(opened.store, TEN);
    const other = await put(opened.store, Buffer.from('other'), 'sha512');
    await opened.damage(digest, SPOILED);
    expect(await setAside(opened.store, digest)).toBe(true);
    const store = await opened.reopen();
    expect([await store.size(digest), await store.examine(digest), await list(store)]).toEqual([
      undefined,
      undefined,
      [other],
    ]);
    expect([await bytesAt(store, digest, 'aside'), await listAside(store)]).toEqual([SPOILED, [digest]]);
    expect(await setAside(store, other)).toBe(true);
    expect(await listAside(store)).toEqual([digest, other].toSorted());
    await store.removeSetAside(digest);
    await store.removeSetAside(digest);
    expect(await listAside(store)).toEqual([other]);
  });

  test('the same content can be stored again, and what was set aside of it does not matter', async () => {
    await using opened = await open();
    const { store } = opened;
    const digest = await put(store, TEN);
    await opened.damage(digest, SPOILED);
    await setAside(store, digest);
    await put(store, TEN);
    expect([await bytesAt(store, digest), await bytesAt(store, digest, 'aside')]).toEqual([TEN, SPOILED]);
    await opened.damage(digest, Buffer.from('worse'));
    expect(await setAside(store, digest)).toBe(true);
    expect(await bytesAt(store, digest, 'aside')).toEqual(Buffer.from('worse'));
  });

  test('bytes that have come since the damage was found are not set aside', async () => {
    await using opened = await open();
    const { store } = opened;
    const digest = await put(store, TEN);
    await opened.damage(digest, SPOILED);
    const mark = await markOf(store, digest);
    await put(store, TEN);
    expect(await store.setAside(digest, mark)).toBe(false);
    expect([await bytesAt(store, digest), await listAside(store)]).toEqual([TEN, []]);
    await store.delete(digest);
    expect(await store.setAside(digest, mark)).toBe(false);
  });

  test('however pushes and setting aside meet, what was pushed last is there', async () => {
    await using opened = await open();
    const { store } = opened;
    const bytes = Buffer.alloc(100_000, 'good ');
    const digest = await put(store, bytes);
    for (let round = 0; round < 40; round += 1) {
      await opened.damage(digest, SPOILED);
      const mark = await markOf(store, digest);
      await Promise.all([put(store, bytes), store.setAside(digest, mark), put(store, bytes)]);
      expect((await bytesAt(store, digest))?.equals(bytes)).toBe(true);
      expect((await bytesAt(store, digest, 'aside'))?.equals(bytes)).not.toBe(true);
    }
  });

  test('sound bytes are put back, but never over those that have come meanwhile', async () => {
    await using opened = await open();
    const { store } = opened;
    const digest = await put(store, TEN);
    await setAside(store, digest);
    await store.putBack(digest);
    expect([await bytesAt(store, digest), await listAside(store)]).toEqual([TEN, []]);
    await opened.damage(digest, SPOILED);
    await setAside(store, digest);
    await put(store, TEN);
    await store.putBack(digest);
    expect([await bytesAt(store, digest), await listAside(store)]).toEqual([TEN, []]);
    await store.putBack(digest);
    expect(await bytesAt(store, digest)).toEqual(TEN);
  });
}

async function setAside(store: BlobStore, digest: Digest): Promise<boolean> {
  return await store.setAside(digest, await markOf(store, digest));
}

async function markOf(store: BlobStore, digest: Digest): Promise<string> {
  const stored = await store.examine(digest);
  if (!stored) throw new Error('nothing is stored');
  return stored.mark;
}

/** Their number is that which is announced. */
async function bytesAt(store: BlobStore, digest: Digest, place?: 'stored' | 'aside'): Promise<Buffer | undefined> {
  const stored = await store.examine(digest, place);
  if (!stored) return undefined;
  const bytes = await gather(stored.read());
  expect(stored.size).toBe(bytes.length);
  return bytes;
}

async function listAside(store: BlobStore): Promise<readonly Digest[]> {
  const found: Digest[] = [];
  for await (const digest of store.listSetAside()) found.push(digest);
  return found.toSorted();
}
