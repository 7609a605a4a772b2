// The headers that every answer has, whoever gives it.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { requestPath } from './request-path.ts';

export function markAnswer(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
  // By this header old clients tell a registry from something else (Docker Registry HTTP API V2, "API Version Check").
  if (/^\/v2(?:\/|$)/.test(requestPath(request.originalUrl))) {
    reply.header('docker-distribution-api-version', 'registry/2.0');
  }
  return reply;
}
