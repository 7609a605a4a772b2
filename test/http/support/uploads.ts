// Uploads as clients drive them.
import type { RequestOptions, TestRegistry } from '../../support/start-registry.ts';

/** Opens an upload. @returns its address */
export async function startUpload(
  registry: TestRegistry,
  repository: string,
  options?: RequestOptions,
): Promise<string> {
  const answer = await registry.request('POST', `/v2/${repository}/blobs/uploads/`, options);
  const location = answer.headers.get('location');
  if (answer.status !== 202 || location === null) throw new Error(`upload refused: ${answer.status}`);
  return location;
}

/** Sends a chunk, with a Content-Range if one is given. */
export async function patch(
  registry: TestRegistry,
  location: string,
  chunk: string,
  range?: string,
): Promise<Response> {
  const headers = range === undefined ? {} : { 'content-range': range };
  return await registry.request('PATCH', location, { body: Buffer.from(chunk), headers });
}

/** Ends an upload. */
export async function finish(
  registry: TestRegistry,
  location: string,
  digest: string,
  options?: RequestOptions,
): Promise<Response> {
  return await registry.request('PUT', `${location}?digest=${digest}`, options);
}

/** How far the upload has come, as the registry says: status and `Range`. */
export async function standing(registry: TestRegistry, location: string): Promise<readonly [number, string | null]> {
  const answer = await registry.request('GET', location);
  return [answer.status, answer.headers.get('range')];
}

/** A body that arrives in pieces, with room for other events between them, and without a length. */
export function inPieces(...pieces: readonly string[]): ReadableStream {
  return new ReadableStream({
    async start(controller) {
      for (const piece of pieces) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        controller.enqueue(Buffer.from(piece));
      }
      controller.close();
    },
  });
}
