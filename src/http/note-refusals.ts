// What was refused, and to whom, for the audit trail.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Caller } from '../access/caller.ts';
import { authorOf } from '../access/principal.ts';
import type { Sighting, Sightings } from '../events/sightings.ts';

export function noteRefusals(app: FastifyInstance, sightings: Sightings): void {
  app.addHook('onResponse', (request, _reply, done) => {
    const kind = kindOf(request);
    if (kind !== undefined) note(request, kind);
    done();
  });
  const note = (request: FastifyRequest, kind: Sighting['kind']): void => {
    const { caller } = request;
    const author = authorOf(caller.principal, caller.origin);
    sightings.note({
      kind,
      // Only of a rejected credential is it said whose it claims to be.
      author: caller.claimed === '' ? author : { ...author, name: caller.claimed },
      repository: request.repository as typeof request.repository | undefined,
      detail: { reason: request.refusal },
    });
  };
}

/** An anonymous caller who is told to log in was not refused: so every client begins. */
function kindOf(request: FastifyRequest): Sighting['kind'] | undefined {
  const caller = request.caller as Caller | undefined;
  if (caller === undefined) return undefined;
  switch (request.refusalCode) {
    case 'FORBIDDEN':
      return 'access.refused';
    case 'VERSION_PUBLISHED':
      return 'overwrite.refused';
    case 'UNAUTHORIZED':
    case 'TOO_MANY_REQUESTS':
      return caller.rejection ? 'login.refused' : undefined;
    default:
      return undefined;
  }
}
