// Sends a blob, whole or in part, to whoever may have it.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ByteRange, parseRange } from '../oci/byte-range.ts';
import type { Digest } from '../oci/digest.ts';
import { unreachable } from '../oci/error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { PullCounts } from '../registry/pull-counts.ts';
import type { Registry } from '../registry/registry.ts';
import { isNotModified } from './conditional.ts';

interface BlobToSend {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** bytes */
  readonly size: number;
  readonly type: string;
}

/** Answers GET and HEAD. */
export async function sendBlob(
  request: FastifyRequest,
  reply: FastifyReply,
  { repository, digest, size, type }: BlobToSend,
  { registry, pulls }: { readonly registry: Registry; readonly pulls: Pick<PullCounts, 'note'> },
): Promise<FastifyReply> {
  reply.type(type).header('accept-ranges', 'bytes');
  if (isNotModified(request, reply, digest)) return await reply.code(304).send();
  if (request.method === 'HEAD') return await reply.header('content-length', size).send();
  const range = requestedRange(request, digest, size);
  const body = await registry.blobs.open(digest, size, range);
  // What goes on where it stopped was counted when it began.
  if (!range || range.from === 0) pulls.note(repository, digest);
  switch (body.kind) {
    case 'redirect':
      return await reply.redirect(body.url.href, 307);
    case 'bytes':
      return await reply.header('content-length', size).send(body.bytes);
    case 'stream':
      if (range) reply.code(206).header('content-range', `bytes ${range.from}-${range.to - 1}/${size}`);
      return await reply.header('content-length', range ? range.to - range.from : size).send(body.stream);
    default:
      return unreachable(body);
  }
}

/** A range goes with the bytes that the client has already: if those are of something else, it gets all (RFC 9110, 13.1.5). */
function requestedRange(request: FastifyRequest, digest: Digest, size: number): ByteRange | undefined {
  const condition = request.headers['if-range'];
  if (condition !== undefined && condition !== `"${digest}"`) return undefined;
  return parseRange(request.headers.range, size);
}
