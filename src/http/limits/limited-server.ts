// Makes the HTTP server of Node, with its limits of time and number.
import { createServer, type RequestListener, type Server } from 'node:http';
import { BlockList, isIPv6, type Socket } from 'node:net';
import { networkOf } from '../../events/network.ts';
import { OneWriteResponse, writeWaiting } from '../one-write.ts';
import { type GiveConnection, shareConnections } from '../processes/share-connections.ts';
import type { ServerLimits } from './server-limits.ts';
import { SlowClients } from './slow-clients.ts';

/** bytes of a request's line and headers; as many headers as fit */
export const MAXIMUM_HEAD = 16 * 1024;
/** bytes at most that a process which passes a request on adds to it: whose it is */
const ADDED_TO_HEAD = 1024;

interface LimitedServerOptions {
  readonly limits: ServerLimits;
  /** Addresses and ranges: through one of them come many clients. */
  readonly trustedProxies: readonly string[];
  /** Where several processes share its connections. */
  readonly give?: GiveConnection | undefined;
}

export function createLimitedServer(handler: RequestListener, options: LimitedServerOptions): Server {
  const { limits, trustedProxies, give } = options;
  const server = createServer(
    {
      ServerResponse: OneWriteResponse,
      maxHeaderSize: MAXIMUM_HEAD + (give ? ADDED_TO_HEAD : 0),
      headersTimeout: limits.headTimeout,
      connectionsCheckingInterval: limits.headCheckInterval,
      keepAliveTimeout: limits.keepAliveTimeout,
      // A body may take as long as it takes, as long as it comes.
      requestTimeout: 0,
      // In our words: see requireOneHost.
      requireHostHeader: false,
    },
    handler,
  );
  spareAnswers(server);
  const share = give && shareConnections(server, give);
  // What is above Node's 2000 would be left out without a word.
  server.maxHeadersCount = 0;
  server.setTimeout(limits.idleTimeout);
  server.maxConnections = limits.maximumConnections;
  limitAddresses(server, Math.ceil(limits.maximumConnections / 2), trustedProxies);
  share?.();
  const slowClients = new SlowClients(limits);
  slowClients.watch(server);
  server.once('listening', () => {
    const timer = setInterval(() => slowClients.check(), limits.slownessInterval).unref();
    server.once('close', () => clearInterval(timer));
  });
  return server;
}

/**
 * Node takes a connection for idle, and closes it when the server stops, once its answer is made, however much of that is not with
 * the system yet. Here it is closed once all is.
 */
function spareAnswers(server: Server): void {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const closeIdle = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    writeWaiting();
    const writing = [...sockets].filter(({ writableLength }) => writableLength > 0);
    for (const socket of writing) socket.destroy = () => socket;
    try {
      closeIdle();
    } finally {
      for (const socket of writing) Reflect.deleteProperty(socket, 'destroy');
    }
  };
}

/** One address must not take the connections of all others. A proxy is no such address: Node's own limit is that of its clients. */
function limitAddresses(server: Server, maximum: number, trustedProxies: readonly string[]): void {
  const proxies = blockListOf(trustedProxies);
  const connections = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    // Without the zone of a link-local address.
    const address = socket.remoteAddress?.replace(/%.*/, '');
    if (address === undefined || proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')) return;
    const network = networkOf(address);
    const others = connections.get(network) ?? 0;
    if (others >= maximum) {
      socket.destroy();
      return;
    }
    connections.set(network, others + 1);
    socket.once('close', () => {
      const left = (connections.get(network) ?? 1) - 1;
      if (left === 0) connections.delete(network);
      else connections.set(network, left);
    });
  });
}

export function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', length] = range.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    list.addSubnet(address, Number(length ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return list;
}
