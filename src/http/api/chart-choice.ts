// Which version stands for a range, and what lies between two versions.
import { Type } from '../../json-schemas.ts';
import type { Routes } from '../server.ts';
import { pinnedReference } from './chart-commands.ts';
import { ChartComparison } from './chart-comparison-schema.ts';
import { readableChart } from './chart-request.ts';
import { ChartName, ChartPath, shownReference, VersionReference, writable } from './chart-schemas.ts';
import type { Management } from './management.ts';
import { strict, text } from './schemas.ts';

const tags = ['charts'];
/** What "helm install" without a version means. */
const NEWEST_STABLE = '*';

const Resolution = strict(
  {
    ...{ chart: ChartName, range: Type.String({ description: 'As it was asked for.' }) },
    ...VersionReference.properties,
    pinnedReference: Type.String({ description: 'oci://host/chart@digest, for helm and other OCI clients.' }),
  },
  { title: 'Resolution', description: 'The version that helm would choose, with what pins it.' },
);

const VersionText = (description: string) => text(256, description);
const RESOLVE = {
  ...{ operationId: 'resolveRange', tags, summary: 'Find the version that helm would choose for a range' },
  params: ChartPath,
  querystring: strict({
    range: Type.Optional(
      text(
        512,
        'A range such as "^1.2", as Helm reads it, or a version itself, which is found also when it is yanked. "*" by default: the newest stable version.',
      ),
    ),
    prerelease: Type.Optional(
      Type.Enum(['true', 'false'], {
        type: 'string',
        description: 'Whether pre-releases count though the range names none. "false" by default.',
      }),
    ),
  }),
  response: { 200: Resolution },
};
const COMPARE = {
  ...{
    operationId: 'compareVersions',
    tags,
    summary: 'Say what changes from one version to another, and what may break',
  },
  params: ChartPath,
  querystring: strict({ from: VersionText('The version that is in use.'), to: VersionText('The version to go to.') }),
  response: { 200: ChartComparison },
};

export function chartChoiceRoutes(app: Routes, { catalog }: Management): void {
  app.get(
    '/charts/:chart/-/resolve',
    { config: { access: 'reader', refuses: [404] }, schema: RESOLVE },
    async (request, reply) => {
      const repository = readableChart(request, reply);
      const { range = NEWEST_STABLE, prerelease } = request.query;
      const version = await catalog.resolve(repository, { range, withPrereleases: prerelease === 'true' });
      return {
        ...{ chart: repository, range },
        ...shownReference(request, version),
        pinnedReference: pinnedReference(request, repository, version.digest),
      };
    },
  );

  app.get(
    '/charts/:chart/-/compare',
    { config: { access: 'reader', refuses: [404] }, schema: COMPARE },
    async (request, reply) => {
      const repository = readableChart(request, reply);
      return writable(await catalog.compare(repository, request.query));
    },
  );
}
