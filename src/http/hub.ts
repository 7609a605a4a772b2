// What "helm search hub --endpoint" asks for: the search of Artifact Hub, as helm reads it, and the pages that it names.

import type { FastifyRequest } from 'fastify';
import type { Caller } from '../access/caller.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ChartSummary } from '../catalog/chart-summaries.ts';
import type { SearchIndex } from '../catalog/search-index.ts';
import { MAXIMUM_SEARCH_TEXT } from '../catalog/search-query.ts';
import { Type } from '../json-schemas.ts';
import { parentOf } from '../oci/repository-name.ts';
import { commandsFor } from './api/chart-commands.ts';
import { readableChart } from './api/chart-request.ts';
import { guardManagement } from './api/guard.ts';
import { type BaseUrl, baseUrlOf } from './base-url.ts';
import { readableBy } from './reader.ts';
import type { Routes } from './server.ts';

/** helm asks for no further page. */
const MAXIMUM_CHARTS = 100;
const Query = Type.Object({ q: Type.Optional(Type.String()) });

interface Hub {
  readonly catalog: Catalog;
  readonly search: SearchIndex;
  /** Who sends the request, by its Authorization header alone. */
  identify(request: FastifyRequest): Promise<Caller>;
}

/** @param app a scope of its own */
export function hubRoutes(app: Routes, { catalog, search, identify }: Hub): void {
  guardManagement(app, identify);
  app.addHook('onSend', async (_request, reply) => {
    // What may be read depends on who asks.
    reply.header('cache-control', 'private, no-cache').header('vary', 'Authorization');
  });

  app.get(
    '/api/chartsvc/v1/charts/search',
    { config: { access: 'reader' }, schema: { querystring: Query } },
    async (request, reply) => {
      const charts = await find((request.query.q ?? '').slice(0, MAXIMUM_SEARCH_TEXT), readableBy(request));
      // As Artifact Hub does, which leaves out here what nobody should begin with.
      const data = charts
        .filter(({ isDeprecated }) => !isDeprecated)
        .map((chart) => hubEntry(chart, baseUrlOf(request)));
      return await reply.type('application/json').send(Buffer.from(JSON.stringify({ data })));
    },
  );

  app.get('/charts/:chart', { config: { access: 'reader' } }, async (request, reply) => {
    const repository = readableChart(request, reply);
    const { newest } = await catalog.getChart(repository);
    const { install, addRepository, installFromRepository } = commandsFor(request, repository, newest.version);
    const lines = [
      `${repository} ${newest.version}`,
      ...[newest.metadata.description ?? ''].filter((text) => text !== ''),
      ...['', `  ${install}`, '', 'or', '', `  ${addRepository}`, `  ${installFromRepository}`, ''],
      `All that is known of it: ${baseUrlOf(request).href}/api/v1/charts/${repository}`,
      '',
    ];
    return await reply.type('text/plain; charset=utf-8').send(lines.join('\n'));
  });

  /** Without a word everything is found. */
  async function find(text: string, mayRead: ReturnType<typeof readableBy>): Promise<readonly ChartSummary[]> {
    const page = { limit: MAXIMUM_CHARTS };
    if (text.trim() === '') return await catalog.listCharts({ ...page, namespace: undefined, after: '' }, mayRead);
    const found = await search.find(text, page, mayRead);
    const charts: ChartSummary[] = [];
    for (const { repository } of found.charts) {
      const chart = await catalog.summarize(repository);
      if (chart) charts.push(chart);
    }
    return charts;
  }
}

/** The fields that helm reads (helm 4.2.4, internal/monocular/search.go). */
function hubEntry({ repository, description, version, appVersion }: ChartSummary, { href }: BaseUrl) {
  const namespace = parentOf(repository);
  return {
    id: repository,
    artifactHub: { packageUrl: `${href}/charts/${repository}` },
    attributes: {
      description: description ?? '',
      repo: { name: namespace, url: namespace === '' ? href : `${href}/${namespace}` },
    },
    relationships: { latestChartVersion: { data: { version, app_version: appVersion ?? '' } } },
  };
}
