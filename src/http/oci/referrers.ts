// GET referrers (OCI Distribution Spec, end-12).
import { Type } from '../../json-schemas.ts';
import { parseDigest } from '../../oci/digest.ts';
import { OCI_INDEX } from '../../oci/media-types.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Routes } from '../server.ts';
import { linkNext, plainText } from './paging.ts';

const Params = Type.Object({ name: Type.String(), digest: Type.String() });
const Query = Type.Object({ artifactType: Type.Optional(Type.String()), last: Type.Optional(Type.String()) });

export function referrerRoutes(app: Routes, registry: Registry): void {
  app.get(
    '/v2/:name/referrers/:digest',
    { config: { access: 'pull' }, schema: { params: Params, querystring: Query } },
    async (request, reply) => {
      const { repository, query } = request;
      const subject = parseDigest(request.params.digest);
      const artifactType = plainText('artifactType', query.artifactType) || undefined;
      const { index, next } = await registry.listReferrers({
        repository,
        subject,
        artifactType,
        last: plainText('last', query.last),
      });
      if (artifactType !== undefined) reply.header('oci-filters-applied', 'artifactType');
      if (next) {
        const filter = artifactType === undefined ? {} : { artifactType };
        linkNext(reply, `/v2/${repository}/referrers/${subject}`, { ...filter, last: next });
      }
      // Referrers of what does not exist are an empty list: a 404 would say that this registry has no referrers at all.
      return await reply.type(OCI_INDEX).send(index);
    },
  );
}
