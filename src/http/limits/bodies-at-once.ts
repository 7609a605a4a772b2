// How many bodies one principal may be sending at a time: each of them has memory, a file, or both.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Caller } from '../../access/caller.ts';
import { RegistryError } from '../../oci/error.ts';
import { announcedLength, isStreamed } from '../announced-length.ts';
import { sourceOf } from './source.ts';

/**
 * Not those that go on with an upload, of which no more than 64 KiB are kept in memory: of these there is one at a time for each open upload, and
 * helm does not repeat one that is refused. Whoever is not known may send no body but the form of a login, which is small.
 */
export function limitBodies(app: FastifyInstance, maximum: number): void {
  const bodies = new Map<string, number>();
  // When it is known whose request it is, and before anything of its body is read.
  app.addHook('preParsing', (request, reply, _payload, done) => {
    const caller = request.caller as Caller | undefined;
    const { continuesUpload = false } = request.routeOptions.config;
    if (continuesUpload || !hasBody(request) || caller === undefined || caller.principal.kind === 'anonymous') {
      done();
      return;
    }
    const { key, name } = sourceOf(request);
    const others = bodies.get(key) ?? 0;
    if (others >= maximum) {
      const refusal = `too many requests from ${name} at once: at most ${maximum} with a body are taken at a time; wait 1 second, then try again`;
      done(new RegistryError('TOO_MANY_REQUESTS', refusal));
      return;
    }
    bodies.set(key, others + 1);
    // However the request ends.
    reply.raw.once('close', () => {
      const left = (bodies.get(key) ?? 1) - 1;
      if (left === 0) bodies.delete(key);
      else bodies.set(key, left);
    });
    done();
  });
}

/** RFC 9112, section 6.3 */
function hasBody(request: FastifyRequest): boolean {
  return isStreamed(request) || (announcedLength(request) ?? 0) > 0;
}
