// The memory of a body's pieces.
import { expect, test } from 'vitest';
import { releaseChunks } from '../../src/http/release-chunks.ts';

test('a piece is whole until the next one is asked for, and has no memory afterwards', async () => {
  const pieces = [Buffer.alloc(65_536, 'one'), Buffer.alloc(65_536, 'two')];
  const seen: number[][] = [];
  for await (const piece of releaseChunks(bodyOf(pieces))) {
    expect(['one', 'two']).toContain(Buffer.from(piece).toString('latin1', 0, 3));
    seen.push(pieces.map(({ buffer }) => buffer.byteLength));
  }
  expect(seen).toEqual([
    [65_536, 65_536],
    [0, 65_536],
  ]);
  expect(pieces.map(({ length }) => length)).toEqual([0, 0]);
});

test('pieces that share their memory with others stay as they are', async () => {
  const shared = Buffer.from('onetwo');
  const pieces = [shared.subarray(0, 3), shared.subarray(3)];
  for await (const _piece of releaseChunks(bodyOf(pieces)));
  expect(pieces.map(String)).toEqual(['one', 'two']);
});

async function* bodyOf(pieces: readonly Buffer[]): AsyncIterable<Buffer> {
  yield* pieces;
}
