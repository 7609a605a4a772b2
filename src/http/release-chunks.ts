// Frees the memory of each piece of a body as soon as it was used.

/**
 * Passes on the pieces of a body as Node gives them, each with new memory of its own. Of these 64 KiB the garbage collector knows
 * no better than to look at the whole heap after every few MiB, which took as long as all the rest of a large upload.
 * Each piece is gone when the next one is asked for.
 */
export async function* releaseChunks(body: AsyncIterable<Buffer>): AsyncIterable<Uint8Array> {
  for await (const chunk of body) {
    yield chunk;
    // Small ones may share theirs.
    if (chunk.buffer instanceof ArrayBuffer && chunk.length === chunk.buffer.byteLength) chunk.buffer.transfer(0);
  }
}
