// Writes all of some bytes to an open file.
import type { FileHandle } from 'node:fs/promises';

/**
 * A disk that is nearly full takes some of the bytes, and says so instead of failing.
 * @param from where in the file they go; behind what was written last when it is not given
 */
export async function writeAll(file: FileHandle, bytes: Uint8Array, from?: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const position = from === undefined ? null : from + written;
    written += (await file.write(bytes, written, bytes.length - written, position)).bytesWritten;
  }
}
