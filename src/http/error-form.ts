// In which form a refusal is answered: each kind of client has its own.
import type { FastifyRequest } from 'fastify';
import { isClassicAddress } from './classic/addresses.ts';
import { requestPath } from './request-path.ts';

/**
 * - problem: a problem (RFC 9457), of the management API and that of charts
 * - message: `{"error":"…"}`, as ChartMuseum answers, of classic repositories and of its API
 * - codes: the form of the OCI Distribution Spec
 */
type ErrorForm = 'problem' | 'message' | 'codes';

/** By the address, be there a route at it or not. */
export function errorFormOf(request: FastifyRequest): ErrorForm {
  const { originalUrl } = request;
  if (isClassicAddress(originalUrl)) return 'message';
  return /^\/api(?:\/|$)/.test(requestPath(originalUrl)) ? 'problem' : 'codes';
}
