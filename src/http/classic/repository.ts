// A classic Helm repository: index.yaml, packed charts and their provenance files (https://helm.sh/docs/topics/chart_repository/).

import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { authorize } from '../../access/permissions.ts';
import { type ChartFile, repositoriesOfFile } from '../../classic/chart-files.ts';
import type { Classic } from '../../classic/classic.ts';
import type { IndexBody } from '../../classic/index-body.ts';
import type { IndexScope } from '../../classic/index-source.ts';
import { Type } from '../../json-schemas.ts';
import type { Digest } from '../../oci/digest.ts';
import { RegistryError } from '../../oci/error.ts';
import type { PullCounts } from '../../registry/pull-counts.ts';
import type { Registry } from '../../registry/registry.ts';
import { isNotModified } from '../conditional.ts';
import { chooseCoding } from '../content-coding.ts';
import { sendBlob } from '../send-blob.ts';
import type { Routes } from '../server.ts';
import { CLASSIC_PREFIX } from './addresses.ts';
import { mayPull, requireAnything, requireChart, requireNamespace, warnOfRejection } from './guard.ts';
import { IndexQuery, indexFormOf } from './index-form.ts';

const PROVENANCE = '.prov';
/** Those that everybody has now, as their clients ask for them. */
const CODINGS = ['zstd', 'gzip'] as const;
const FileParams = Type.Object({ namespace: Type.String(), file: Type.String() });

export interface RepositoryRoutes {
  readonly registry: Registry;
  readonly classic: Classic;
  readonly pulls: PullCounts;
  /** Which addresses an index has unless its reader asks for the others. */
  readonly indexUrls: 'tgz' | 'oci';
}

export function repositoryRoutes(app: Routes, options: RepositoryRoutes): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: `${CLASSIC_PREFIX}/:namespace/index.yaml`,
    config: { access: 'pull' },
    schema: { querystring: IndexQuery },
    handler: async (request, reply) => {
      await requireNamespace(request, reply, options.classic.lists);
      return await sendIndex(request, reply, { kind: 'namespace', namespace: request.namespace }, options);
    },
  });

  app.route({
    method: ['GET', 'HEAD'],
    url: '/-/all/index.yaml',
    config: { access: 'pull' },
    schema: { querystring: IndexQuery },
    handler: async (request, reply) => {
      requireAnything(request, reply);
      return await sendIndex(request, reply, { kind: 'all' }, options);
    },
  });

  app.route({
    method: ['GET', 'HEAD'],
    url: `${CLASSIC_PREFIX}/:namespace/charts/:file`,
    config: { access: 'pull' },
    schema: { params: FileParams },
    handler: async (request, reply) => await sendFile(request, reply, request.params.file, options),
  });
}

async function sendIndex(
  request: FastifyRequest,
  reply: FastifyReply,
  scope: IndexScope,
  { classic, indexUrls }: RepositoryRoutes,
): Promise<FastifyReply> {
  const { form, type } = indexFormOf(request, indexUrls);
  const { rights, token } = request.caller;
  // Rights are the same object until something about access changes; what a token covers is known of the token alone.
  const visibility = { sees: mayPull(request), holder: token === undefined ? rights : undefined };
  const bodies = await classic.indexes.render(scope, form, visibility);
  const coding = chooseCoding(request.headers['accept-encoding'], CODINGS);
  const body = bodies[coding];
  // Its reader may keep it, and must ask each time whether it is still the same: access can change as well.
  reply.type(type).header('cache-control', 'private, no-cache').header('vary', 'Accept-Encoding, Authorization');
  if (isNotModified(request, reply, body.etag)) return await reply.code(304).send();
  if (coding !== 'identity') reply.header('content-encoding', coding);
  reply.header('content-length', body.length);
  return await reply.send(request.method === 'HEAD' ? undefined : bytesOf(body));
}

/** Not in object mode, in which sixteen chunks, not some bytes, would wait for each slow client. */
function bytesOf(body: IndexBody): Readable {
  return Readable.from(body.chunks(), { objectMode: false });
}

async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  { registry, classic, pulls }: RepositoryRoutes,
): Promise<FastifyReply> {
  const isProvenance = name.endsWith(PROVENANCE);
  const file = await requireFile(request, classic, isProvenance ? name.slice(0, -PROVENANCE.length) : name);
  const { repository, tag } = file;
  warnOfRejection(request, reply);
  const lifetime = registry.neverChanges(tag) ? 'max-age=31536000, immutable' : 'no-cache';
  const send = async (blob: { readonly digest: Digest; readonly size: number }, type: string) => {
    reply.header('cache-control', `private, ${lifetime}`);
    return await sendBlob(request, reply, { repository, type, ...blob }, { registry, pulls });
  };
  const sized = async (digest: Digest) => ({ digest, size: await registry.blobs.size(repository, digest) });
  if (!isProvenance) return await send(await sized(file.contentDigest), 'application/gzip');
  const { provenanceDigest: digest } = file;
  if (digest === undefined) {
    throw new RegistryError('NOT_FOUND', `${file.name} ${file.version} was published without a provenance file`);
  }
  return await send(await sized(digest), 'application/pgp-signature');
}

/** Of what the caller may not read, it is not told whether it is there: the same refusals follow from the name alone. */
async function requireFile(request: FastifyRequest, classic: Classic, name: string): Promise<ChartFile> {
  const { namespace } = request;
  const file = await classic.findFile(namespace, name);
  if (file && mayPull(request)(file.repository)) {
    requireChart(request, 'pull', file.repository);
    return file;
  }
  for (const repository of repositoriesOfFile(namespace, name)) authorize(request.caller, 'pull', repository);
  throw new RegistryError('NOT_FOUND', `there is no ${name} in ${namespace === '' ? 'the root namespace' : namespace}`);
}
