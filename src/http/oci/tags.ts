// GET tags/list (OCI Distribution Spec, end-8).
import { digestOf } from '../../oci/digest.ts';
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
      const { items, hasMore } = await registry.listTags(repository, page);
      if (hasMore) {
        linkNext(reply, `/v2/${repository}/tags/list`, { last: items.at(-1) ?? '', n: String(page.limit) });
      }
      const body = Buffer.from(JSON.stringify({ name: repository, tags: items }));
      if (isNotModified(request, reply, digestOf(body))) return await reply.code(304).send();
      return await reply.type('application/json').send(body);
    },
  );
}
