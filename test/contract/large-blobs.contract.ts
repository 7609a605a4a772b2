// What every BlobStore must do with blobs that are too large to be in memory: others may use the memory of each piece again.
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { expect, test } from 'vitest';
import type { ByteRange } from '../../src/oci/byte-range.ts';
import { Random } from '../support/random.ts';
import { gather, newUpload, put, type TestedBlobStore } from './blob-store.contract.ts';

const SIZE = 5_000_001;

/** @param open opens a store without any bytes */
export function largeBlobsContract(open: () => Promise<TestedBlobStore>): void {
  test.each<[string, ByteRange | undefined]>([
    ['a blob', undefined],
    ['a range', { from: 1_048_575, to: 4_500_000 }],
  ])('%s that is piped arrives byte for byte, also where each piece is taken late', async (_what, range) => {
    await using opened = await open();
    const { store } = opened;
    const bytes = new Random(1).bytes(SIZE);
    const body = await store.open(await put(store, bytes), range);
    if (body.kind !== 'stream') return;
    const taken: Buffer[] = [];
    const late = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        setTimeout(() => {
          taken.push(Buffer.from(chunk));
          done();
        }, 5);
      },
    });
    await Promise.all([finished(body.stream), finished(body.stream.pipe(late))]);
    expect(Buffer.concat(taken).equals(bytes.subarray(range?.from, range?.to))).toBe(true);
  });

  test('whoever takes a piped blob and breaks off ends the stream', async () => {
    await using opened = await open();
    const { store } = opened;
    const body = await store.open(await put(store, new Random(2).bytes(SIZE)));
    if (body.kind !== 'stream') return;
    const gone = new Error('the client has gone');
    const broken = new Writable({ write: (_chunk, _encoding, done) => done(gone) });
    const ended = finished(body.stream);
    await expect(finished(body.stream.pipe(broken))).rejects.toBe(gone);
    await expect(ended).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  });

  test('each piece of an upload is done with when the next one is asked for', async () => {
    await using opened = await open();
    const { store } = opened;
    const pieces = Array.from({ length: 60 }, (_, index) => Buffer.alloc(100_000, `${index} `));
    const same = Buffer.alloc(100_000);
    const body = async function* () {
      for (const piece of pieces) {
        piece.copy(same);
        yield same;
        same.fill('x');
      }
    };
    const upload = newUpload();
    expect(await store.complete(upload, 0, body())).toBe(60 * 100_000);
    expect((await gather(store.read(upload))).equals(Buffer.concat(pieces))).toBe(true);
  });

  test('what came of a large body that breaks off is there, to the last byte', async () => {
    await using opened = await open();
    const { store } = opened;
    const bytes = new Random(3).bytes(SIZE);
    const upload = newUpload();
    const broken = new Error('the line broke');
    const failing = async function* () {
      for (let from = 0; from < bytes.length; from += 65_536) yield bytes.subarray(from, from + 65_536);
      throw broken;
    };
    await expect(store.append(upload, 0, failing())).rejects.toBe(broken);
    expect((await gather(store.read(upload))).equals(bytes)).toBe(true);
  });
}
