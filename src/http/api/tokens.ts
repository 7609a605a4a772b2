// Personal tokens: what people give to their programs in place of a password.

import type { FastifyRequest } from 'fastify';
import { AccountError } from '../../accounts/account-error.ts';
import { DEFAULT_OVERLAP } from '../../accounts/issued-secrets.ts';
import type { PersonalToken, TokenManager } from '../../accounts/personal-tokens.ts';
import { Type } from '../../json-schemas.ts';
import type { Routes } from '../server.ts';
import { managerOf } from './guard.ts';
import type { Management } from './management.ts';
import { answerPage, listQuery, pageOf } from './paging.ts';
import {
  AskedScope,
  Expiry,
  Name,
  newExpiry,
  orNull,
  Rotation,
  readExpiry,
  Scope,
  Secrets,
  SecretText,
  shownIssuedSecret,
  shownScope,
  shownTime,
  shownTimeOrNull,
  strict,
  Time,
  text,
} from './schemas.ts';
import { ownerOfList, ownerOfNew, requireOwner } from './token-owners.ts';

const USUAL_DAYS = 90;
const Id = text(64, 'The id of the token.');
const TokenName = text(64, 'What its owner calls it.');
const IsForManagement = Type.Boolean({ description: 'Whether it is also good for this API; then without scopes.' });

const Token = strict(
  {
    ...{ id: Id, user: Name, name: TokenName },
    scopes: orNull(Type.Array(Scope), 'What it is good for, of what its owner may do; null for all of that.'),
    management: IsForManagement,
    expiresAt: Expiry,
    createdAt: Time,
    secrets: Secrets,
  },
  { title: 'Token', description: 'A personal token.' },
);
const NewToken = strict(
  {
    name: TokenName,
    scopes: Type.Optional(
      orNull(
        Type.Array(AskedScope, { minItems: 1, maxItems: 50 }),
        'What it is to be good for; by default, and with null, all that its owner may do.',
      ),
    ),
    management: Type.Optional(IsForManagement),
    expiresAt: newExpiry(USUAL_DAYS),
    user: Type.Optional(Name),
  },
  {
    title: 'NewToken',
    description: 'A token to make, of whoever asks; "user" is for the operator of the server alone.',
  },
);
const TokenWithSecret = strict(
  { token: Token, secret: SecretText },
  { title: 'TokenWithSecret', description: 'A token and its new secret.' },
);
const Params = strict({ id: Id });
const tags = ['tokens'];

const LIST = {
  ...{
    operationId: 'listTokens',
    tags,
    summary: 'List the own tokens, or as an administrator all, or those of a user',
  },
  querystring: listQuery({ user: Type.Optional(Name) }),
  response: { 200: pageOf(Token) },
};
const ADD = {
  ...{ operationId: 'addToken', tags, summary: 'Make a token; not possible with a token as the credential' },
  body: NewToken,
  response: { 201: TokenWithSecret },
};
const SHOW = {
  ...{ operationId: 'getToken', tags, summary: 'Show a token' },
  params: Params,
  response: { 200: Token },
};
const REMOVE = {
  ...{ operationId: 'removeToken', tags, summary: 'Remove a token, which ends at once' },
  params: Params,
  response: { 204: Type.Null({ description: 'The token is gone.' }) },
};
const ROTATE = {
  ...{ operationId: 'rotateToken', tags, summary: 'Give an own token another secret' },
  params: Params,
  body: Rotation,
  response: { 200: TokenWithSecret },
};

export function tokenRoutes(app: Routes, { accounts: { personalTokens }, clock }: Management): void {
  app.get('/tokens', { config: { access: 'management' }, schema: LIST }, async (request) => {
    const user = ownerOfList(request.caller, request.query.user);
    return await answerPage(request, {
      find: ([last = ''], limit) => personalTokens.list(user, { last, limit }),
      key: ({ id }) => [id],
      keyLength: 1,
      show: shownToken,
    });
  });

  const adding = { access: 'management', refuses: [404, 409] } as const;
  app.post('/tokens', { config: adding, schema: ADD }, async (request, reply) => {
    const { name, scopes = null, management = false, expiresAt, user } = request.body;
    const owner = ownerOfNew(request.caller, user);
    const expiry = readExpiry(expiresAt, USUAL_DAYS, clock.now());
    const asked = { name, scopes, management, expiresAt: expiry };
    const { token, secret } = await personalTokens.add(owner, asked, managerOf(request).author);
    reply.code(201).header('location', `/api/v1/tokens/${token.id}`);
    return await reply.send({ token: shownToken(token), secret });
  });

  const config = { access: 'management', refuses: [404] } as const;
  app.get('/tokens/:id', { config, schema: SHOW }, async (request) => {
    return shownToken(await personalTokens.find(request.params.id, tokenManagerOf(request)));
  });

  app.delete('/tokens/:id', { config, schema: REMOVE }, async (request, reply) => {
    await personalTokens.remove(request.params.id, tokenManagerOf(request));
    return await reply.code(204).send(null);
  });

  app.post('/tokens/:id/rotate', { config, schema: ROTATE }, async (request) => {
    const { id } = request.params;
    const { overlap = DEFAULT_OVERLAP } = request.body;
    const manager = tokenManagerOf(request);
    requireOwner(request.caller, await personalTokens.find(id, manager));
    const { token, secret } = await personalTokens.rotate(id, overlap, manager);
    return { token: shownToken(token), secret };
  });
}

function tokenManagerOf(request: FastifyRequest): TokenManager {
  const { principal, rights } = request.caller;
  const { author } = managerOf(request);
  if (rights.isAdministrator) return { author, of: 'everybody' };
  if (principal.kind === 'user') return { author, of: principal };
  throw new AccountError('forbidden', 'only people have personal tokens: log in with a user name and password');
}

function shownToken(token: PersonalToken) {
  const { id, user, name, management } = token;
  return {
    ...{ id, user, name, management },
    scopes: token.scopes === null ? null : token.scopes.map(shownScope),
    expiresAt: shownTimeOrNull(token.expiresAt),
    createdAt: shownTime(token.createdAt),
    secrets: token.secrets.map(shownIssuedSecret),
  };
}
