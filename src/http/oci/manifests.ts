// Manifests: GET, HEAD, PUT, DELETE (OCI Distribution Spec, end-3, end-7, end-9).

import type { FastifyRequest } from 'fastify';
import { allows } from '../../access/permissions.ts';
import { Type } from '../../json-schemas.ts';
import { RegistryError } from '../../oci/error.ts';
import { MAXIMUM_MANIFEST_BYTES } from '../../oci/manifest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { parseReference, parseTag, type Reference } from '../../oci/tag.ts';
import type { Registry } from '../../registry/registry.ts';
import { actorOf } from '../authenticate.ts';
import { isNotModified } from '../conditional.ts';
import type { Routes } from '../server.ts';
import { warn } from '../warning.ts';

const PATH = '/v2/:name/manifests/:reference';
const Params = Type.Object({ name: Type.String(), reference: Type.String() });
const Tags = Type.Object({ tag: Type.Optional(Type.Array(Type.String(), { maxItems: 100 })) });

export function manifestRoutes(app: Routes, { registry }: { readonly registry: Registry }): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAXIMUM_MANIFEST_BYTES }, (_request, body, done) =>
    done(null, body),
  );

  app.route({
    method: ['GET', 'HEAD'],
    url: PATH,
    config: { access: 'pull' },
    schema: { params: Params },
    handler: async (request, reply) => {
      const { repository, caller } = request;
      const reference = existing(repository, request.params.reference);
      // helm and oras ask this before they push, and leave out what a manifest needs that is there.
      const isBeforePush = request.method === 'HEAD' && reference.kind === 'digest';
      if (isBeforePush && caller.rights.on(repository).includes('push')) {
        await registry.requireSoundBlobs(repository, reference.digest);
        await registry.keepForPush(repository, reference.digest);
      }
      const manifest = await registry.readManifest(repository, reference);
      // crane and regctl ask for the tag. helm asks for it as well, before it pulls, but with a token for that alone.
      const isForTag = request.method === 'HEAD' && reference.kind === 'tag';
      if (isForTag && caller.token !== undefined && allows(caller, 'push', repository)) {
        await registry.requireSoundBlobs(repository, manifest.digest);
        await registry.keepForPush(repository, manifest.digest);
      }
      reply.header('docker-content-digest', manifest.digest);
      if (manifest.warning !== undefined) warn(reply, manifest.warning);
      if (isNotModified(request, reply, manifest.digest)) return await reply.code(304).send();
      // A Buffer, since Fastify adds "; charset=utf-8" to the type of anything else, which clients compare by equality.
      return await reply
        .type(manifest.mediaType)
        .header('content-length', manifest.content.length)
        .send(request.method === 'HEAD' ? undefined : manifest.content);
    },
  });

  app.put(
    PATH,
    { config: { access: 'push' }, schema: { params: Params, querystring: Tags } },
    async (request, reply) => {
      const pushed = await registry.pushManifest({
        repository: request.repository,
        reference: parseReference(request.params.reference),
        tags: (request.query.tag ?? []).map(parseTag),
        contentType: contentTypeOf(request),
        bytes: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
        actor: actorOf(request),
      });
      if (pushed.subject) reply.header('oci-subject', pushed.subject);
      if (request.query.tag) reply.header('oci-tag', pushed.tags.join(', '));
      for (const warning of pushed.warnings) warn(reply, warning);
      return await reply
        .code(201)
        .header('location', `/v2/${request.repository}/manifests/${pushed.digest}`)
        .header('docker-content-digest', pushed.digest)
        .send();
    },
  );

  app.delete(PATH, { config: { access: 'delete' }, schema: { params: Params } }, async (request, reply) => {
    const { repository } = request;
    const reference = existing(repository, request.params.reference);
    await registry.deleteManifest(repository, reference, actorOf(request));
    return await reply.code(202).send();
  });
}

/** What cannot be a tag is not there, as the conformance program has it; only a push must be told that it never will be. */
function existing(repository: RepositoryName, text: string): Reference {
  try {
    return parseReference(text);
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'TAG_INVALID') throw error;
    throw new RegistryError('MANIFEST_UNKNOWN', `${repository} has no such manifest: ${error.message}`);
  }
}

/** Without parameters, which the spec asks us to ignore. */
function contentTypeOf(request: FastifyRequest): string | undefined {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  return type === '' ? undefined : type;
}
