// The address that a request comes from, as far as the proxies in front tell it.
import type { FastifyRequest } from 'fastify';

/** Where a request comes from that another process of this server passes on: no address, so that no client can have it. */
export const OTHER_PROCESS = 'another process of this server';
/** What such a process says of the connection; a client's own is thrown away. */
export const LOCAL_ADDRESS_HEADER = 'x-chartroom-local-address';

/** The address of this machine that the client has connected to. */
export function localAddressOf({ socket, headers }: FastifyRequest): string | undefined {
  if (socket.remoteAddress !== OTHER_PROCESS) return socket.localAddress;
  const told = headers[LOCAL_ADDRESS_HEADER];
  return typeof told === 'string' ? told : undefined;
}

/** Some proxies write the port into X-Forwarded-For as well; every one of a client's ports would count as another client. */
export function clientAddressOf({ ip }: FastifyRequest): string {
  const [, bracketed, address = bracketed] = /^(?:\[([^\]]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/.exec(ip) ?? [];
  return address ?? ip;
}
