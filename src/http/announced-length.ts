// How long a request says that its body is.
import type { FastifyRequest } from 'fastify';

/** bytes; undefined when it does not say so (RFC 9110, section 8.6), since it has no body or streams it */
export function announcedLength({ headers }: FastifyRequest): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

/** Whether its body comes in pieces, and ends where it ends (RFC 9112, section 7.1). */
export function isStreamed({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined;
}
