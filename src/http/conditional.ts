// Conditional requests: has the client what we would send? (RFC 9110, section 13)
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Sets the entity tag, and tells whether the client has that already, in which case a 304 without a body is due. */
export function isNotModified(request: FastifyRequest, reply: FastifyReply, tag: string): boolean {
  const etag = `"${tag}"`;
  reply.header('etag', etag);
  const known = request.headers['if-none-match'];
  if (known === undefined) return false;
  return known
    .split(',')
    .map((candidate) => candidate.trim().replace(/^W\//, ''))
    .some((candidate) => candidate === etag || candidate === '*');
}
