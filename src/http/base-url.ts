// The address by which a client knows this server: what commands in messages and token realms must name.
import type { FastifyRequest } from 'fastify';
import type { RegistryAddress } from '../oci/registry-address.ts';

export interface BaseUrl {
  /** without a trailing slash */
  readonly href: string;
  /** with the port, where it is not the scheme's own */
  readonly host: string;
}

/** The header is the client's own text, and ends up inside quotes and commands. */
const HOST = /^[a-zA-Z0-9._-]+(?::\d{1,5})?$|^\[[a-fA-F0-9:.]+\](?::\d{1,5})?$/;

/** The configured public URL; without one, what the request itself says. */
export function baseUrlOf(request: FastifyRequest): BaseUrl {
  const { publicUrl } = request.server;
  if (publicUrl !== null) return { href: publicUrl, host: new URL(publicUrl).host };
  const host = HOST.test(request.host) ? request.host : 'localhost';
  // A proxy may pass on what the client wrote into X-Forwarded-Proto.
  const scheme = request.protocol.toLowerCase() === 'https' ? 'https' : 'http';
  return { href: `${scheme}://${host}`, host };
}

export function addressOf(request: FastifyRequest): RegistryAddress {
  const { host, href } = baseUrlOf(request);
  return { host, isPlainHttp: href.startsWith('http:') };
}
