// Blob uploads: POST, PATCH, PUT, GET, DELETE (OCI Distribution Spec, end-4, end-5, end-6, end-11, end-13, end-14).

import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { authorize } from '../../access/permissions.ts';
import { formatScope } from '../../access/scope.ts';
import { Type } from '../../json-schemas.ts';
import { parseContentRange } from '../../oci/byte-range.ts';
import { type Digest, type DigestAlgorithm, parseDigest } from '../../oci/digest.ts';
import { RegistryError } from '../../oci/error.ts';
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts';
import type { UploadAddress } from '../../registry/open-uploads.ts';
import type { Registry } from '../../registry/registry.ts';
import { UploadStopped } from '../../registry/upload-locks.ts';
import type { Chunk } from '../../registry/uploads.ts';
import { announcedLength, isStreamed } from '../announced-length.ts';
import { actorOf } from '../authenticate.ts';
import { releaseChunks } from '../release-chunks.ts';
import type { Routes } from '../server.ts';

const PATH = '/v2/:name/blobs/uploads/:id';
const Params = Type.Object({ name: Type.String(), id: Type.String() });
const Start = Type.Object({
  digest: Type.Optional(Type.String()),
  'digest-algorithm': Type.Optional(Type.String()),
  mount: Type.Optional(Type.String()),
  from: Type.Optional(Type.String()),
});
/** A blob takes as long as it takes; what was begun with a good token may be ended with it. */
const CONTINUED = { access: 'push', continuesUpload: true } as const;
const Finish = Type.Object({ digest: Type.Optional(Type.String()) });

export function uploadRoutes(app: Routes, { registry }: { readonly registry: Registry }): void {
  // Bodies stay streams, whatever type they claim; and crane sends an empty one as "application/json".
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  // What is left of such a body is not read, so nothing else can come on its connection, which mostly is dead anyway.
  app.addHook('onError', async (_request, reply, error) => {
    if (error instanceof UploadStopped) reply.header('connection', 'close');
  });
  const { uploads } = registry;
  const addressOf = (request: FastifyRequest, id: string): UploadAddress => ({
    repository: request.repository,
    id,
    actor: actorOf(request),
  });

  for (const path of ['/v2/:name/blobs/uploads/', '/v2/:name/blobs/uploads']) {
    app.post(path, { config: { access: 'push' }, schema: { querystring: Start } }, async (request, reply) => {
      return await start(request, reply, request.query, registry);
    });
  }

  app.patch(PATH, { config: CONTINUED, schema: { params: Params } }, async (request, reply) => {
    const { id } = request.params;
    const received = await uploads.append(addressOf(request, id), chunkOf(request));
    return await answerStatus(reply.code(202), request.repository, id, received);
  });

  app.put(PATH, { config: CONTINUED, schema: { params: Params, querystring: Finish } }, async (request, reply) => {
    const digest = parseDigest(request.query.digest ?? '');
    await uploads.finish(addressOf(request, request.params.id), digest, chunkOf(request));
    return await created(reply, request.repository, digest);
  });

  app.get(PATH, { config: CONTINUED, schema: { params: Params } }, async (request, reply) => {
    const { id } = request.params;
    return await answerStatus(reply.code(204), request.repository, id, await uploads.received(addressOf(request, id)));
  });

  app.delete(PATH, { config: CONTINUED, schema: { params: Params } }, async (request, reply) => {
    await uploads.cancel(addressOf(request, request.params.id));
    return await reply.code(204).send();
  });
}

/** A mount, a whole blob in one request, or the opening of an upload. */
async function start(
  request: FastifyRequest,
  reply: FastifyReply,
  query: Static<typeof Start>,
  { uploads }: Registry,
): Promise<FastifyReply> {
  const { repository } = request;
  const actor = actorOf(request);
  if (query.mount !== undefined) {
    const digest = parseDigest(query.mount);
    const from = query.from === undefined ? undefined : parseRepositoryName(query.from);
    const source = await uploads.findMountSource(digest, from, actor);
    if (source !== undefined) {
      // A token for the target alone is answered with the scopes of both, as the client needs them.
      const alongside = formatScope(repository, ['pull', 'push']);
      authorize(request.caller, 'pull', source, alongside);
      await uploads.mount(repository, digest, source);
      return await created(reply, repository, digest);
    }
  } else if (query.digest !== undefined) {
    const digest = parseDigest(query.digest);
    await uploads.store(repository, digest, chunkOf(request));
    return await created(reply, repository, digest);
  }
  const id = await uploads.start(repository, actor, parseAlgorithm(query['digest-algorithm']));
  return await answerStatus(reply.code(202), repository, id, 0);
}

async function created(reply: FastifyReply, repository: RepositoryName, digest: Digest): Promise<FastifyReply> {
  return await reply
    .code(201)
    .header('location', `/v2/${repository}/blobs/${digest}`)
    .header('docker-content-digest', digest)
    .send();
}

/** Where an upload is and how far it has come. Addresses are relative, so that no proxy in front can make them wrong. */
async function answerStatus(
  reply: FastifyReply,
  repository: RepositoryName,
  id: string,
  received: number,
): Promise<FastifyReply> {
  return await reply
    .header('location', `/v2/${repository}/blobs/uploads/${id}`)
    .header('docker-upload-uuid', id)
    .header('range', `0-${Math.max(0, received - 1)}`)
    .send();
}

function chunkOf(request: FastifyRequest): Chunk {
  const body = request.body as Readable | undefined;
  return {
    // Leaving off early must not destroy the connection, or the refusal would never arrive.
    body: body ? releaseChunks(body.iterator({ destroyOnReturn: false })) : nothing(),
    range: parseContentRange(request.headers['content-range']),
    // A request with neither header has no body (RFC 9112, 6.3).
    length: announcedLength(request) ?? (isStreamed(request) ? undefined : 0),
  };
}

async function* nothing(): AsyncIterable<Uint8Array> {}

function parseAlgorithm(text: string | undefined): DigestAlgorithm {
  if (text === undefined || text === 'sha256') return 'sha256';
  if (text === 'sha512') return 'sha512';
  throw new RegistryError(
    'DIGEST_INVALID',
    `digest algorithm "${text.slice(0, 40)}" is not supported: use sha256 or sha512`,
  );
}
