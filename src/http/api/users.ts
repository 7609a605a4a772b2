// Users: people and their accounts.

import type { User as GivenUser } from '../../accounts/users.ts';
import { Type } from '../../json-schemas.ts';
import type { Routes } from '../server.ts';
import { managerOf } from './guard.ts';
import type { Management } from './management.ts';
import { answerPage, listQuery, pageOf } from './paging.ts';
import { NewPassword } from './passwords.ts';
import { choice, Name, orNull, shownTime, shownTimeOrNull, strict, Time } from './schemas.ts';

const Administrator = Type.Boolean({ description: 'Whether the user may do everything.' });
const Disabled = Type.Boolean({ description: 'Whether the user is locked out, with all tokens.' });

const User = strict(
  {
    name: Name,
    administrator: Administrator,
    disabled: Disabled,
    login: choice(
      ['password', 'directory', 'provider'],
      'Who checks the password: Chartroom, a directory (LDAP), or a provider (OpenID Connect).',
    ),
    createdAt: Time,
    lastLoginAt: orNull(Time, 'Up to a few seconds late; null when the user never logged in.'),
  },
  { title: 'User', description: 'The account of a person.' },
);
const NewUser = strict(
  { name: Name, password: NewPassword, administrator: Type.Optional(Administrator) },
  { title: 'NewUser', description: 'A user to add, by default no administrator.' },
);
const UserChange = strict(
  { administrator: Type.Optional(Administrator), disabled: Type.Optional(Disabled) },
  { title: 'UserChange', description: 'What is given changes.', minProperties: 1 },
);
const Params = strict({ name: Name });
const tags = ['users'];

const LIST = {
  ...{ operationId: 'listUsers', tags, summary: 'List users' },
  querystring: listQuery({}),
  response: { 200: pageOf(User) },
};
const ADD = {
  ...{ operationId: 'addUser', tags, summary: 'Add a user' },
  body: NewUser,
  response: { 201: User },
};
const SHOW = {
  ...{ operationId: 'getUser', tags, summary: 'Show a user' },
  params: Params,
  response: { 200: User },
};
const CHANGE = {
  ...{ operationId: 'changeUser', tags, summary: 'Make a user an administrator, or lock it out; or end that' },
  params: Params,
  body: UserChange,
  response: { 200: User },
};
const REMOVE = {
  ...{ operationId: 'removeUser', tags, summary: 'Remove a user with all roles, memberships and tokens' },
  params: Params,
  response: { 204: Type.Null({ description: 'The user is gone.' }) },
};

export function userRoutes(app: Routes, { accounts: { users } }: Management): void {
  app.get('/users', { config: { access: 'administrator' }, schema: LIST }, async (request) => {
    return await answerPage(request, {
      find: ([last = ''], limit) => users.list({ last, limit }),
      key: ({ name }) => [name],
      keyLength: 1,
      show: shownUser,
    });
  });

  app.post('/users', { config: { access: 'administrator', refuses: [409] }, schema: ADD }, async (request, reply) => {
    const { name, password, administrator = false } = request.body;
    const user = await users.add({ name, password, administrator }, managerOf(request).author);
    return await reply.code(201).header('location', `/api/v1/users/${name}`).send(shownUser(user));
  });

  app.get('/users/:name', { config: { access: 'administrator', refuses: [404] }, schema: SHOW }, async (request) => {
    return shownUser(await users.find(request.params.name));
  });

  const changing = { access: 'administrator', refuses: [404, 409] } as const;
  app.patch('/users/:name', { config: changing, schema: CHANGE }, async (request) => {
    return shownUser(await users.change(request.params.name, request.body, managerOf(request).author));
  });

  app.delete('/users/:name', { config: changing, schema: REMOVE }, async (request, reply) => {
    await users.remove(request.params.name, managerOf(request).author);
    return await reply.code(204).send(null);
  });
}

function shownUser({ name, administrator, disabled, login, createdAt, lastLoginAt }: GivenUser) {
  const times = { createdAt: shownTime(createdAt), lastLoginAt: shownTimeOrNull(lastLoginAt) };
  return { name, administrator, disabled, login, ...times };
}
