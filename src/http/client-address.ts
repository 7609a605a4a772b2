// The address that a request comes from, as far as the proxies in front tell it.
import type { FastifyRequest } from 'fastify';

/** Some proxies write the port into X-Forwarded-For as well; every one of a client's ports would count as another client. */
export function clientAddressOf({ ip }: FastifyRequest): string {
  const [, bracketed, address = bracketed] = /^(?:\[([^\]]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/.exec(ip) ?? [];
  return address ?? ip;
}
