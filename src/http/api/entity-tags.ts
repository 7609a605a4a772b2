// Entity tags for what readers ask again and again: whoever has the same answer already gets it confirmed in a few bytes.
import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { isNotModified } from '../conditional.ts';
import type { ManagementAccess } from './guard.ts';

export const NotModified = Type.Null({ description: 'The answer is still the one with the entity tag that was sent.' });

/** To be kept, and used only after asking whether it is still right; by nobody else, since rights differ. */
const CACHING = 'private, no-cache';

/** For every GET of `app` that readers may use. The tag is made from the answer itself, so it is right whatever has changed. */
export function tagReaderAnswers(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const isReading =
      request.method === 'GET' && request.routeOptions.config.access === ('reader' satisfies ManagementAccess);
    if (!isReading || (reply.statusCode !== 200 && reply.statusCode !== 304)) return payload;
    reply.header('cache-control', CACHING).header('vary', 'Authorization');
    if (typeof payload !== 'string' || reply.hasHeader('etag')) return payload;
    const tag = createHash('sha256').update(payload).digest('base64url').slice(0, 32);
    if (!isNotModified(request, reply, tag)) return payload;
    reply.code(304).removeHeader('content-type').removeHeader('content-length');
    return null;
  });
}
