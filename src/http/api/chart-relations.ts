// What a version depends on, and what depends on a chart.

import type { Static } from 'typebox';
import type { Dependency } from '../../catalog/dependencies.ts';
import type { DependencyPlace } from '../../catalog/dependency-place.ts';
import { Type } from '../../json-schemas.ts';
import type { Routes } from '../server.ts';
import { hostsOf, mayRead, readableChart } from './chart-request.ts';
import { ChartName, ChartPath, VersionPath } from './chart-schemas.ts';
import type { Management } from './management.ts';
import { answerPage, listQuery, pageOf, readPosition } from './paging.ts';
import { choice, orNull, strict, text } from './schemas.ts';

const tags = ['charts'];

export const Place = choice(
  ['here', 'elsewhere', 'alias', 'local'] satisfies DependencyPlace['kind'][],
  "here: its address leads to this registry; elsewhere: to another one; alias: it is the name that a repository has on somebody's machine; local: a folder.",
);
const Range = Type.String({ description: 'As Chart.yaml has it; empty for none.' });
const Location = Type.String({ description: 'The address that Chart.yaml has as "repository".' });
const NOT_FOUND = 'Null when nothing is, or when it is not in this registry or not for the caller.';
const DependencyItem = strict(
  {
    name: Type.String(),
    alias: orNull(Type.String(), 'Null when it has none.'),
    condition: orNull(Type.String(), 'The value that switches it on; null when it always is.'),
    ...{ range: Range, location: Location, place: Place },
    chart: orNull(ChartName, 'Where it would be in this registry; null for elsewhere.'),
    newestAllowed: orNull(Type.String(), `The newest version that the range admits. ${NOT_FOUND}`),
    newest: orNull(Type.String(), `The newest version of all. ${NOT_FOUND}`),
    outdated: Type.Boolean({ description: 'The range does not admit the newest version.' }),
    locked: orNull(Type.String(), 'The version in Chart.lock of the archive; null when there is none.'),
    bundled: orNull(Type.String(), 'The version in charts/ of the archive; null when there is none.'),
  },
  { title: 'Dependency', description: 'What a version depends on, as an entry of its Chart.yaml says.' },
);

const Dependent = strict(
  {
    chart: ChartName,
    version: Type.String({ description: 'Its newest version, whose Chart.yaml counts.' }),
    ranges: Type.Array(
      strict({
        ...{ range: Range, location: Location },
        certain: Type.Boolean({
          description:
            'False when the address is the name of a repository on somebody’s machine, which may be this one.',
        }),
        newestAllowed: orNull(Type.String(), 'The newest version that the range admits; null when it admits none.'),
        allowsNewest: Type.Boolean({ description: 'That is the newest version of all.' }),
      }),
      { description: 'One for each entry of its Chart.yaml.' },
    ),
  },
  { title: 'Dependent', description: 'A chart whose newest version depends on the chart in question.' },
);

const DEPENDENCIES = {
  ...{
    operationId: 'listDependencies',
    tags,
    summary: 'List what a version depends on, in the order of its Chart.yaml',
  },
  ...{ params: VersionPath, querystring: listQuery({}), response: { 200: pageOf(DependencyItem) } },
};
const DEPENDENTS = {
  ...{ operationId: 'listDependents', tags, summary: 'List the charts that depend on a chart, by name' },
  params: ChartPath,
  querystring: listQuery({ version: Type.Optional(text(256, 'Only those whose range admits this version.')) }),
  response: { 200: pageOf(Dependent) },
};

export function chartRelationRoutes(app: Routes, { catalog }: Management): void {
  app.get(
    '/charts/:chart/-/versions/:version/dependencies',
    { config: { access: 'reader', refuses: [404] }, schema: DEPENDENCIES },
    async (request, reply) => {
      const repository = readableChart(request, reply);
      const { version } = request.params;
      const hosts = hostsOf(request);
      return await answerPage(request, {
        find: (after, limit) =>
          catalog.listDependencies(repository, version, { hosts, from: readPosition(after), limit }, mayRead(request)),
        key: ({ position }) => [String(position)],
        keyLength: 1,
        show: shownDependency,
      });
    },
  );

  app.get(
    '/charts/:chart/-/dependents',
    { config: { access: 'reader', refuses: [404] }, schema: DEPENDENTS },
    async (request, reply) => {
      const repository = readableChart(request, reply);
      const { version } = request.query;
      const hosts = hostsOf(request);
      return await answerPage(request, {
        find: ([after = ''], limit) =>
          catalog.listDependents(repository, { version, hosts, after, limit }, mayRead(request)),
        key: ({ repository: dependent }) => [dependent],
        keyLength: 1,
        show: ({ repository: dependent, version: newest, ranges }) => ({
          ...{ chart: dependent, version: newest },
          ranges: ranges.map(({ range, location, isCertain, newestAllowed = null, allowsNewest }) => ({
            ...{ range, location, certain: isCertain, newestAllowed, allowsNewest },
          })),
        }),
      });
    },
  );
}

function shownDependency(dependency: Dependency): Static<typeof DependencyItem> {
  const { name, alias = null, condition = null, range, location, place, newestAllowed, newest } = dependency;
  return {
    ...{ name, alias, condition, range, location, place: place.kind },
    chart: place.kind === 'here' ? place.repository : null,
    newestAllowed: newestAllowed?.version.text ?? null,
    newest: newest?.version.text ?? null,
    outdated: newest !== undefined && newestAllowed?.version.text !== newest.version.text,
    locked: dependency.locked ?? null,
    bundled: dependency.bundled ?? null,
  };
}
