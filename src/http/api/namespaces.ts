// Namespaces: what everybody may read, where floating tags are kept, what Artifact Hub is told.

import { displayNamespace } from '../../accounts/namespace-path.ts';
import type { NamespaceSettings } from '../../accounts/namespaces.ts';
import { Type } from '../../json-schemas.ts';
import type { Routes } from '../server.ts';
import { managerOf } from './guard.ts';
import type { Management } from './management.ts';
import { answerPage, listQuery, pageOf } from './paging.ts';
import { choice, EMAIL, orNull, Path, strict, text, UUID } from './schemas.ts';

const INHERITED = 'Null: as the path above has it.';
const Visibility = orNull(
  choice(['public', 'private'], 'public: everybody may read what lies below; private: whoever has a role.'),
  INHERITED,
);
const FloatingTags = orNull(
  Type.Boolean({ description: 'Whether the server keeps tags such as 1 and 1.2 on the newest stable version.' }),
  INHERITED,
);
const ArtifactHubOwner = strict(
  {
    name: text(100, 'As Artifact Hub shows it.'),
    email: Type.String({ maxLength: 254, pattern: EMAIL, description: 'Of an account at Artifact Hub.' }),
  },
  { title: 'ArtifactHubOwner', description: 'Somebody who may claim the repository at Artifact Hub.' },
);
const ArtifactHub = orNull(
  strict(
    {
      repositoryID: orNull(
        Type.String({ maxLength: 36, pattern: UUID, description: 'The id that Artifact Hub shows of the repository.' }),
        'Null while there is none.',
      ),
      owners: Type.Array(ArtifactHubOwner, { maxItems: 20 }),
    },
    { title: 'ArtifactHubClaim', description: 'What stands in artifacthub-repo.yml of this namespace.' },
  ),
  'Null: there is no such file. Other namespaces have none of it.',
);

const Namespace = strict(
  { path: Path, visibility: Visibility, floatingTags: FloatingTags, artifactHub: ArtifactHub },
  { title: 'Namespace', description: 'A path with settings of its own.' },
);
const NamespaceChange = strict(
  {
    ...{ path: Path, visibility: Type.Optional(Visibility) },
    ...{ floatingTags: Type.Optional(FloatingTags), artifactHub: Type.Optional(ArtifactHub) },
  },
  { title: 'NamespaceChange', description: 'What is given is set; the rest stays as it is.', minProperties: 2 },
);
const tags = ['namespaces'];

const LIST = {
  operationId: 'listNamespaces',
  tags,
  summary: 'List the root and the namespaces with settings of their own: all, or those that the caller maintains',
  querystring: listQuery({}),
  response: { 200: pageOf(Namespace) },
};
const PUT = {
  ...{ operationId: 'putNamespace', tags, summary: 'Change settings of a namespace' },
  body: NamespaceChange,
  response: { 200: Namespace },
};
const REMOVE = {
  ...{ operationId: 'removeNamespace', tags, summary: 'Have a namespace be as the one above it again' },
  querystring: strict({ path: Path }),
  response: { 204: Type.Null({ description: 'It has no settings of its own any more.' }) },
};

export function namespaceRoutes(app: Routes, { accounts: { namespaces } }: Management): void {
  app.get('/namespaces', { config: { access: 'management' }, schema: LIST }, async (request) => {
    const { rights } = request.caller;
    return await answerPage(request, {
      // There are few, and they come in byte order.
      find: async ([last], limit) =>
        (await namespaces.list())
          .filter(({ path }) => rights.maintains(path) && (last === undefined || path > last))
          .slice(0, limit),
      key: ({ path }) => [path],
      keyLength: 1,
      show: shownNamespace,
    });
  });

  app.put('/namespaces', { config: { access: 'management' }, schema: PUT }, async (request) =>
    shownNamespace(await namespaces.set(request.body, managerOf(request))),
  );

  app.delete(
    '/namespaces',
    { config: { access: 'management', refuses: [404] }, schema: REMOVE },
    async (request, reply) => {
      await namespaces.reset(request.query.path, managerOf(request));
      return await reply.code(204).send(null);
    },
  );
}

function shownNamespace({ path, visibility, floatingTags, artifactHub }: NamespaceSettings) {
  const claim = artifactHub && { ...artifactHub, owners: artifactHub.owners.map((owner) => ({ ...owner })) };
  return { path: displayNamespace(path), visibility, floatingTags, artifactHub: claim };
}
