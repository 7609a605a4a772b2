// One log line for each request: who, what, how it ended, how long it took; never a header's value, a query or a body.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { nameOf } from '../access/principal.ts';
import { clientAddressOf } from './client-address.ts';
import { requestPath } from './request-path.ts';

export function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    if (request.isPassedOn) {
      done();
      return;
    }
    const path = requestPath(request.originalUrl);
    const line = {
      ...whoAndWhat(request),
      status: reply.statusCode,
      milliseconds: Math.round(reply.elapsedTime * 10) / 10,
      refusal: request.refusal,
    };
    const isHealthCheck = path === '/livez' || path === '/readyz' || path === '/metrics';
    if (isHealthCheck && reply.statusCode < 400) request.log.debug(line, 'request');
    else request.log.info(line, 'request');
    done();
  });
  // Such a request has no answer, and so no status.
  app.addHook('onRequestAbort', async (request) => {
    if (!request.isPassedOn) request.log.info(whoAndWhat(request), 'request aborted by the client');
  });
}

function whoAndWhat(request: FastifyRequest) {
  const caller = request.caller as typeof request.caller | undefined;
  return {
    method: request.method,
    path: requestPath(request.originalUrl),
    principal: caller ? nameOf(caller.principal) : undefined,
    repository: request.repository as typeof request.repository | undefined,
    address: clientAddressOf(request),
    userAgent: request.headers['user-agent'],
  };
}
