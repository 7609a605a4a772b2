// Blobs: GET, HEAD, DELETE (OCI Distribution Spec, end-2, end-10).

import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { type ByteRange, parseRange } from '../../oci/byte-range.ts';
import { type Digest, parseDigest } from '../../oci/digest.ts';
import { unreachable } from '../../oci/error.ts';
import type { PullCounts } from '../../registry/pull-counts.ts';
import type { Registry } from '../../registry/registry.ts';
import { actorOf } from '../authenticate.ts';
import { isNotModified } from '../conditional.ts';
import type { Routes } from '../server.ts';

const PATH = '/v2/:name/blobs/:digest';
const Params = Type.Object({ name: Type.String(), digest: Type.String() });

export function blobRoutes(
  app: Routes,
  { registry, pulls }: { readonly registry: Registry; readonly pulls: PullCounts },
): void {
  app.head(PATH, { config: { access: 'pull' }, schema: { params: Params } }, async (request, reply) => {
    const digest = parseDigest(request.params.digest);
    const size = await registry.blobs.size(request.repository, digest);
    describe(reply, digest);
    if (isNotModified(request, reply, digest)) return await reply.code(304).send();
    return await reply.header('content-length', size).send();
  });

  app.get(PATH, { config: { access: 'pull' }, schema: { params: Params } }, async (request, reply) => {
    const digest = parseDigest(request.params.digest);
    const size = await registry.blobs.size(request.repository, digest);
    describe(reply, digest);
    if (isNotModified(request, reply, digest)) return await reply.code(304).send();
    const range = requestedRange(request, digest, size);
    const body = await registry.blobs.open(digest, size, range);
    // What goes on where it stopped was counted when it began.
    if (!range || range.from === 0) pulls.note(request.repository, digest);
    switch (body.kind) {
      case 'redirect':
        return await reply.redirect(body.url.href, 307);
      case 'stream':
        if (range) reply.code(206).header('content-range', `bytes ${range.from}-${range.to - 1}/${size}`);
        return await reply.header('content-length', range ? range.to - range.from : size).send(body.stream);
      default:
        return unreachable(body);
    }
  });

  app.delete(PATH, { config: { access: 'delete' }, schema: { params: Params } }, async (request, reply) => {
    const digest = parseDigest(request.params.digest);
    await registry.blobs.delete(request.repository, digest, actorOf(request));
    return await reply.code(202).send();
  });
}

function describe(reply: FastifyReply, digest: Digest): void {
  reply.type('application/octet-stream').header('docker-content-digest', digest).header('accept-ranges', 'bytes');
}

/** A range goes with the bytes that the client has already: if those are of something else, it gets all (RFC 9110, 13.1.5). */
function requestedRange(request: FastifyRequest, digest: Digest, size: number): ByteRange | undefined {
  const condition = request.headers['if-range'];
  if (condition !== undefined && condition !== `"${digest}"`) return undefined;
  return parseRange(request.headers.range, size);
}
