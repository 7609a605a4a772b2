// GET tags/list (OCI Distribution Spec, end-8).
import type { Registry } from '../../registry/registry.ts';
import { isNotModified } from '../conditional.ts';
import type { Routes } from '../server.ts';
import { linkNext, PageQuery, pageOf } from './paging.ts';

export function tagRoutes(app: Routes, registry: Registry): void {
  app.get(
    '/v2/:name/tags/list',
    { config: { access: 'pull' }, schema: { querystring: PageQuery } },
    async (request, reply) => {
      const { repository } = request;
      const page = pageOf(request.query);
      const { document, digest, last } = await registry.tagLists.page(repository, page);
      if (last !== undefined) linkNext(reply, `/v2/${repository}/tags/list`, { last, n: String(page.limit) });
      if (isNotModified(request, reply, digest)) return await reply.code(304).send();
      return await reply.type('application/json').send(document);
    },
  );
}
