// GET /robots.txt: nothing here is for search engines (RFC 9309).
import type { Routes } from './server.ts';

export function crawlerRoute(app: Routes): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/robots.txt',
    handler: async (_request, reply) => await reply.type('text/plain').send('User-agent: *\nDisallow: /\n'),
  });
}
