// Health: is the process alive, and can it serve? Open to everybody, and says nothing else.

import type { FastifyRequest } from 'fastify';
import { RegistryError } from '../oci/error.ts';
import type { Registry } from '../registry/registry.ts';
import type { Routes } from './server.ts';

export function healthRoutes(app: Routes, registry: Registry): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/livez',
    handler: async (_request, reply) => await reply.type('text/plain').send('ok\n'),
  });

  app.route({
    method: ['GET', 'HEAD'],
    url: '/readyz',
    handler: async (request, reply) => {
      let degraded: string | undefined;
      try {
        degraded = await registry.checkReady();
      } catch (error) {
        request.log.error({ err: error }, 'not ready');
        throw new RegistryError('UNAVAILABLE', 'the database or the blob store cannot be used; the log says why');
      }
      // Still 200: whoever takes this server out of service for it would take away the pulls, too.
      return await reply.type('text/plain').send(degraded === undefined ? 'ok\n' : `ok\ndegraded: ${degraded}\n`);
    },
  });
}

/** Whoever watches over the registry is always answered. */
export function isHealthCheck({ routeOptions: { url } }: FastifyRequest): boolean {
  return url === '/livez' || url === '/readyz';
}
