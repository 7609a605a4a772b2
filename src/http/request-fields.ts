// What every server and its requests have from the start, for hooks and handlers to fill in.
import type { FastifyInstance } from 'fastify';

/** All that Node takes of a request's head, so that a name that is too long is refused in our own words. */
export const MAXIMUM_PARAMETER_LENGTH = 16 * 1024;

export function decorateRequests(app: FastifyInstance, publicUrl: string | null): void {
  app.decorate('publicUrl', publicUrl);
  app.decorateRequest('caller');
  app.decorateRequest('repository');
  app.decorateRequest('neededScope');
  app.decorateRequest('refusal');
  app.decorateRequest('refusalCode');
  app.decorateRequest('isPassedOn', false);
}
