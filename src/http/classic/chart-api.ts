// ChartMuseum's API as far as it reads and deletes charts (https://chartmuseum.com/docs/#api).

import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { Catalog } from '../../catalog/catalog.ts';
import { tagOfVersion } from '../../charts/version.ts';
import { repositoryIn } from '../../classic/chart-files.ts';
import { entryOf } from '../../classic/chart-lists.ts';
import type { Classic } from '../../classic/classic.ts';
import { Type } from '../../json-schemas.ts';
import { RegistryError } from '../../oci/error.ts';
import type { Tag } from '../../oci/tag.ts';
import type { Registry } from '../../registry/registry.ts';
import { actorOf } from '../authenticate.ts';
import type { Routes } from '../server.ts';
import { CLASSIC_PREFIX } from './addresses.ts';
import { mayPull, requireChart, requireNamespace, warnOfRejection } from './guard.ts';
import { SharedAnswers, type TakenAnswer } from './shared-answers.ts';
import { templatesAnswer } from './templates.ts';

const CHARTS = `${CLASSIC_PREFIX}/:namespace/api/charts`;
const JSON_TYPE = 'application/json; charset=utf-8';
/** Its addresses are those of the index that ChartMuseum would have. */
const URLS = { kind: 'tgz' } as const;
/** bytes of JSON with templates that clients have not read yet */
const MAXIMUM_UNREAD_BYTES = 64 * 1024 * 1024;

const Page = Type.Object({ offset: Type.Optional(Type.String()), limit: Type.Optional(Type.String()) });
const ChartParams = Type.Object({ namespace: Type.String(), name: Type.String() });
const VersionParams = Type.Object({ namespace: Type.String(), name: Type.String(), version: Type.String() });
type VersionRequest = FastifyRequest<{ Params: Static<typeof VersionParams> }>;

export interface ChartApi {
  readonly registry: Registry;
  readonly classic: Classic;
  readonly catalog: Catalog;
}

export function chartApiRoutes(app: Routes, api: ChartApi): void {
  const { registry, classic } = api;
  listRoutes(app, classic);
  versionRoutes(app, api);

  app.delete(
    `${CHARTS}/:name/:version`,
    { config: { access: 'delete' }, schema: { params: VersionParams } },
    async (request) => {
      const { name, version } = request.params;
      const repository = repositoryIn(request.namespace, name);
      requireChart(request, 'delete', repository);
      // What is no chart has a tag as well.
      if (version === 'latest' || !(await classic.lists.version(repository, version))) throw noVersion(request.params);
      const tag = tagOfVersion(version) as Tag;
      await registry.deleteManifest(repository, { kind: 'tag', tag }, actorOf(request));
      return { deleted: true };
    },
  );
}

function listRoutes(app: Routes, { lists }: Classic): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: CHARTS,
    config: { access: 'pull' },
    schema: { querystring: Page },
    handler: async (request, reply) => {
      await requireNamespace(request, reply, lists);
      const page = { ...pageOf(request.query), isVisible: mayPull(request) };
      reply.type(JSON_TYPE);
      if (request.method === 'HEAD') return await reply.send();
      return await reply.send(Readable.from(lists.charts(request.namespace, page, URLS)));
    },
  });

  app.route({
    method: ['GET', 'HEAD'],
    url: `${CHARTS}/:name`,
    config: { access: 'pull' },
    schema: { params: ChartParams },
    handler: async (request, reply) => {
      const { name } = request.params;
      const repository = repositoryIn(request.namespace, name);
      requireChart(request, 'pull', repository);
      warnOfRejection(request, reply);
      if (!(await lists.isListed(repository))) throw new RegistryError('NOT_FOUND', `there is no chart ${repository}`);
      reply.type(JSON_TYPE);
      if (request.method === 'HEAD') return await reply.send();
      return await reply.send(Readable.from(lists.versions(repository, URLS)));
    },
  });
}

function versionRoutes(app: Routes, { classic, catalog }: ChartApi): void {
  const answers = new SharedAnswers(MAXIMUM_UNREAD_BYTES);
  const find = async (request: VersionRequest) => {
    const { name, version } = request.params;
    const repository = repositoryIn(request.namespace, name);
    requireChart(request, 'pull', repository);
    const row = await classic.lists.version(repository, version);
    if (!row) throw noVersion(request.params);
    return row;
  };

  app.route({
    method: ['GET', 'HEAD'],
    url: `${CHARTS}/:name/:version`,
    config: { access: 'pull' },
    schema: { params: VersionParams },
    handler: async (request, reply) => {
      const row = await find(request);
      warnOfRejection(request, reply);
      return await reply.type(JSON_TYPE).send(JSON.stringify(entryOf(row, URLS)));
    },
  });

  app.get(
    `${CHARTS}/:name/:version/values`,
    { config: { access: 'pull' }, schema: { params: VersionParams } },
    async (request, reply) => {
      const { repository, version } = await find(request);
      warnOfRejection(request, reply);
      const values = await catalog.readFile(repository, version, 'values.yaml');
      return await reply.type('application/yaml').send(values);
    },
  );

  app.get(
    `${CHARTS}/:name/:version/templates`,
    { config: { access: 'pull' }, schema: { params: VersionParams } },
    async (request, reply) => {
      const { repository, version, contentDigest } = await find(request);
      warnOfRejection(request, reply);
      const answer = await answers.take(contentDigest, async () =>
        templatesAnswer(await catalog.readContents(repository, version)),
      );
      countUntilSent(reply, answer);
      return await reply.type(JSON_TYPE).send(answer.body);
    },
  );
}

/** What clients have not read yet is held in memory, and a client may take minutes. */
function countUntilSent({ raw }: FastifyReply, answer: TakenAnswer): void {
  const done = () => answer[Symbol.dispose]();
  if (raw.destroyed) done();
  else raw.once('close', done);
}

/** @throws RegistryError REQUEST_INVALID, in ChartMuseum's words */
function pageOf(query: Static<typeof Page>): { readonly offset: number; readonly limit: number | undefined } {
  const { offset = '0', limit } = query;
  if (!/^\d{1,9}$/.test(offset)) {
    throw new RegistryError('REQUEST_INVALID', 'offset is not a valid non-negative integer');
  }
  if (limit !== undefined && !/^0*[1-9]\d{0,8}$/.test(limit)) {
    throw new RegistryError('REQUEST_INVALID', 'limit is not a valid positive integer');
  }
  return { offset: Number(offset), limit: limit === undefined ? undefined : Number(limit) };
}

function noVersion({ name, version }: Static<typeof VersionParams>): RegistryError {
  return new RegistryError('NOT_FOUND', `there is no version "${version.slice(0, 100)}" of ${name}`);
}
