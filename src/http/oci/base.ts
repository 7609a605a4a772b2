// GET /v2/: is this a registry, and is the caller logged in? (OCI Distribution Spec, end-1)
import type { Routes } from '../server.ts';

export function baseRoutes(app: Routes): void {
  for (const path of ['/v2/', '/v2']) {
    app.route({
      method: ['GET', 'HEAD'],
      url: path,
      config: { access: 'login' },
      handler: async (_request, reply) => await reply.type('application/json').send(Buffer.from('{}')),
    });
  }
}
