// Namespaces: what everybody may read.
import { Type } from 'typebox';
import { displayNamespace } from '../../accounts/namespace-path.ts';
import type { Routes } from '../server.ts';
import { managerOf } from './guard.ts';
import type { Management } from './management.ts';
import { answerPage, listQuery, pageOf } from './paging.ts';
import { choice, Path, strict } from './schemas.ts';

const Visibility = choice(
  ['public', 'private'],
  'public: everybody may read what lies below; private: whoever has a role.',
);
const Namespace = strict(
  { path: Path, visibility: Visibility },
  { title: 'Namespace', description: 'A path with a visibility of its own; all others are as the one above them.' },
);
const tags = ['namespaces'];

const LIST = {
  operationId: 'listNamespaces',
  tags,
  summary: 'List the namespaces with a visibility of their own: all of them, or those that the caller maintains',
  querystring: listQuery({}),
  response: { 200: pageOf(Namespace) },
};
const PUT = {
  ...{ operationId: 'putNamespace', tags, summary: 'Set the visibility of a namespace' },
  body: Namespace,
  response: { 200: Namespace },
};
const REMOVE = {
  ...{ operationId: 'removeNamespace', tags, summary: 'Have a namespace be as the one above it again' },
  querystring: strict({ path: Path }),
  response: { 204: Type.Null({ description: 'It has no visibility of its own any more.' }) },
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

  app.put('/namespaces', { config: { access: 'management' }, schema: PUT }, async (request) => {
    const { path, visibility } = request.body;
    return shownNamespace(await namespaces.setVisibility({ path, visibility }, managerOf(request)));
  });

  app.delete(
    '/namespaces',
    { config: { access: 'management', refuses: [404] }, schema: REMOVE },
    async (request, reply) => {
      await namespaces.inheritVisibility(request.query.path, managerOf(request));
      return await reply.code(204).send(null);
    },
  );
}

function shownNamespace({ path, visibility }: { readonly path: string; readonly visibility: 'public' | 'private' }) {
  return { path: displayNamespace(path), visibility };
}
