// The members of groups.
import { Type } from '../../json-schemas.ts';
import type { Routes } from '../server.ts';
import { managerOf } from './guard.ts';
import type { Management } from './management.ts';
import { answerPage, listQuery, pageOf } from './paging.ts';
import { choice, Name, strict } from './schemas.ts';

const Member = strict(
  {
    user: Name,
    source: choice(
      ['local', 'login'],
      'local: by an administrator here; login: by the last login of the user from elsewhere.',
    ),
  },
  { title: 'Member', description: 'A user in a group.' },
);
const Params = strict({ name: Name, user: Name });
const tags = ['groups'];

const LIST = {
  ...{ operationId: 'listMembers', tags, summary: 'List the members of a group' },
  params: strict({ name: Name }),
  querystring: listQuery({}),
  response: { 200: pageOf(Member) },
};
const ADD = {
  ...{ operationId: 'addMember', tags, summary: 'Make a user a member; who is one already stays one' },
  params: Params,
  response: { 204: Type.Null({ description: 'The user is a member.' }) },
};
const REMOVE = {
  ...{ operationId: 'removeMember', tags, summary: 'Take a user out of a group' },
  params: Params,
  response: { 204: Type.Null({ description: 'The user is no member any more.' }) },
};

export function memberRoutes(app: Routes, { accounts: { groups } }: Management): void {
  const config = { access: 'administrator', refuses: [404] } as const;

  app.get('/groups/:name/members', { config, schema: LIST }, async (request) => {
    return await answerPage(request, {
      find: ([last = ''], limit) => groups.listMembers(request.params.name, { last, limit }),
      key: ({ user }) => [user],
      keyLength: 1,
      show: ({ user, source }) => ({ user, source }),
    });
  });

  app.put('/groups/:name/members/:user', { config, schema: ADD }, async (request, reply) => {
    await groups.addMember(request.params.name, request.params.user, managerOf(request).author);
    return await reply.code(204).send(null);
  });

  app.delete('/groups/:name/members/:user', { config, schema: REMOVE }, async (request, reply) => {
    await groups.removeMember(request.params.name, request.params.user, managerOf(request).author);
    return await reply.code(204).send(null);
  });
}
