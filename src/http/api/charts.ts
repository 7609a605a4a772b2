// Charts: all that the caller may read, the namespaces that hold them, and one of them.

import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { displayNamespace, readNamespace } from '../../accounts/namespace-path.ts';
import type { ChartDetails } from '../../catalog/chart-details.ts';
import type { ChartSummary } from '../../catalog/chart-summaries.ts';
import { Type } from '../../json-schemas.ts';
import { lastSegment, parentOf, type RepositoryName } from '../../oci/repository-name.ts';
import { readableBy } from '../reader.ts';
import type { Routes } from '../server.ts';
import { Commands, commandsFor } from './chart-commands.ts';
import { readableChart } from './chart-request.ts';
import {
  ChartName,
  ChartPath,
  Namespace,
  Notice,
  OptionalText,
  shownNotice,
  shownReference,
  VersionReference,
} from './chart-schemas.ts';
import type { Management } from './management.ts';
import { answerPage, listQuery, pageOf } from './paging.ts';
import { choice, orNull, Path, shownTime, shownTimeOrNull, strict, Time } from './schemas.ts';

const tags = ['charts'];
const ChartType = choice(
  ['application', 'library'],
  'A library has nothing to install, and is there for other charts.',
);
const NewestVersion = Type.String({
  description: 'The newest that is neither deleted nor yanked: a stable one, if there is any.',
});

export const Chart = strict(
  {
    ...{ chart: ChartName, namespace: Namespace, name: Type.String(), version: NewestVersion },
    ...{ appVersion: OptionalText, description: OptionalText, type: ChartType, icon: OptionalText },
    deprecated: Type.Boolean({ description: 'Chart.yaml of the newest version or a notice says so.' }),
    signed: Type.Boolean({ description: 'The newest version has a provenance file.' }),
    versions: Type.Integer({ description: 'How many there are, without those that are yanked.' }),
    pulls: Type.Integer({ description: 'Of all versions together; up to a minute late.' }),
    createdAt: Time,
    updatedAt: Time,
  },
  {
    title: 'Chart',
    description:
      'A chart by its newest version, which was published at "createdAt"; the last of any line at "updatedAt".',
  },
);

const Maintainer = strict(
  { name: OptionalText, email: OptionalText, url: OptionalText },
  { title: 'ChartMaintainer', description: 'Who looks after it.' },
);
const Details = strict(
  {
    ...{ chart: ChartName, namespace: Namespace, name: Type.String() },
    newest: VersionReference,
    notice: orNull(Notice, 'What is said of the whole chart.'),
    floatingTags: Type.Array(strict({ tag: Type.String(), version: Type.String() }), {
      description: 'Tags that the server keeps on the newest stable version of a line; at most 200.',
    }),
    ...{
      description: OptionalText,
      type: ChartType,
      icon: OptionalText,
      home: OptionalText,
      kubeVersion: OptionalText,
    },
    ...{ keywords: Type.Array(Type.String()), sources: Type.Array(Type.String()) },
    maintainers: Type.Array(Maintainer),
    annotations: Type.Record(Type.String(), Type.String()),
    versions: Type.Integer({ description: 'How many there are, without those that are yanked.' }),
    pulls: Type.Integer(),
    updatedAt: orNull(Time, 'When the last version was published; null when all of them are yanked.'),
    commands: Commands,
  },
  {
    title: 'ChartDetails',
    description: 'A chart as its newest version describes it; when all are yanked, as the newest of these does.',
  },
);
const ChartNamespace = strict(
  { path: Namespace, charts: Type.Integer({ description: 'Right in it, without those in namespaces below.' }) },
  { title: 'ChartNamespace', description: 'A namespace with charts that the caller may read.' },
);

const LIST = {
  ...{ operationId: 'listCharts', tags, summary: 'List the charts that the caller may read, by name' },
  querystring: listQuery({ namespace: Type.Optional(Path) }),
  response: { 200: pageOf(Chart) },
};
const NAMESPACES = {
  ...{ operationId: 'listChartNamespaces', tags, summary: 'List the namespaces with charts that the caller may read' },
  querystring: listQuery({}),
  response: { 200: pageOf(ChartNamespace) },
};
const GET = {
  ...{ operationId: 'getChart', tags, summary: 'Show a chart' },
  ...{ params: ChartPath, querystring: strict({}), response: { 200: Details } },
};

export function chartRoutes(app: Routes, { catalog }: Management): void {
  app.get('/charts', { config: { access: 'reader' }, schema: LIST }, async (request) => {
    const mayRead = readableBy(request);
    const { namespace: path } = request.query;
    const namespace = path === undefined ? undefined : readNamespace(path);
    return await answerPage(request, {
      find: ([after = ''], limit) => catalog.listCharts({ namespace, after, limit }, mayRead),
      key: ({ repository }) => [repository],
      keyLength: 1,
      show: shownSummary,
    });
  });

  app.get('/charts/-/namespaces', { config: { access: 'reader' }, schema: NAMESPACES }, async (request) => {
    const mayRead = readableBy(request);
    return await answerPage(request, {
      find: ([after], limit) => catalog.listNamespaces({ after, limit }, mayRead),
      key: ({ path }) => [path],
      keyLength: 1,
      show: ({ path, charts }) => ({ path: displayNamespace(path), charts }),
    });
  });

  app.get('/charts/:chart', { config: { access: 'reader', refuses: [404] }, schema: GET }, async (request, reply) => {
    const repository = readableChart(request, reply);
    return shownDetails(request, repository, await catalog.getChart(repository));
  });
}

export function shownSummary(chart: ChartSummary): Static<typeof Chart> {
  const { repository, namespace, name, version, appVersion, description, type, icon } = chart;
  return {
    ...{ chart: repository, namespace: displayNamespace(namespace), name, version, type },
    ...{ appVersion: appVersion ?? null, description: description ?? null, icon: icon ?? null },
    ...{ deprecated: chart.isDeprecated, signed: chart.isSigned, versions: chart.versions, pulls: chart.pulls },
    ...{ createdAt: shownTime(chart.publishedAt), updatedAt: shownTime(chart.updatedAt) },
  };
}

function shownDetails(
  request: FastifyRequest,
  repository: RepositoryName,
  chart: ChartDetails,
): Static<typeof Details> {
  const { newest, notice, floatingTags, versions, pulls, updatedAt } = chart;
  const { metadata } = newest;
  return {
    ...{ chart: repository, namespace: displayNamespace(parentOf(repository)), name: lastSegment(repository) },
    newest: shownReference(request, newest),
    notice: shownNotice(request, notice),
    floatingTags: floatingTags.map(({ tag, version }) => ({ tag, version })),
    ...{ description: metadata.description ?? null, type: metadata.type ?? 'application', icon: metadata.icon ?? null },
    ...{ home: metadata.home ?? null, kubeVersion: metadata.kubeVersion ?? null },
    ...{ keywords: [...(metadata.keywords ?? [])], sources: [...(metadata.sources ?? [])] },
    maintainers: (metadata.maintainers ?? []).map(({ name = null, email = null, url = null }) => ({
      name,
      email,
      url,
    })),
    annotations: { ...metadata.annotations },
    ...{ versions, pulls, updatedAt: shownTimeOrNull(updatedAt ?? null) },
    commands: commandsFor(request, repository, newest.version),
  };
}
