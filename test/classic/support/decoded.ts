// What a client makes of an index: its bytes decoded by Node, and their text read.
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { expect } from 'vitest';
import type { IndexBodies, IndexBody } from '../../../src/classic/index-body.ts';

function bytesOf(body: IndexBody): Buffer {
  const bytes = Buffer.concat([...body.chunks()]);
  expect(bytes.length).toBe(body.length);
  return bytes;
}

/** The text, which must be the same in each coding. */
export function textOf({ identity, gzip, zstd }: IndexBodies): string {
  const text = bytesOf(identity).toString();
  expect(gunzipSync(bytesOf(gzip)).toString()).toBe(text);
  expect(zstdDecompressSync(bytesOf(zstd)).toString()).toBe(text);
  return text;
}

/** All that goes over the wire. */
export function wireOf({ identity, gzip, zstd }: IndexBodies): unknown {
  return [identity, gzip, zstd].map((body) => ({ etag: body.etag, bytes: bytesOf(body).toString('latin1') }));
}
