// Keeps pages of other sites, which a browser shows, from changing anything with the credentials that it may have.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RegistryError } from '../../oci/error.ts';
import { baseUrlOf } from '../base-url.ts';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Cross-site request forgery needs a credential that the browser adds by itself. No cookie is read, and no answer of the
 * management API asks for Basic, which browsers remember. Should one have it all the same (of a classic repository, whose
 * answers do, or of an address with a password in it), three more things stand in the way, each of which would do:
 * - A form, or a script that does not ask first, can only send GET, HEAD and POST, and a POST only as a form or as text
 *   (Fetch Standard, "CORS-safelisted method" and "CORS-safelisted request-header"): every POST of the management API needs a
 *   JSON body of that type, and all else a preflight, which no answer allows. Uploads to a classic repository are forms.
 * - Browsers say from where a request comes, and no page can change what they say: `Sec-Fetch-Site` (W3C Fetch Metadata
 *   Request Headers; `none` is the person's own doing), and older ones `Origin` (OWASP Cross-Site Request Forgery
 *   Prevention Cheat Sheet, "Fetch Metadata headers", "Verifying Origin with Standard Headers").
 * - No CORS header lets another site read an answer, so that what safe methods return stays here as well.
 * Programs send none of the two headers, and are not concerned.
 */
export function refuseOtherSites(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    if (SAFE_METHODS.includes(request.method) || isFromHere(request)) return;
    throw new RegistryError(
      'FORBIDDEN',
      `a page of another site may change nothing here: if the page is this server's own, set "publicUrl" to the address in the browser (the server takes ${baseUrlOf(request).href} for its own)`,
    );
  });
}

function isFromHere(request: FastifyRequest): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers;
  // "same-site" is another host of the same domain, which somebody else may have.
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  return origin === undefined || origin === new URL(baseUrlOf(request).href).origin;
}
