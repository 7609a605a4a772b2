// GET /v2/_catalog: the repositories that the caller may read (Docker Registry HTTP API V2, "Listing Repositories").
import type { Registry } from '../../registry/registry.ts';
import type { Routes } from '../server.ts';
import { linkNext, PageQuery, pageOf } from './paging.ts';

export function catalogRoutes(app: Routes, { registry }: { readonly registry: Registry }): void {
  app.get(
    '/v2/_catalog',
    { config: { access: 'catalog' }, schema: { querystring: PageQuery } },
    async (request, reply) => {
      const page = pageOf(request.query);
      const { rights } = request.caller;
      // Whoever may read nothing must not have everything looked through to learn it.
      const { items, hasMore } = rights.mayReadAnything
        ? await registry.listCatalog(page, (name) => rights.on(name).includes('pull'))
        : { items: [], hasMore: false };
      if (hasMore) linkNext(reply, '/v2/_catalog', { last: items.at(-1) ?? '', n: String(page.limit) });
      return await reply.type('application/json').send(Buffer.from(JSON.stringify({ repositories: items })));
    },
  );
}
