// The versions of a chart, the newest first, and everything that is known of one.

import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { VersionDetails } from '../../catalog/catalog.ts';
import type { VersionProvenance } from '../../catalog/provenances.ts';
import { readRange } from '../../catalog/ranges.ts';
import type { VersionPage } from '../../catalog/versions.ts';
import { isSortKey } from '../../charts/version-order.ts';
import { Type } from '../../json-schemas.ts';
import type { Routes } from '../server.ts';
import { archiveAddress, Commands, commandsFor, pinnedReference } from './chart-commands.ts';
import { Contents, shownContents } from './chart-contents-schema.ts';
import { fileAddress } from './chart-files.ts';
import { readableChart } from './chart-request.ts';
import { ChartName, ChartPath, Namespace, shownVersion, Version, VersionPath, versionInList } from './chart-schemas.ts';
import type { Management } from './management.ts';
import { answerPage, foreignCursor, listQuery, pageOf } from './paging.ts';
import { choice, orNull, shownTimeOrNull, strict, Time, text } from './schemas.ts';

const tags = ['charts'];
const YANKED: Readonly<Record<'false' | 'true' | 'any', VersionPage['yanked']>> = {
  false: 'without',
  true: 'only',
  any: 'with',
};
const filters = {
  yanked: Type.Optional(
    choice(
      ['false', 'true', 'any'],
      'Whether those that are yanked are left out (as by default), alone, or among them.',
    ),
  ),
  range: Type.Optional(text(512, 'Only those in this range, such as "^1.2", as Helm reads it.')),
};

const Provenance = strict(
  {
    digest: Type.String({ description: 'Of the provenance file.' }),
    address: Type.String({ description: 'Where it is, without scheme and host.' }),
    keyId: orNull(Type.String(), 'Of the key that signed it, as it says; null when it does not.'),
    fingerprint: orNull(Type.String(), 'Of the same key.'),
    signedAt: orNull(Time, 'As it says.'),
    files: Type.Array(strict({ name: Type.String(), digest: Type.String() }), {
      description: 'The files that it signs; at most 100.',
    }),
    problem: orNull(Type.String(), 'Why it cannot be one of this archive. Null says no more than that it can.'),
  },
  {
    title: 'Provenance',
    description: "What the provenance file says. Nobody has verified it: that takes the publisher's key.",
  },
);

const Details = strict(
  {
    ...{ chart: ChartName, namespace: Namespace, name: Type.String(), ...versionInList },
    fileName: Type.String({ description: 'Of the archive.' }),
    archiveAddress: Type.String({ description: 'Where the archive is, without scheme and host.' }),
    pinnedReference: Type.String({ description: 'By its digest, which is the same for ever.' }),
    commands: Commands,
    metadata: Type.Object({}, { additionalProperties: true, description: 'Chart.yaml, as JSON.' }),
    provenance: orNull(Provenance, 'Null when it is not signed.'),
    contents: orNull(Contents, 'Null when the archive cannot be read.'),
    contentsProblem: orNull(Type.String(), 'Why it cannot.'),
  },
  { title: 'VersionDetails', description: 'Everything that is known of a published version.' },
);

const LIST = {
  ...{ operationId: 'listVersions', tags, summary: 'List the versions of a chart, the newest first by SemVer' },
  ...{ params: ChartPath, querystring: listQuery(filters), response: { 200: pageOf(Version) } },
};
const GET = {
  ...{ operationId: 'getVersion', tags, summary: 'Show a version, with what is in its archive' },
  ...{ params: VersionPath, querystring: strict({}), response: { 200: Details } },
};

export function chartVersionRoutes(app: Routes, { catalog }: Management): void {
  app.get(
    '/charts/:chart/-/versions',
    { config: { access: 'reader', refuses: [404] }, schema: LIST },
    async (request, reply) => {
      const repository = readableChart(request, reply);
      const { yanked = 'false', range: asked } = request.query;
      const range = asked === undefined ? undefined : readRange(asked);
      return await answerPage(request, {
        find: ([before], limit) => {
          if (before !== undefined && !isSortKey(before)) throw foreignCursor();
          return catalog.listVersions(repository, { before, limit, yanked: YANKED[yanked], range });
        },
        key: ({ sortKey }) => [sortKey],
        keyLength: 1,
        show: (version) => shownVersion(request, version),
      });
    },
  );

  app.get(
    '/charts/:chart/-/versions/:version',
    { config: { access: 'reader', refuses: [404] }, schema: GET },
    async (request, reply) => {
      const repository = readableChart(request, reply);
      return shownDetails(request, await catalog.getVersion(repository, request.params.version));
    },
  );
}

function shownDetails(request: FastifyRequest, details: VersionDetails): Static<typeof Details> {
  const { version, contents, provenance } = details;
  const { repository, namespace, name, fileName, digest } = version;
  const isReadable = contents.kind === 'described';
  return {
    ...{ chart: repository, namespace: namespace === '' ? '/' : namespace, name },
    ...shownVersion(request, version),
    ...{ fileName, archiveAddress: archiveAddress(repository, fileName) },
    pinnedReference: pinnedReference(request, repository, digest),
    commands: commandsFor(request, repository, version.version),
    metadata: { ...version.metadata },
    provenance: provenance ? shownProvenance(provenance, `${archiveAddress(repository, fileName)}.prov`) : null,
    contents: isReadable ? shownContents(contents, (path) => fileAddress(version, path)) : null,
    contentsProblem: isReadable ? null : contents.problem,
  };
}

function shownProvenance({ digest, said, problem }: VersionProvenance, address: string): Static<typeof Provenance> {
  return {
    ...{ digest, address },
    keyId: said?.signature.keyId ?? null,
    fingerprint: said?.signature.fingerprint ?? null,
    signedAt: shownTimeOrNull(said?.signature.signedAt ?? null),
    files: (said?.files ?? []).map(({ name, digest: signed }) => ({ name, digest: signed })),
    problem: problem ?? null,
  };
}
