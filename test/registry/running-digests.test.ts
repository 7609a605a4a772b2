// Digests computed while bytes arrive: right when they are given at all, and never too many at once.
import { expect, test } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import type { UploadId } from '../../src/ports/blob-store.ts';
import { RunningDigests } from '../../src/registry/running-digests.ts';

const UPLOAD = 'upload' as UploadId;
const TEN = Buffer.from('0123456789');
const TWENTY = Buffer.concat([TEN, TEN]);

test.each(['sha256', 'sha512'] as const)(
  'bytes that came in several chunks have their %s digest',
  async (algorithm) => {
    const digests = new RunningDigests();
    digests.begin(UPLOAD, algorithm);
    expect(await drain(digests.watch(UPLOAD, 0, chunks(TEN.subarray(0, 3), TEN.subarray(3))))).toEqual(TEN);
    expect(await drain(digests.watch(UPLOAD, 10, chunks(TEN)))).toEqual(TEN);
    expect(digests.finish(UPLOAD, algorithm, 20)).toBe(digestOf(TWENTY, algorithm));
  },
);

test('no bytes at all have a digest, too', () => {
  const digests = new RunningDigests();
  digests.begin(UPLOAD, 'sha256');
  expect(digests.finish(UPLOAD, 'sha256', 0)).toBe(digestOf(Buffer.alloc(0)));
});

test('an upload that it has not seen from its beginning has none, but its bytes pass', async () => {
  const digests = new RunningDigests();
  expect(await drain(digests.watch(UPLOAD, 10, chunks(TEN)))).toEqual(TEN);
  expect(digests.finish(UPLOAD, 'sha256', 20)).toBeUndefined();
});

test('it is asked for once', async () => {
  const digests = new RunningDigests();
  digests.begin(UPLOAD, 'sha256');
  await drain(digests.watch(UPLOAD, 0, chunks(TEN)));
  expect(digests.finish(UPLOAD, 'sha256', 10)).toBeDefined();
  expect(digests.finish(UPLOAD, 'sha256', 10)).toBeUndefined();
});

test('another algorithm than the announced one has none', async () => {
  const digests = new RunningDigests();
  digests.begin(UPLOAD, 'sha256');
  await drain(digests.watch(UPLOAD, 0, chunks(TEN)));
  expect(digests.finish(UPLOAD, 'sha512', 10)).toBeUndefined();
});

test.each([
  ['fewer bytes are stored than came by', 9],
  ['more bytes are stored than came by', 11],
])('when %s there is none', async (_what, size) => {
  const digests = new RunningDigests();
  digests.begin(UPLOAD, 'sha256');
  await drain(digests.watch(UPLOAD, 0, chunks(TEN)));
  expect(digests.finish(UPLOAD, 'sha256', size)).toBeUndefined();
});

test('a chunk that continues elsewhere than the last one ended, as after a cut, leaves none', async () => {
  const digests = new RunningDigests();
  digests.begin(UPLOAD, 'sha256');
  await drain(digests.watch(UPLOAD, 0, chunks(TEN)));
  expect(await drain(digests.watch(UPLOAD, 4, chunks(TEN)))).toEqual(TEN);
  expect(digests.finish(UPLOAD, 'sha256', 14)).toBeUndefined();
});

test('what arrived of a body that fails counts, and the next chunk continues it', async () => {
  const digests = new RunningDigests();
  digests.begin(UPLOAD, 'sha256');
  const failing = async function* () {
    yield TEN;
    throw new Error('the line broke');
  };
  await expect(drain(digests.watch(UPLOAD, 0, failing()))).rejects.toThrow('the line broke');
  await drain(digests.watch(UPLOAD, 10, chunks(TEN)));
  expect(digests.finish(UPLOAD, 'sha256', 20)).toBe(digestOf(TWENTY));
});

test('a chunk that could not be written does not count', async () => {
  const digests = new RunningDigests();
  digests.begin(UPLOAD, 'sha256');
  for await (const _chunk of digests.watch(UPLOAD, 0, chunks(TEN))) break;
  await drain(digests.watch(UPLOAD, 0, chunks(TEN)));
  expect(digests.finish(UPLOAD, 'sha256', 10)).toBe(digestOf(TEN));
});

test('it knows that nothing has come until something was passed on, whether or not that could be written', async () => {
  const digests = new RunningDigests();
  expect(digests.isUntouched(UPLOAD)).toBe(false);
  digests.begin(UPLOAD, 'sha256');
  expect(digests.isUntouched(UPLOAD)).toBe(true);
  async function* body(): AsyncIterable<Uint8Array> {
    yield TEN;
  }
  for await (const _chunk of digests.watch(UPLOAD, 0, body())) break;
  expect(digests.isUntouched(UPLOAD)).toBe(false);
});

test('what is forgotten is not known any more', async () => {
  const digests = new RunningDigests();
  digests.begin(UPLOAD, 'sha256');
  await drain(digests.watch(UPLOAD, 0, chunks(TEN)));
  digests.forget(UPLOAD);
  expect(digests.finish(UPLOAD, 'sha256', 10)).toBeUndefined();
});

test('of more than 10,000 that run at once, the oldest are forgotten, one for one', () => {
  const digests = new RunningDigests();
  const uploads = Array.from({ length: 10_003 }, (_, index) => `upload ${index}` as UploadId);
  for (const upload of uploads) digests.begin(upload, 'sha256');
  const isKnown = uploads.map((upload) => digests.finish(upload, 'sha256', 0) !== undefined);
  expect(isKnown.indexOf(true)).toBe(3);
  expect(isKnown.lastIndexOf(false)).toBe(2);
});

async function* chunks(...buffers: readonly Buffer[]): AsyncIterable<Buffer> {
  yield* buffers;
}

async function drain(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const gathered: Uint8Array[] = [];
  for await (const chunk of source) gathered.push(chunk);
  return Buffer.concat(gathered);
}
