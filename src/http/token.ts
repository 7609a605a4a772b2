// The token endpoint, GET and POST (https://distribution.github.io/distribution/spec/auth/token/ and …/oauth/).

import formbody from '@fastify/formbody';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { Authentication } from '../access/authentication.ts';
import type { Caller } from '../access/caller.ts';
import { grant } from '../access/permissions.ts';
import { authorOf } from '../access/principal.ts';
import { parseScopes, type ScopedAccess } from '../access/scope.ts';
import type { Tokens } from '../access/tokens.ts';
import { Unauthorized } from '../access/unauthorized.ts';
import type { Sightings } from '../events/sightings.ts';
import { Type } from '../json-schemas.ts';
import { RegistryError } from '../oci/error.ts';
import { arrivalOf } from './authenticate.ts';
import type { CountedIdentification } from './limits/request-rates.ts';
import type { Routes } from './server.ts';
import { warn } from './warning.ts';

const MAXIMUM_FORM_BYTES = 64 * 1024;
/** RFC 8693, section 2.1 */
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const Scopes = Type.Optional(Type.Array(Type.String({ maxLength: 4096 }), { maxItems: 50 }));
const Query = Type.Object({ scope: Scopes });
const Form = Type.Object({
  grant_type: Type.String(),
  username: Type.Optional(Type.String()),
  password: Type.Optional(Type.String()),
  subject_token: Type.Optional(Type.String()),
  refresh_token: Type.Optional(Type.String()),
  scope: Scopes,
});

interface TokenService {
  readonly authentication: Authentication;
  readonly countCaller: CountedIdentification;
  readonly tokens: Tokens;
  readonly sightings: Sightings;
}

export async function tokenRoutes(app: Routes, service: TokenService): Promise<void> {
  const { authentication, countCaller, tokens, sightings } = service;
  await app.register(formbody, { bodyLimit: MAXIMUM_FORM_BYTES });

  const answer = async (request: FastifyRequest, scopes: readonly string[], reply: FastifyReply) => {
    const { caller } = request;
    const asked = parseScopes(scopes);
    const first = asked.find((access) => access.type === 'repository');
    // What a refusal is about, for the log and the audit trail.
    if (first) request.repository = first.name;
    const granted = grant(caller, asked);
    if (granted.length > 0) noteToken(sightings, caller, granted);
    const issued = tokens.issue(caller.principal, granted);
    if (caller.rejection) warn(reply, caller.rejection.message);
    return await reply.header('cache-control', 'no-store').send({
      // Docker's clients read the first, OAuth's (helm's POST) the second.
      token: issued.token,
      access_token: issued.token,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: issued.expiresIn,
      issued_at: new Date(issued.issuedAt).toISOString(),
    });
  };

  const config = { takesCredentials: true };
  app.get('/token', { config, schema: { querystring: Query } }, async (request, reply) => {
    await countCaller(request, async () => {
      const { authorization } = request.headers;
      const bearer = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
      if (bearer !== undefined) requireForeign(bearer, tokens);
      return await authentication.identify(authorization, arrivalOf(request));
    });
    return await answer(request, request.query.scope ?? [], reply);
  });

  app.post('/token', { config, schema: { body: Form } }, async (request, reply) => {
    await countCaller(request, () => callerOf(request, request.body, authentication, tokens));
    return await answer(request, request.body.scope ?? [], reply);
  });
}

async function callerOf(
  request: FastifyRequest,
  form: Static<typeof Form>,
  authentication: Authentication,
  tokens: Tokens,
): Promise<Caller> {
  const { grant_type: grantType, username, password } = form;
  const subject = grantType === TOKEN_EXCHANGE ? form.subject_token : form.refresh_token;
  const arrival = arrivalOf(request);
  switch (grantType) {
    case 'password': {
      const credentials = username !== undefined && password !== undefined ? { name: username, password } : undefined;
      return await authentication.logIn(credentials, arrival);
    }
    // oras and docker send so what they were given as an "identity token".
    case 'refresh_token':
    case TOKEN_EXCHANGE: {
      if (subject === undefined)
        throw new RegistryError('REQUEST_INVALID', 'this grant needs a "subject_token" or a "refresh_token"');
      requireForeign(subject, tokens);
      return await authentication.identify(`Bearer ${subject}`, arrival);
    }
    default:
      throw new RegistryError(
        'REQUEST_INVALID',
        `grant_type "${grantType.slice(0, 60)}" is not known here: use "password" or "${TOKEN_EXCHANGE}"`,
      );
  }
}

/** A token of ours must not be worth another one, or it would never end. */
function requireForeign(token: string, tokens: Tokens): void {
  if (!tokens.isOwn(token)) return;
  throw new Unauthorized(
    'a token is given for a user name and password, a secret, or an identity token, not for another token of this registry',
  );
}

function noteToken(sightings: Sightings, { principal, origin }: Caller, granted: readonly ScopedAccess[]): void {
  for (const access of granted) {
    if (access.type !== 'repository') continue;
    sightings.note({
      kind: 'token.issued',
      author: authorOf(principal, origin),
      repository: access.name,
      detail: { actions: access.actions },
    });
  }
}
