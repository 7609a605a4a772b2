// The token endpoint, GET and POST (https://distribution.github.io/distribution/spec/auth/token/ and …/oauth/).
import formbody from '@fastify/formbody';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Authentication } from '../access/authentication.ts';
import type { Permissions } from '../access/permissions.ts';
import type { Caller } from '../access/principal.ts';
import { parseScopes } from '../access/scope.ts';
import type { Tokens } from '../access/tokens.ts';
import { Unauthorized } from '../access/unauthorized.ts';
import { RegistryError } from '../oci/error.ts';
import { addressOf } from './base-url.ts';
import type { Routes } from './server.ts';

const MAXIMUM_FORM_BYTES = 64 * 1024;
const Scopes = Type.Optional(Type.Array(Type.String({ maxLength: 4096 }), { maxItems: 50 }));
const Query = Type.Object({ scope: Scopes });
const Form = Type.Object({
  grant_type: Type.String(),
  username: Type.Optional(Type.String()),
  password: Type.Optional(Type.String()),
  scope: Scopes,
});

export interface TokenService {
  readonly authentication: Authentication;
  readonly permissions: Permissions;
  readonly tokens: Tokens;
}

export async function tokenRoutes(app: Routes, { authentication, permissions, tokens }: TokenService): Promise<void> {
  await app.register(formbody, { bodyLimit: MAXIMUM_FORM_BYTES });

  const answer = async (caller: Caller, scopes: readonly string[], reply: FastifyReply): Promise<FastifyReply> => {
    const granted = await permissions.grant(caller, parseScopes(scopes));
    const issued = tokens.issue(caller.principal, granted);
    return reply.header('cache-control', 'no-store').send({
      // Docker's clients read the first, OAuth's (helm's POST) the second.
      token: issued.token,
      access_token: issued.token,
      token_type: 'Bearer',
      expires_in: issued.expiresIn,
      issued_at: new Date(issued.issuedAt).toISOString(),
    });
  };

  app.get('/token', { schema: { querystring: Query } }, async (request, reply) => {
    const caller = await callerOf(request, authentication);
    return await answer(caller, request.query.scope ?? [], reply);
  });

  app.post('/token', { schema: { body: Form } }, async (request, reply) => {
    const { grant_type: grantType, username, password, scope } = request.body;
    if (grantType !== 'password') {
      throw new RegistryError(
        'REQUEST_INVALID',
        `grant_type "${grantType.slice(0, 40)}" is not known here: use "password"`,
      );
    }
    const credentials = username !== undefined && password !== undefined ? { name: username, password } : undefined;
    const caller = await authentication.logIn(credentials, addressOf(request));
    request.caller = caller;
    return await answer(caller, scope ?? [], reply);
  });
}

/** A token must not be worth another one, or it would never end: only a password, or nothing, is taken. */
async function callerOf(request: FastifyRequest, authentication: Authentication): Promise<Caller> {
  const { authorization } = request.headers;
  if (authorization !== undefined && !/^basic /i.test(authorization)) {
    throw new Unauthorized('a token is given for a user name and password ("Authorization: Basic"), not for a token');
  }
  const caller = await authentication.identify(authorization, addressOf(request));
  request.caller = caller;
  return caller;
}
