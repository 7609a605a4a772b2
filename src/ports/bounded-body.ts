// Reads what somebody else answers, but no further than a limit.

/** @returns undefined when the body has more than `maximum` bytes; what is left of it is not waited for */
export async function readBounded(
  body: AsyncIterable<Uint8Array> | null,
  maximum: number,
): Promise<Buffer<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > maximum) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
