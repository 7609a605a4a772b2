// Where the bytes of a blob lie on a disk.
import { join } from 'node:path';
import { algorithmOf, type Digest, encodedOf } from '../../src/oci/digest.ts';

/** @param folder a data folder, or one with a backup; empty: the path within it */
export function blobPath(folder: string, digest: Digest): string {
  const encoded = encodedOf(digest);
  return join(folder, 'blobs', algorithmOf(digest), encoded.slice(0, 2), encoded);
}
