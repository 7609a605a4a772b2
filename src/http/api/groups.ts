// Groups: people who have roles together.

import type { Group as GivenGroup } from '../../accounts/groups.ts';
import { Type } from '../../json-schemas.ts';
import type { Routes } from '../server.ts';
import { managerOf } from './guard.ts';
import type { Management } from './management.ts';
import { answerPage, listQuery, pageOf } from './paging.ts';
import { Name, orNull, shownTime, strict, Time, text } from './schemas.ts';

const ExternalName = orNull(
  text(512, ''),
  'What a directory or identity provider calls the group, which then makes its members; null for none.',
);
const Administrator = Type.Boolean({ description: 'Whether the members may do everything.' });

const Group = strict(
  { name: Name, externalName: ExternalName, administrator: Administrator, createdAt: Time },
  { title: 'Group', description: 'People who have roles together.' },
);
const NewGroup = strict(
  { name: Name, externalName: Type.Optional(ExternalName), administrator: Type.Optional(Administrator) },
  { title: 'NewGroup', description: 'A group to add, by default without external name, and not of administrators.' },
);
const GroupChange = strict(
  { externalName: Type.Optional(ExternalName), administrator: Type.Optional(Administrator) },
  { title: 'GroupChange', description: 'What is given changes.', minProperties: 1 },
);
const Params = strict({ name: Name });
const tags = ['groups'];

const LIST = {
  ...{ operationId: 'listGroups', tags, summary: 'List groups, or those that a user is in' },
  querystring: listQuery({ user: Type.Optional(Name) }),
  response: { 200: pageOf(Group) },
};
const ADD = {
  ...{ operationId: 'addGroup', tags, summary: 'Add a group' },
  body: NewGroup,
  response: { 201: Group },
};
const SHOW = {
  ...{ operationId: 'getGroup', tags, summary: 'Show a group' },
  params: Params,
  response: { 200: Group },
};
const CHANGE = {
  ...{ operationId: 'changeGroup', tags, summary: 'Change a group' },
  params: Params,
  body: GroupChange,
  response: { 200: Group },
};
const REMOVE = {
  ...{ operationId: 'removeGroup', tags, summary: 'Remove a group with all its roles' },
  params: Params,
  response: { 204: Type.Null({ description: 'The group is gone.' }) },
};

export function groupRoutes(app: Routes, { accounts: { groups } }: Management): void {
  app.get('/groups', { config: { access: 'administrator' }, schema: LIST }, async (request) => {
    return await answerPage(request, {
      find: ([last = ''], limit) => groups.list({ last, limit }, request.query.user),
      key: ({ name }) => [name],
      keyLength: 1,
      show: shownGroup,
    });
  });

  app.post('/groups', { config: { access: 'administrator', refuses: [409] }, schema: ADD }, async (request, reply) => {
    const { name, externalName = null, administrator = false } = request.body;
    const group = await groups.add({ name, externalName, administrator }, managerOf(request).author);
    return await reply.code(201).header('location', `/api/v1/groups/${name}`).send(shownGroup(group));
  });

  const existing = { access: 'administrator', refuses: [404] } as const;
  app.get('/groups/:name', { config: existing, schema: SHOW }, async (request) => {
    return shownGroup(await groups.find(request.params.name));
  });

  const changing = { access: 'administrator', refuses: [404, 409] } as const;
  app.patch('/groups/:name', { config: changing, schema: CHANGE }, async (request) => {
    return shownGroup(await groups.change(request.params.name, request.body, managerOf(request).author));
  });

  app.delete('/groups/:name', { config: existing, schema: REMOVE }, async (request, reply) => {
    await groups.remove(request.params.name, managerOf(request).author);
    return await reply.code(204).send(null);
  });
}

function shownGroup({ name, externalName, administrator, createdAt }: GivenGroup) {
  return { name, externalName, administrator, createdAt: shownTime(createdAt) };
}
