// Grants: who has which role where.

import { isRole } from '../../access/roles.ts';
import { AccountError } from '../../accounts/account-error.ts';
import { displayNamespace } from '../../accounts/namespace-path.ts';
import { Type } from '../../json-schemas.ts';
import type { Routes } from '../server.ts';
import { managerOf } from './guard.ts';
import type { Management } from './management.ts';
import { answerPage, listQuery, pageOf } from './paging.ts';
import { Name, Path, Role, strict } from './schemas.ts';

type Holder = { readonly holder: 'user' | 'group'; readonly name: string };
type GivenGrant = Holder & { readonly namespace: string; readonly role: string };

const Grant = Type.Union(
  [strict({ user: Name, namespace: Path, role: Role }), strict({ group: Name, namespace: Path, role: Role })],
  { title: 'Grant', description: 'A role of a user or of a group, on a namespace and all below it.' },
);
const NewGrant = strict(
  { user: Type.Optional(Name), group: Type.Optional(Name), namespace: Path, role: Role },
  { title: 'NewGrant', description: 'Needs either "user" or "group".' },
);
const tags = ['grants'];

const LIST = {
  ...{ operationId: 'listGrants', tags, summary: 'List roles, of users first, then of groups' },
  querystring: listQuery({
    namespace: Type.Optional(Path),
    user: Type.Optional(Name),
    group: Type.Optional(Name),
  }),
  response: { 200: pageOf(Grant) },
};
const PUT = {
  ...{ operationId: 'putGrant', tags, summary: 'Give a role, in place of the one that may be there' },
  body: NewGrant,
  response: { 200: Grant },
};
const REMOVE = {
  ...{ operationId: 'removeGrant', tags, summary: 'Take a role away; needs either "user" or "group"' },
  querystring: strict({ user: Type.Optional(Name), group: Type.Optional(Name), namespace: Path }),
  response: { 204: Type.Null({ description: 'The role is taken away.' }) },
};

export function grantRoutes(app: Routes, { accounts: { grants } }: Management): void {
  app.get('/grants', { config: { access: 'administrator' }, schema: LIST }, async (request) => {
    const { namespace, user, group } = request.query;
    const holder = user === undefined && group === undefined ? {} : holderOf({ user, group });
    return await answerPage(request, {
      find: (after, limit) => grants.list({ ...holder, namespace }, { after: readKey(after), limit }),
      key: (grant) => [grant.holder, grant.name, grant.namespace],
      keyLength: 3,
      show: shownGrant,
    });
  });

  const config = { access: 'administrator', refuses: [404] } as const;
  app.put('/grants', { config, schema: PUT }, async (request) => {
    const { user, group, namespace, role } = request.body;
    const grant = { ...holderOf({ user, group }), namespace, role };
    return shownGrant(await grants.put(grant, managerOf(request).author));
  });

  app.delete('/grants', { config, schema: REMOVE }, async (request, reply) => {
    const { user, group, namespace } = request.query;
    await grants.remove({ ...holderOf({ user, group }), namespace }, managerOf(request).author);
    return await reply.code(204).send(null);
  });
}

function holderOf({ user, group }: { readonly user: string | undefined; readonly group: string | undefined }): Holder {
  if (user !== undefined && group === undefined) return { holder: 'user', name: user };
  if (group !== undefined && user === undefined) return { holder: 'group', name: group };
  throw new AccountError('invalid', 'name either a "user" or a "group"');
}

function readKey([holder, name = '', namespace = '']: readonly string[]) {
  return holder === undefined
    ? undefined
    : ({ holder: holder === 'group' ? 'group' : 'user', name, namespace } as const);
}

function shownGrant({ holder, name, namespace: path, role }: GivenGrant) {
  if (!isRole(role)) throw new Error(`the database has a role ${role}`);
  const namespace = displayNamespace(path);
  return holder === 'user' ? { user: name, namespace, role } : { group: name, namespace, role };
}
