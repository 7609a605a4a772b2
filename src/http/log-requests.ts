// One log line for each request: who, what, how it ended, how long it took; never a header's value, a query or a body.
import type { FastifyInstance } from 'fastify';
import { nameOf } from '../access/principal.ts';

export function logRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const caller = request.caller as typeof request.caller | undefined;
    const line = {
      method: request.method,
      path: request.originalUrl.split('?')[0],
      status: reply.statusCode,
      milliseconds: Math.round(reply.elapsedTime * 10) / 10,
      principal: caller ? nameOf(caller.principal) : undefined,
      repository: request.repository as typeof request.repository | undefined,
      address: request.ip,
      userAgent: request.headers['user-agent'],
      refusal: request.refusal,
    };
    const isHealthCheck = line.path === '/livez' || line.path === '/readyz';
    if (isHealthCheck && reply.statusCode < 400) request.log.debug(line, 'request');
    else request.log.info(line, 'request');
  });
}
