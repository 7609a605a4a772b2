// Entity tags for what readers ask again and again: whoever has the same answer already gets it confirmed in a few bytes.

import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { Type } from '../../json-schemas.ts';
import { isNotModified } from '../conditional.ts';
import type { ManagementAccess } from './guard.ts';

export const NotModified = Type.Null({ description: 'The answer is still the one with the entity tag that was sent.' });

/** To be kept, and used only after asking whether it is still right; by nobody else, since rights differ. */
const CACHING = 'private, no-cache';

/**
 * For every GET of `app` that readers may use. The tag is made from the answer itself, so it is right whatever has changed,
 * unless the handler has set a header `ETag` that is as good.
 */
export function tagReaderAnswers(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const isReading =
      request.method === 'GET' && request.routeOptions.config.access === ('reader' satisfies ManagementAccess);
    if (!isReading || reply.statusCode !== 200) return payload;
    reply.header('cache-control', CACHING).header('vary', 'Authorization');
    const tag = tagOf(reply.getHeader('etag'), payload);
    if (tag === undefined || !isNotModified(request, reply, tag)) return payload;
    reply.code(304).removeHeader('content-type').removeHeader('content-length');
    return null;
  });
}

function tagOf(given: unknown, payload: unknown): string | undefined {
  if (typeof given === 'string') return given.slice(1, -1);
  return typeof payload === 'string'
    ? createHash('sha256').update(payload).digest('base64url').slice(0, 32)
    : undefined;
}
