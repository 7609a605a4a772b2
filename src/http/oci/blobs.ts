// Blobs: GET, HEAD, DELETE (OCI Distribution Spec, end-2, end-10).

import { allows } from '../../access/permissions.ts';
import { Type } from '../../json-schemas.ts';
import { parseDigest } from '../../oci/digest.ts';
import type { PullCounts } from '../../registry/pull-counts.ts';
import type { Registry } from '../../registry/registry.ts';
import { actorOf } from '../authenticate.ts';
import { sendBlob } from '../send-blob.ts';
import type { Routes } from '../server.ts';

const PATH = '/v2/:name/blobs/:digest';
const TYPE = 'application/octet-stream';
const Params = Type.Object({ name: Type.String(), digest: Type.String() });

export function blobRoutes(
  app: Routes,
  { registry, pulls }: { readonly registry: Registry; readonly pulls: Pick<PullCounts, 'note'> },
): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: PATH,
    config: { access: 'pull' },
    schema: { params: Params },
    handler: async (request, reply) => {
      const { repository } = request;
      const digest = parseDigest(request.params.digest);
      // Before it is looked for: what garbage collection takes until then is told to be missing.
      const isForPush = request.method === 'HEAD' && allows(request.caller, 'push', repository);
      if (isForPush) await registry.blobs.keepForPush(repository, digest);
      const size = await registry.blobs.size(repository, digest);
      reply.header('docker-content-digest', digest);
      return await sendBlob(request, reply, { repository, digest, size, type: TYPE }, { registry, pulls });
    },
  });

  app.delete(PATH, { config: { access: 'delete' }, schema: { params: Params } }, async (request, reply) => {
    const digest = parseDigest(request.params.digest);
    await registry.blobs.delete(request.repository, digest, actorOf(request));
    return await reply.code(202).send();
  });
}
