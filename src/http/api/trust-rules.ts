// Trust rules: whose identity tokens are believed without an account.

import { isRole } from '../../access/roles.ts';
import { displayNamespace } from '../../accounts/namespace-path.ts';
import type { TrustRule as GivenRule } from '../../accounts/trust-rules.ts';
import { Type } from '../../json-schemas.ts';
import type { Routes } from '../server.ts';
import { managerOf } from './guard.ts';
import type { Management } from './management.ts';
import { answerPage, listQuery, pageOf } from './paging.ts';
import { Name, orNull, Path, Role, shownTime, strict, Time, text } from './schemas.ts';

const Jwk = Type.Record(Type.String(), Type.Unknown(), { description: 'A public key (RFC 7517, section 4).' });
const Keys = orNull(
  Type.Object({ keys: Type.Array(Jwk, { maxItems: 20 }) }),
  'The issuer’s keys as a JWK set (RFC 7517, section 5); null when the issuer publishes them.',
);
const settings = {
  issuer: text(2048, 'The URL of the issuer, as its tokens have it in "iss".'),
  audience: text(512, 'What the tokens must have in "aud".'),
  claims: Type.Record(Type.String(), text(512, 'A pattern; "*" is any characters, "?" is one.', 0), {
    maxProperties: 20,
    description: 'Patterns by the name of a claim, or a JSON pointer into the claims; all must fit.',
  }),
  keys: Keys,
  namespace: Path,
  role: Role,
  disabled: Type.Boolean({ description: 'Whether the rule trusts nobody for the time being.' }),
};

const TrustRule = strict(
  { name: Name, ...settings, createdAt: Time },
  { title: 'TrustRule', description: 'Whoever shows such a token has the role on the namespace.' },
);
const NewTrustRule = strict(
  { name: Name, ...settings, keys: Type.Optional(Keys), disabled: Type.Optional(settings.disabled) },
  { title: 'NewTrustRule', description: 'A rule to add, by default with the keys that the issuer publishes.' },
);
const TrustRuleChange = strict(
  {
    issuer: Type.Optional(settings.issuer),
    audience: Type.Optional(settings.audience),
    claims: Type.Optional(settings.claims),
    keys: Type.Optional(Keys),
    namespace: Type.Optional(Path),
    role: Type.Optional(Role),
    disabled: Type.Optional(settings.disabled),
  },
  { title: 'TrustRuleChange', description: 'What is given changes.', minProperties: 1 },
);
const Params = strict({ name: Name });
const tags = ['trust-rules'];

const LIST = {
  ...{ operationId: 'listTrustRules', tags, summary: 'List trust rules' },
  querystring: listQuery({}),
  response: { 200: pageOf(TrustRule) },
};
const ADD = {
  ...{ operationId: 'addTrustRule', tags, summary: 'Add a trust rule' },
  body: NewTrustRule,
  response: { 201: TrustRule },
};
const SHOW = {
  ...{ operationId: 'getTrustRule', tags, summary: 'Show a trust rule' },
  params: Params,
  response: { 200: TrustRule },
};
const CHANGE = {
  ...{ operationId: 'changeTrustRule', tags, summary: 'Change a trust rule; what was issued under it before ends' },
  params: Params,
  body: TrustRuleChange,
  response: { 200: TrustRule },
};
const REMOVE = {
  ...{ operationId: 'removeTrustRule', tags, summary: 'Remove a trust rule; what was issued under it ends' },
  params: Params,
  response: { 204: Type.Null({ description: 'The rule is gone.' }) },
};

export function trustRuleRoutes(app: Routes, { accounts: { trustRules } }: Management): void {
  app.get('/trust-rules', { config: { access: 'administrator' }, schema: LIST }, async (request) => {
    return await answerPage(request, {
      find: ([last = ''], limit) => trustRules.list({ last, limit }),
      key: ({ name }) => [name],
      keyLength: 1,
      show: shownRule,
    });
  });

  const adding = { access: 'administrator', refuses: [409] } as const;
  app.post('/trust-rules', { config: adding, schema: ADD }, async (request, reply) => {
    const { name, keys = null, disabled = false, ...given } = request.body;
    const rule = await trustRules.add(name, { ...given, keys, disabled }, managerOf(request).author);
    return await reply.code(201).header('location', `/api/v1/trust-rules/${name}`).send(shownRule(rule));
  });

  const config = { access: 'administrator', refuses: [404] } as const;
  app.get('/trust-rules/:name', { config, schema: SHOW }, async (request) => {
    return shownRule(await trustRules.find(request.params.name));
  });

  app.patch('/trust-rules/:name', { config, schema: CHANGE }, async (request) => {
    return shownRule(await trustRules.change(request.params.name, request.body, managerOf(request).author));
  });

  app.delete('/trust-rules/:name', { config, schema: REMOVE }, async (request, reply) => {
    await trustRules.remove(request.params.name, managerOf(request).author);
    return await reply.code(204).send(null);
  });
}

function shownRule({ name, issuer, audience, claims, keys, namespace, role, disabled, createdAt }: GivenRule) {
  if (!isRole(role)) throw new Error(`the database has a role ${role}`);
  return {
    ...{ name, issuer, audience, claims: { ...claims }, role, disabled },
    // As it was checked when it was given.
    keys: keys as { keys: Record<string, unknown>[] } | null,
    namespace: displayNamespace(namespace),
    createdAt: shownTime(createdAt),
  };
}
