// The headers that every answer has, whoever gives it.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RegistryError } from '../oci/error.ts';
import { requestPath } from './request-path.ts';

/**
 * What keeps a browser from making something else of an answer than what it is (OWASP HTTP Headers Cheat Sheet). Whoever may push
 * decides what blobs, manifests, READMEs and provenance files say: shown in a browser, they run no script, load nothing, submit no
 * form, are in no frame, and belong to no origin. A page of ours has a policy of its own. What a page may use of the device
 * (Permissions-Policy) matters for pages alone.
 */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** RFC 6797: for a year. Subdomains may be somebody else's. */
const STRICT_TRANSPORT = 'max-age=31536000';

const SECURITY_LINES = Object.entries(SECURITY_HEADERS);

/** As lines, for what is answered before there is a request. */
export const SECURITY_HEADER_LINES = SECURITY_LINES.map(([name, value]) => `${name}: ${value}\r\n`).join('');

export function markAnswer(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.header('x-request-id', request.id);
  for (const [name, value] of SECURITY_LINES) {
    if (!reply.hasHeader(name)) reply.header(name, value);
  }
  if (isStrictlyHttps(request.server.publicUrl)) reply.header('strict-transport-security', STRICT_TRANSPORT);
  // By this header old clients tell a registry from something else (Docker Registry HTTP API V2, "API Version Check").
  if (/^\/v2(?:\/|$)/.test(requestPath(request.originalUrl))) {
    reply.header('docker-distribution-api-version', 'registry/2.0');
  }
  return reply;
}

/** With a port of its own, there may be something else at the host, which browsers would find over https no more. */
function isStrictlyHttps(publicUrl: string | null): boolean {
  return publicUrl?.startsWith('https:') === true && new URL(publicUrl).port === '';
}

/**
 * One Host for each request (RFC 9112, section 3.2): of several, a proxy in front could go by another one than this server. Node
 * would refuse none of them, and one that is missing in words of its own.
 */
export function requireOneHost(app: FastifyInstance): void {
  // Asynchronous, as most hooks need not be: a body that cannot be read is found out before anything has been answered.
  app.addHook('onRequest', async ({ raw }) => {
    const hosts = countHosts(raw.rawHeaders);
    if (hosts === 1 || (hosts === 0 && raw.httpVersion === '1.0')) return;
    throw new RegistryError('REQUEST_INVALID', 'a request has one Host header: no more, and no less');
  });
}

/** @param headers names and values in turn */
export function countHosts(headers: readonly string[]): number {
  let hosts = 0;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts;
}

/** Node's own answer to an expectation that it does not know has none of these headers: such a one is passed over (RFC 9110, 10.1.1). */
export function passOverExpectations({ server }: FastifyInstance): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}
