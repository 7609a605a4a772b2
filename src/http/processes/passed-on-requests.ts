// Requests that another process of this server passes on: over a socket that only this user can reach, in the name of their client.
import { createServer, isIP, isIPv6, type Server, type Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { OTHER_PROCESS } from '../client-address.ts';
import { blockListOf } from '../limits/limited-server.ts';

/** Gives what comes over `path`, a Unix domain socket, to the server. @returns when it listens */
export async function listenForPassedOn({ server }: FastifyInstance, path: string): Promise<Server> {
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket: Socket) => {
    server.emit('connection', socket);
    Object.defineProperty(socket, 'remoteAddress', { value: OTHER_PROCESS });
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(path, resolve);
  });
  return listener;
}

/** Whose `X-Forwarded-*` headers are believed, where some requests are passed on: those who do that replace what clients say. */
export function trustAlsoProcesses(trustedProxies: readonly string[]): (address: string | undefined) => boolean {
  const proxies = blockListOf(trustedProxies);
  return (address) => {
    if (address === OTHER_PROCESS) return true;
    // A client that has gone has none.
    return address !== undefined && isIP(address) !== 0 && proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  };
}
